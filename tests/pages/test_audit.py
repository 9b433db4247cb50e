"""A flow's activity as a page: owners read it in sentences, narrow it, and go back in time."""

import pytest

from accounts.audit import Action
from accounts.models import User
from accounts.principals import Person
from flows import commands
from flows.access import Role
from flows.audit_sentences import NAMES, SENTENCES
from flows.log import audit
from flows.models import Flow
from tests.pages.conftest import Enter


def page(flow: Flow, alice: User, enter: Enter, query: str = "") -> str:
    answer = enter(alice).get(f"/flows/{flow.pk}/audit/?{query}")
    assert answer.status_code == 200
    return answer.content.decode().replace("\u2068", "").replace("\u2069", "")


@pytest.mark.parametrize(("name", "status"), [("bob", 403), ("vera", 403), ("charlie", 404)])
def test_only_owners_read_it(
    flow: Flow, charlie: User, enter: Enter, request: pytest.FixtureRequest, name: str, status: int
) -> None:
    assert enter(request.getfixturevalue(name)).get(f"/flows/{flow.pk}/audit/").status_code == status


def test_it_is_told_in_sentences(flow: Flow, alice: User, bob: User, enter: Enter) -> None:
    commands.set_member(Person(alice.pk), flow.pk, person=bob.pk, role=Role.OWNER)
    made = commands.create_link(Person(alice.pk), flow.pk, role=Role.VIEWER)
    commands.change_link(Person(alice.pk), flow.pk, made.pk, commands.LinkChange(is_active=False))
    html = page(flow, alice, enter)
    for sentence in ("Alice created the flow", "Alice gave Vera access: Can view", "Alice changed a link"):
        assert sentence in html
    assert "Alice changed the access of Bob: Can edit → Owner" in html
    assert html.index("changed the access") < html.index("created the flow")


def test_guests_the_system_and_deleted_people_are_named(flow: Flow, alice: User, bob: User, enter: Enter) -> None:
    guest = User.everyone.create(name="<b>Gerda</b>", is_guest=True)
    audit.record(Action.GUEST_ENTERED, flow.pk, actor=guest.pk, via="page", object="link:1", detail={})
    commands.remove_member(Person(alice.pk), flow.pk, user_id=bob.pk)
    bob.name, bob.deleted_at = "Deleted person", flow.created_at
    bob.save()

    html = page(flow, alice, enter)
    assert "&lt;b&gt;Gerda&lt;/b&gt; (guest) came in by a link" in html
    assert "Alice took the access of Deleted person away" in html


def test_it_is_narrowed(flow: Flow, alice: User, bob: User, enter: Enter) -> None:
    commands.remove_member(Person(bob.pk), flow.pk, user_id=bob.pk)

    assert page(flow, alice, enter, f"actor={bob.pk}").count("data-action") == 1
    assert page(flow, alice, enter, "action=member_added").count("data-action") == 2
    assert "Nothing fits" in page(flow, alice, enter, "until=2020-01-01")
    assert page(flow, alice, enter, "since=2020-01-01").count("data-action") == 4


@pytest.mark.parametrize(
    "query", ["action=x&actor=-1&since=9999-99-99&until=9999-12-31&cursor=x", "actor=%00&cursor=" + "x" * 500]
)
def test_what_cannot_be_read_narrows_nothing(flow: Flow, alice: User, enter: Enter, query: str) -> None:
    assert page(flow, alice, enter, query).count("data-action") == 3


def test_older_entries_are_a_page_away(flow: Flow, alice: User, enter: Enter, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("flows.pages.activity.SHOWN", 2)
    html = page(flow, alice, enter, "since=2020-01-01")
    older = html.partition('href="?')[2].partition('"')[0].replace("&amp;", "&")

    assert "since=2020-01-01" in older and html.count("data-action") == 2
    assert "Alice created the flow" in page(flow, alice, enter, older)


def test_the_share_dialog_leads_there_for_owners(flow: Flow, alice: User, bob: User, enter: Enter) -> None:
    link = f'href="/flows/{flow.pk}/audit/"'
    assert link in enter(alice).get(f"/flows/{flow.pk}/members").content.decode()
    assert link not in enter(bob).get(f"/flows/{flow.pk}/members").content.decode()


def test_every_action_that_is_offered_has_a_sentence() -> None:
    assert NAMES.keys() == SENTENCES.keys()
