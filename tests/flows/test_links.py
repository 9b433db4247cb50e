"""Links let people in without a membership, as long as they are on."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone
from pytest_django import Settings

from accounts.audit import Action
from accounts.models import Attempt, User
from accounts.principals import Guest, Person
from flows import commands
from flows.access import Role, grants_of, people_of
from flows.commands import LinkChange, Submission, UndoRequest, change_link, create_link, delete_link
from flows.commands.links import secret_of
from flows.commands.visits import (
    become_person,
    end_old_visits,
    enter_as_guest,
    enter_as_person,
    find_link,
    leave,
    prove_password,
)
from flows.errors import Forbidden, NotFound
from flows.log import changes_since
from flows.log.rights import rights_differ
from flows.models import AuditEntry, Flow, Link, OwnTemplate, Visit
from flows.parsing import parse_flow
from flows.storage.store import load_document
from flows.submission import Via
from runs.secrets import reseal
from tests.flows.conftest import Ask, Published, label
from web.errors import Problem

pytestmark = pytest.mark.django_db


@pytest.fixture
def link(flow: Flow, alice: User) -> Link:
    """A link of alice's by which guests may edit."""
    return create_link(Person(alice.pk), flow.pk, role=Role.EDITOR)


def role_of(flow: Flow, principal: Guest | Person) -> Role | None:
    grant = grants_of(flow.pk, [principal]).get(principal)
    return grant and grant.role


def secret(link: Link) -> str:
    return secret_of(link) or ""


class TestOwners:
    @pytest.mark.parametrize(("who", "error"), [("bob", Forbidden), ("vera", Forbidden), ("charlie", NotFound)])
    def test_nobody_else_makes_or_changes_links(
        self, flow: Flow, link: Link, who: str, error: type[Exception], request: pytest.FixtureRequest
    ) -> None:
        actor = Person(request.getfixturevalue(who).pk)
        for attempt in (
            lambda: create_link(actor, flow.pk, role=Role.VIEWER),
            lambda: change_link(actor, flow.pk, link.pk, LinkChange(is_active=False)),
            lambda: delete_link(actor, flow.pk, link.pk),
        ):
            with pytest.raises(error):
                attempt()
        assert Link.objects.get().is_active

    def test_guests_do_not_either(self, flow: Flow, link: Link) -> None:
        guest = enter_as_guest(link, "Gus").principal
        with pytest.raises(Forbidden):
            create_link(guest, flow.pk, role=Role.VIEWER)

    def test_a_link_makes_nobody_owner(self, flow: Flow, link: Link, alice: User) -> None:
        for attempt in (
            lambda: create_link(Person(alice.pk), flow.pk, role=Role.OWNER),
            lambda: change_link(Person(alice.pk), flow.pk, link.pk, LinkChange(role=Role.OWNER)),
        ):
            with pytest.raises(Problem) as refusal:
                attempt()
            assert refusal.value.code == "invalid"

    def test_a_link_of_another_flow_is_not_found(self, link: Link, alice: User) -> None:
        other = commands.create_flow(Person(alice.pk), parse_flow(title="Other"), via="api")
        with pytest.raises(NotFound):
            change_link(Person(alice.pk), other.pk, link.pk, LinkChange(is_active=False))
        with pytest.raises(NotFound):
            delete_link(Person(alice.pk), other.pk, link.pk)

    def test_a_flow_has_so_many_links_and_no_more(
        self, flow: Flow, link: Link, alice: User, settings: Settings
    ) -> None:
        settings.HELIX_LIMITS = replace(settings.HELIX_LIMITS, links_per_flow=2)
        create_link(Person(alice.pk), flow.pk, role=Role.VIEWER)
        with pytest.raises(Problem) as refusal:
            create_link(Person(alice.pk), flow.pk, role=Role.VIEWER)
        assert refusal.value.code == "limit_reached"
        delete_link(Person(alice.pk), flow.pk, link.pk)
        create_link(Person(alice.pk), flow.pk, role=Role.VIEWER)

    def test_the_secret_is_long_sealed_and_bound_to_its_link(self, flow: Flow, link: Link, alice: User) -> None:
        other = create_link(Person(alice.pk), flow.pk, role=Role.VIEWER)
        assert len(secret(link)) == 22
        assert secret(link) not in "".join(str(value) for value in Link.objects.filter(pk=link.pk).values_list().get())
        other.sealed = link.sealed
        assert secret_of(other) is None

    def test_a_new_key_seals_links_anew(self, link: Link, settings: Settings) -> None:
        shown = secret(link)
        settings.SECRET_KEY_FALLBACKS, settings.SECRET_KEY = [settings.SECRET_KEY], "k" * 50
        assert reseal() == (1, 0)
        settings.SECRET_KEY_FALLBACKS = []
        link.refresh_from_db()
        assert secret_of(link) == shown


class TestEntering:
    def test_unknown_off_over_and_of_a_deleted_flow_are_alike(self, flow: Flow, link: Link, alice: User) -> None:
        over = create_link(Person(alice.pk), flow.pk, role=Role.VIEWER, expires_in=60)
        Link.objects.filter(pk=over.pk).update(expires_at=timezone.now() - timedelta(seconds=1))
        off = create_link(Person(alice.pk), flow.pk, role=Role.VIEWER)
        change_link(Person(alice.pk), flow.pk, off.pk, LinkChange(is_active=False))
        told = set()
        for given in ("unknown", "", "\u00e9" * 4_000, secret(over), secret(off)):
            with pytest.raises(NotFound) as refusal:
                find_link(given)
            told.add(refusal.value.message)
        commands.delete_flow(Person(alice.pk), flow.pk)
        with pytest.raises(NotFound) as refusal:
            find_link(secret(link))
        assert told == {refusal.value.message}

    def test_a_link_that_changed_since_its_password_was_proved_lets_nobody_in(
        self, flow: Flow, link: Link, alice: User, bob: User
    ) -> None:
        change_link(Person(alice.pk), flow.pk, link.pk, LinkChange(password="orchid"))
        with pytest.raises(NotFound):
            enter_as_guest(link, "Gus")
        with pytest.raises(NotFound):
            enter_as_person(link, Person(bob.pk))
        assert not Visit.objects.exists()

    def test_so_many_guests_are_in_by_a_link_and_no_more(self, link: Link, charlie: User, settings: Settings) -> None:
        settings.HELIX_LIMITS = replace(settings.HELIX_LIMITS, guests_per_link=2)
        first = enter_as_guest(link, "Gus")
        enter_as_guest(link, "Gus")
        with pytest.raises(Problem) as refusal:
            enter_as_guest(link, "Gus")
        assert refusal.value.code == "limit_reached"
        enter_as_person(link, Person(charlie.pk))
        leave(first.principal, first.flow_id)
        enter_as_guest(link, "Gus")

    def test_of_one_address_so_many_guests_are_in_and_no_more(
        self, flow: Flow, link: Link, alice: User, settings: Settings
    ) -> None:
        settings.HELIX_LIMITS = replace(settings.HELIX_LIMITS, guests_per_link=3, guests_per_address=2)
        first = enter_as_guest(link, "Gus", network="192.0.2.1")
        enter_as_guest(link, "Gus", network="192.0.2.1")
        with pytest.raises(Problem) as refusal:
            enter_as_guest(link, "Gus", network="192.0.2.1")
        assert refusal.value.code == "limit_reached"
        enter_as_guest(create_link(Person(alice.pk), flow.pk, role=Role.VIEWER), "Gus", network="192.0.2.1")
        enter_as_guest(link, "Hal", network="192.0.2.2")
        leave(first.principal, first.flow_id)
        enter_as_guest(link, "Gus", network="192.0.2.1")
        assert not any("192.0.2.1" in str(row) for row in Visit.objects.values_list()), "only a keyed hash is kept"

    @pytest.mark.parametrize(("via", "over"), [("page", timedelta(days=14)), ("api", timedelta(hours=1))])
    def test_whose_visit_is_over_makes_place_and_is_still_named(
        self, flow: Flow, link: Link, settings: Settings, published: Published, via: Via, over: timedelta
    ) -> None:
        settings.HELIX_LIMITS = replace(settings.HELIX_LIMITS, guests_per_link=1)
        gone = enter_as_guest(link, "Gus", via=via).principal
        (visit,) = Visit.objects.all()
        assert visit.ends_at is not None and abs(visit.ends_at - visit.started_at - over) < timedelta(minutes=1)
        assert end_old_visits(visit.ends_at - timedelta(seconds=1)) == 0
        assert role_of(flow, gone) is Role.EDITOR
        Visit.objects.update(ends_at=timezone.now())
        enter_as_guest(link, "Hal")
        with published() as hints:
            assert end_old_visits(timezone.now()) == 1
        assert [hint.message["users"] for hint in hints] == [[gone.user_id]]
        assert role_of(flow, gone) is None
        assert User.everyone.get(pk=gone.user_id).name == "Gus"
        told = AuditEntry.objects.filter(action=Action.GUEST_ENTERED).order_by("number")
        assert [one.actor and one.actor.name for one in told] == ["Gus", "Hal"]

    def test_a_guest_who_comes_again_stays(self, flow: Flow, link: Link) -> None:
        page, token = enter_as_guest(link, "Gus").principal, enter_as_guest(link, "Hal", via="api").principal
        soon = timezone.now() + timedelta(minutes=10)
        Visit.objects.update(ends_at=soon)
        commands.note_opening(page, flow.pk)
        commands.note_opening(replace(token, until=soon), flow.pk)
        ends = dict(Visit.objects.values_list("pk", "ends_at"))
        assert ends[page.visit] > timezone.now() + timedelta(days=13)
        assert ends[token.visit] == soon, "not beyond what they come by"

    def test_a_guest_is_no_account_and_no_member(self, flow: Flow, link: Link) -> None:
        entered = enter_as_guest(link, "Gus")
        row = User.everyone.get(pk=entered.principal.user_id)
        assert (row.name, row.email, row.is_guest, row.has_usable_password()) == ("Gus", None, True, False)
        assert not User.objects.filter(pk=row.pk).exists()
        assert (entered.flow_id, entered.role) == (flow.pk, Role.EDITOR)
        assert role_of(flow, entered.principal) is Role.EDITOR
        assert row.pk not in people_of(flow.pk)
        link.refresh_from_db()
        assert link.uses == 1

    def test_a_guest_sees_no_other_flow(self, flow: Flow, link: Link, alice: User) -> None:
        other = commands.create_flow(Person(alice.pk), parse_flow(title="Other"), via="api")
        assert role_of(other, enter_as_guest(link, "Gus").principal) is None

    def test_a_person_keeps_their_greater_role_and_is_in_as_long_as_the_link(
        self, flow: Flow, link: Link, alice: User, vera: User, charlie: User
    ) -> None:
        viewing = create_link(Person(alice.pk), flow.pk, role=Role.VIEWER)
        for person, expected in ((alice, Role.OWNER), (vera, Role.EDITOR), (charlie, Role.EDITOR)):
            enter_as_person(link, Person(person.pk))
            enter_as_person(viewing, Person(person.pk))
            assert role_of(flow, Person(person.pk)) is expected
        assert not flow.memberships.filter(user=charlie).exists()
        delete_link(Person(alice.pk), flow.pk, link.pk)
        assert role_of(flow, Person(vera.pk)) is Role.VIEWER
        assert role_of(flow, Person(charlie.pk)) is Role.VIEWER
        delete_link(Person(alice.pk), flow.pk, viewing.pk)
        assert role_of(flow, Person(charlie.pk)) is None
        assert role_of(flow, Person(vera.pk)) is Role.VIEWER

    def test_entering_twice_counts_a_person_once(self, link: Link, charlie: User) -> None:
        enter_as_person(link, Person(charlie.pk))
        enter_as_person(link, Person(charlie.pk))
        link.refresh_from_db()
        assert link.uses == 1

    def test_a_guest_who_logs_in_goes_on_as_themselves(self, flow: Flow, link: Link, charlie: User) -> None:
        guest = enter_as_guest(link, "Gus").principal
        become_person(guest, flow.pk, Person(charlie.pk))
        assert (role_of(flow, guest), role_of(flow, Person(charlie.pk))) == (None, Role.EDITOR)
        with pytest.raises(NotFound):
            become_person(guest, flow.pk, Person(charlie.pk))


class TestPasswords:
    @pytest.fixture
    def link(self, flow: Flow, alice: User) -> Link:
        return create_link(Person(alice.pk), flow.pk, role=Role.VIEWER, password="purple stapler")

    def test_a_missing_one_is_no_guess_and_tells_nothing(self, link: Link) -> None:
        for _ in range(11):
            with pytest.raises(Problem) as refusal:
                prove_password(link, "")
            assert refusal.value.code == "forbidden"
        assert not Attempt.objects.filter(key__startswith="link:").exists(), "who sends none stops nobody"
        prove_password(link, "purple stapler")

    @pytest.mark.parametrize("given", [" ", "purple", "\x00", "0"])
    def test_whatever_else_is_sent_counts(self, link: Link, given: str) -> None:
        with pytest.raises(Problem):
            prove_password(link, given)
        assert Attempt.objects.filter(key__startswith="link:").count() == 1

    @pytest.mark.parametrize("given", ["", "purple", "Purple stapler", "purple stapler "])
    def test_a_wrong_or_missing_one(self, link: Link, given: str) -> None:
        with pytest.raises(Problem) as refusal:
            prove_password(link, given)
        assert refusal.value.code == "forbidden"

    def test_the_right_one(self, link: Link) -> None:
        prove_password(link, "purple stapler")
        assert "purple" not in link.password

    def test_a_link_without_takes_any(self, link: Link, flow: Flow, alice: User) -> None:
        for none in ("", None):
            change_link(Person(alice.pk), flow.pk, link.pk, LinkChange(password="other"))
            prove_password(change_link(Person(alice.pk), flow.pk, link.pk, LinkChange(password=none)), "whatever")

    def test_ten_failures_stop_the_right_one_too_at_this_link_alone(self, flow: Flow, link: Link, alice: User) -> None:
        other = create_link(Person(alice.pk), flow.pk, role=Role.VIEWER, password="purple stapler")
        for _ in range(10):
            prove_password(link, "purple stapler")
            with pytest.raises(Problem, match="forbidden"):
                prove_password(link, "wrong")
        for given in ("wrong", "", "purple stapler"):
            with pytest.raises(Problem) as refusal:
                prove_password(link, given)
            assert refusal.value.code == "rate_limited"
            assert 0 < (refusal.value.retry_after or 0) <= 300
        prove_password(other, "purple stapler")
        Attempt.objects.update(expires_at=timezone.now())
        prove_password(link, "purple stapler")


class TestEnding:
    @pytest.mark.parametrize("end", ["off", "password", "deleted"])
    def test_who_is_in_goes_and_is_told(
        self, flow: Flow, link: Link, alice: User, charlie: User, published: Published, end: str
    ) -> None:
        guest = enter_as_guest(link, "Gus").principal
        enter_as_person(link, Person(charlie.pk))
        with published() as hints:
            if end == "deleted":
                delete_link(Person(alice.pk), flow.pk, link.pk)
            else:
                change = LinkChange(is_active=False) if end == "off" else LinkChange(password="new")
                change_link(Person(alice.pk), flow.pk, link.pk, change)
        assert [hint.message["users"] for hint in hints] == [sorted([guest.user_id, charlie.pk])]
        assert hints[0].message["type"] == "flow.access"
        assert role_of(flow, guest) is None
        assert role_of(flow, Person(charlie.pk)) is None

    @pytest.mark.parametrize("none", [None, ""])
    def test_a_password_that_is_taken_away_puts_nobody_out_and_is_told(
        self, flow: Flow, link: Link, alice: User, charlie: User, none: str | None
    ) -> None:
        def change(password: str | None) -> dict[str, Any]:
            change_link(Person(alice.pk), flow.pk, link.pk, LinkChange(password=password))
            return AuditEntry.objects.filter(action=Action.LINK_CHANGED).latest("number").told

        told = change("purple stapler")
        assert told["new_password"] and "password_removed" not in told
        enter_as_person(Link.objects.get(pk=link.pk), Person(charlie.pk))
        told = change(none)
        assert told["password_removed"] and "new_password" not in told
        assert role_of(flow, Person(charlie.pk)) is Role.EDITOR
        assert not {"new_password", "password_removed"} & change(none).keys()

    def test_visits_that_ended_stay_ended_when_the_link_is_on_again(
        self, flow: Flow, link: Link, alice: User, charlie: User
    ) -> None:
        guest = enter_as_guest(link, "Gus").principal
        enter_as_person(link, Person(charlie.pk))
        change_link(Person(alice.pk), flow.pk, link.pk, LinkChange(is_active=False))
        link = change_link(Person(alice.pk), flow.pk, link.pk, LinkChange(is_active=True))
        assert role_of(flow, guest) is None
        assert role_of(flow, Person(charlie.pk)) is None
        enter_as_person(link, Person(charlie.pk))
        assert role_of(flow, Person(charlie.pk)) is Role.EDITOR

    def test_its_time_ends_it_and_a_new_time_brings_nobody_back(self, flow: Flow, link: Link, alice: User) -> None:
        link = change_link(Person(alice.pk), flow.pk, link.pk, LinkChange(expires_in=60))
        guest = enter_as_guest(link, "Gus").principal
        assert role_of(flow, guest) is Role.EDITOR
        Link.objects.filter(pk=link.pk).update(expires_at=timezone.now() - timedelta(milliseconds=1))
        assert role_of(flow, guest) is None
        change_link(Person(alice.pk), flow.pk, link.pk, LinkChange(expires_in=None))
        assert role_of(flow, guest) is None

    def test_another_role_holds_at_once(self, flow: Flow, link: Link, alice: User, published: Published) -> None:
        guest = enter_as_guest(link, "Gus").principal
        with published() as hints:
            change_link(Person(alice.pk), flow.pk, link.pk, LinkChange(role=Role.VIEWER))
        assert role_of(flow, guest) is Role.VIEWER
        assert [hint.message["users"] for hint in hints] == [[guest.user_id]]

    def test_a_guest_leaves_for_good(self, flow: Flow, link: Link, published: Published) -> None:
        guest, other = enter_as_guest(link, "Gus").principal, enter_as_guest(link, "Greta").principal
        with published() as hints:
            leave(Guest(other.user_id, guest.visit), flow.pk)
            leave(guest, flow.pk)
        assert (role_of(flow, guest), role_of(flow, other)) == (None, Role.EDITOR)
        assert len(hints) == 2


class TestGuestsAtWork:
    def test_edits_stand_in_the_log_with_the_name_and_can_be_undone_while_the_visit_lasts(
        self, flow: Flow, link: Link, alice: User
    ) -> None:
        guest = enter_as_guest(link, "Gus").principal
        edit, undo = _by(guest, label("plan", "By Gus")), _by(guest, UndoRequest())
        assert commands.submit(flow.pk, [edit]).changes
        (change,) = changes_since(flow.pk, 1)
        assert change.actor is not None
        assert (change.actor.name, change.actor.is_guest) == ("Gus", True)
        commands.submit(flow.pk, [undo])
        assert load_document(flow.pk).document.node("plan").label == "Plan"
        commands.submit(flow.pk, [edit])
        change_link(Person(alice.pk), flow.pk, link.pk, LinkChange(is_active=False))
        for late in (edit, undo):
            (answer,) = commands.submit(flow.pk, [late]).answers
            assert isinstance(answer, commands.Refused)
            assert answer.code == "forbidden"
        assert load_document(flow.pk).document.node("plan").label == "By Gus"

    def test_a_deletion_names_the_guest(self, flow: Flow, link: Link, bob: User, ask: Ask) -> None:
        guest = enter_as_guest(link, "Gus").principal
        commands.submit(flow.pk, [_by(guest, {"kind": "remove_node", "id": "plan"})])
        refused: Any = commands.submit(flow.pk, [ask(bob, label("plan", "Mine"))]).answers[0]
        assert refused.values["who"] == "Gus"

    def test_guests_have_nothing_of_their_own(self, flow: Flow, link: Link) -> None:
        guest = enter_as_guest(link, "Gus").principal
        for attempt in (
            lambda: commands.create_flow(guest, parse_flow(title="Mine"), via="api"),
            lambda: commands.duplicate_flow(guest, flow.pk, via="api"),
            lambda: commands.save_template(guest, flow.pk, title="Mine"),
        ):
            with pytest.raises(Problem, match="Guests of a link"):
                attempt()
        assert Flow.objects.count() == 1
        assert not OwnTemplate.objects.exists()


class TestCopies:
    def test_viewers_duplicate_where_owners_let_them(self, flow: Flow, alice: User, bob: User, vera: User) -> None:
        commands.duplicate_flow(Person(vera.pk), flow.pk, via="api")
        Flow.objects.filter(pk=flow.pk).update(can_duplicate=False)
        for attempt in (
            lambda: commands.duplicate_flow(Person(vera.pk), flow.pk, via="api"),
            lambda: commands.save_template(Person(vera.pk), flow.pk, title="Mine"),
        ):
            with pytest.raises(Forbidden):
                attempt()
        for person in (alice, bob):
            commands.duplicate_flow(Person(person.pk), flow.pk, via="api")


class TestAudit:
    def test_links_and_visits_stand_in_it_without_secrets(
        self, flow: Flow, link: Link, alice: User, charlie: User
    ) -> None:
        link = change_link(Person(alice.pk), flow.pk, link.pk, LinkChange(password="purple stapler"))
        guest = enter_as_guest(link, "Gus").principal
        enter_as_person(link, Person(charlie.pk))
        delete_link(Person(alice.pk), flow.pk, link.pk)
        entries = list(AuditEntry.objects.filter(object=f"link:{link.pk}").order_by("number"))
        assert [(entry.action, entry.actor_id) for entry in entries] == [
            (Action.LINK_CREATED, alice.pk),
            (Action.LINK_CHANGED, alice.pk),
            (Action.GUEST_ENTERED, guest.user_id),
            (Action.GUEST_ENTERED, charlie.pk),
            (Action.LINK_DELETED, alice.pk),
        ]
        assert entries[1].told["after"]["has_password"]
        assert not any(hidden in entry.detail for entry in entries for hidden in ("purple", link.password, link.digest))
        assert list(rights_differ(flow)) == []


def _by(guest: Guest, operation: object) -> Submission:
    from flows.submission import parse_operation

    parsed = operation if isinstance(operation, UndoRequest) else parse_operation(operation)
    return Submission(operation=parsed, principal=guest, via="socket")
