"""The page behind a link, and the pages that a guest gets to see."""

import re
from collections.abc import Callable
from datetime import timedelta

import pytest
from django.http import HttpResponse
from django.test import Client
from django.utils import timezone

from accounts.models import User
from accounts.principals import Person
from flows.access import Role, roles_of
from flows.actors import guest_key
from flows.commands import LinkChange, change_link, create_flow, create_link
from flows.commands.links import secret_of
from flows.models import Flow, Link, Visit
from flows.parsing import parse_flow
from tests.pages.conftest import Enter

pytestmark = pytest.mark.django_db
Made = Callable[..., Link]

LOADED: list[dict[str, str]] = [
    {"Sec-Fetch-Mode": "no-cors", "Sec-Fetch-Dest": "image", "Sec-Fetch-Site": "same-origin"},
    {"Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "iframe", "Sec-Fetch-Site": "same-origin"},
    {"Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "object", "Sec-Fetch-Site": "same-site"},
    {"Sec-Fetch-Mode": "cors", "Sec-Fetch-Dest": "empty", "Sec-Fetch-Site": "same-origin"},
    {"Sec-Purpose": "prefetch"},
    {"Purpose": "prefetch"},
    {"X-Moz": "prefetch"},
]
"""What browsers say of addresses that a page only loads, or makes ready in advance."""
_NAVIGATES = {"Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "document"}
SENT_THERE: list[dict[str, str]] = [{**_NAVIGATES, "Sec-Fetch-Site": "cross-site"}]
"""The page of another site leads there by itself."""
GOES_THERE: list[dict[str, str]] = [
    {},
    {**_NAVIGATES, "Sec-Fetch-Site": "none", "Sec-Fetch-User": "?1"},
    {**_NAVIGATES, "Sec-Fetch-Site": "same-origin"},
    {**_NAVIGATES, "Sec-Fetch-Site": "cross-site", "Sec-Fetch-User": "?1"},
]


@pytest.fixture
def made(flow: Flow, alice: User) -> Made:
    """`made(role=…, password=…)`: a link of alice's."""

    def make(role: Role = Role.EDITOR, **given: object) -> Link:
        return create_link(Person(alice.pk), flow.pk, role=role, **given)  # type: ignore[arg-type]

    return make


def address(link: Link) -> str:
    return f"/s/{secret_of(link)}"


def entered(link: Link, name: str = "Gus") -> Client:
    client = Client()
    answer = client.post(address(link), {"name": name})
    assert (answer.status_code, answer["Location"]) == (302, f"/flows/{link.flow_id}/")
    return client


def text_of(response: HttpResponse) -> str:
    return response.content.decode()


def plain(response: HttpResponse) -> str:
    """Return a page without what differs each time."""
    return re.sub(r'name="csrfmiddlewaretoken" value="\w+"|X-CSRFToken": "\w+"', "", text_of(response))


class TestRefusals:
    def test_unknown_off_and_over_are_one_page(self, flow: Flow, made: Made, alice: User, enter: Enter) -> None:
        off, over = made(password="orchid"), made(expires_in=60)
        change_link(Person(alice.pk), flow.pk, off.pk, LinkChange(is_active=False))
        Link.objects.filter(pk=over.pk).update(expires_at=timezone.now() - timedelta(seconds=1))
        for client in (Client(), enter(alice)):
            for ask in (client.get, lambda path, client=client: client.post(path, {"name": "Gus"})):
                answers = [ask(path) for path in ("/s/unknown", address(off), address(over))]
                assert {answer.status_code for answer in answers} == {404}
                assert len({plain(answer).replace(answer.wsgi_request.path, "") for answer in answers}) == 1
                assert flow.title not in text_of(answers[1])
        assert not Visit.objects.exists()

    @pytest.mark.parametrize("name", ["", " ", "\u200b", "a\u202eb", "n" * 151])
    def test_a_name_can_be_seen(self, made: Made, name: str) -> None:
        answer = Client().post(address(made()), {"name": name})
        assert answer.status_code == 422
        assert "field-error" in text_of(answer)
        assert not Visit.objects.exists()

    def test_a_name_alone_does_not_pass_a_password(self, made: Made) -> None:
        answer = Client().post(address(made(password="orchid")), {"name": "Gus"})
        assert 'name="password"' in text_of(answer)
        assert not Visit.objects.exists()

    def test_ten_wrong_passwords_stop_the_right_one_too(self, made: Made) -> None:
        link, client = made(password="orchid"), Client()
        for _ in range(10):
            answer = client.post(address(link), {"password": "lily"})
            assert answer.status_code == 403
            assert "Wrong password" in text_of(answer)
        answer = client.post(address(link), {"password": "orchid"})
        assert (answer.status_code, int(answer["Retry-After"]) > 0) == (429, True)

    def test_a_form_of_another_site_enters_nobody(self, made: Made) -> None:
        assert Client(enforce_csrf_checks=True).post(address(made()), {"name": "Gus"}).status_code == 403
        assert not Visit.objects.exists()


class TestEntering:
    def test_the_page_tells_its_address_to_nobody(self, made: Made, flow: Flow) -> None:
        answer = Client().get(address(made()))
        assert answer.status_code == 200
        assert "no-store" in answer["Cache-Control"]
        assert answer["Referrer-Policy"] == "strict-origin"
        assert "noindex" in answer["X-Robots-Tag"]
        assert flow.title not in text_of(answer), "only those who are in see the title"

    def test_a_password_then_a_name(self, made: Made, flow: Flow) -> None:
        link, client = made(password="orchid"), Client()
        assert 'name="password"' in text_of(client.get(address(link)))
        answer = client.post(address(link), {"password": "orchid"})
        assert 'name="name"' in text_of(answer)
        assert 'name="name"' in text_of(client.get(address(link))), "it is asked for once"
        assert client.post(address(link), {"name": "Gus"})["Location"] == f"/flows/{flow.pk}/"
        assert client.get(f"/flows/{flow.pk}/").status_code == 200

    def test_another_password_is_asked_for_again(self, made: Made, flow: Flow, alice: User) -> None:
        link, client = made(password="orchid"), Client()
        client.post(address(link), {"password": "orchid"})
        change_link(Person(alice.pk), flow.pk, link.pk, LinkChange(password="lily"))
        assert 'name="password"' in text_of(client.post(address(link), {"name": "Gus"}))

    def test_both_at_once(self, made: Made) -> None:
        answer = Client().post(address(made(password="orchid")), {"password": "orchid", "name": "Gus"})
        assert answer.status_code == 302

    def test_the_session_is_another_afterwards(self, made: Made) -> None:
        link, client = made(password="orchid"), Client()
        client.post(address(link), {"password": "orchid"})
        before = client.session.session_key
        client.post(address(link), {"name": "Gus"})
        assert client.session.session_key != before

    def test_who_is_in_already_is_led_on(self, made: Made, flow: Flow) -> None:
        link = made()
        assert entered(link).get(address(link))["Location"] == f"/flows/{flow.pk}/"
        assert Visit.objects.count() == 1

    def test_who_is_logged_in_enters_as_themselves(
        self, made: Made, flow: Flow, charlie: User, bob: User, enter: Enter
    ) -> None:
        link = made(Role.VIEWER, password="orchid")
        client = enter(charlie)
        assert client.head(address(link)).status_code == 200
        assert 'name="password"' in text_of(client.get(address(link)))
        assert client.post(address(link), {"password": "orchid"})["Location"] == f"/flows/{flow.pk}/"
        assert roles_of(Person(charlie.pk)) == {flow.pk: Role.VIEWER}
        assert not flow.memberships.filter(user=charlie).exists()
        assert enter(bob).get(address(link))["Location"] == f"/flows/{flow.pk}/"
        assert roles_of(Person(bob.pk)) == {flow.pk: Role.EDITOR}

    def test_without_a_password_they_just_come_in(self, made: Made, flow: Flow, charlie: User, enter: Enter) -> None:
        client, link = enter(charlie), made()
        client.head(address(link))
        client.get(address(link), headers={"Sec-Purpose": "prefetch;prerender"})
        assert not Visit.objects.exists(), "a browser that looks ahead enters nothing"
        assert client.get(address(link))["Location"] == f"/flows/{flow.pk}/"

    @pytest.mark.parametrize("headers", [*LOADED, *SENT_THERE])
    def test_what_only_loads_the_address_enters_nobody(
        self, made: Made, flow: Flow, charlie: User, enter: Enter, headers: dict[str, str]
    ) -> None:
        client, link = enter(charlie), made()
        answer = client.get(address(link), headers=headers)
        assert answer.status_code == 200 and not Visit.objects.exists()
        assert "Open as Charlie" in text_of(answer), "who sees the page has a button"
        assert flow.title not in text_of(answer)
        assert client.post(address(link), headers=headers)["Location"] == f"/flows/{flow.pk}/"
        assert roles_of(Person(charlie.pk)) == {flow.pk: Role.EDITOR}

    @pytest.mark.parametrize("headers", GOES_THERE)
    def test_who_goes_there_enters(self, made: Made, charlie: User, enter: Enter, headers: dict[str, str]) -> None:
        assert enter(charlie).get(address(made()), headers=headers).status_code == 302
        assert Visit.objects.count() == 1

    @pytest.mark.parametrize("headers", [*LOADED, *SENT_THERE])
    def test_what_only_loads_it_makes_nobody_of_a_guest(
        self, made: Made, flow: Flow, charlie: User, headers: dict[str, str]
    ) -> None:
        client = entered(made())
        session = dict(client.session)
        client.force_login(charlie)
        kept = client.session
        kept.update({name: value for name, value in session.items() if name not in kept})
        kept.save()
        join = f"/flows/{flow.pk}/join"
        assert client.head(join).status_code == 200
        assert client.get(join, headers=headers).status_code == 200
        assert not Visit.objects.exclude(ended_at=None).exists() and roles_of(Person(charlie.pk)) == {}
        assert client.get(join, headers=GOES_THERE[0])["Location"] == f"/flows/{flow.pk}/"
        assert roles_of(Person(charlie.pk)) == {flow.pk: Role.EDITOR}


class TestGuests:
    def test_the_editor_shows_them_as_guests(self, made: Made, flow: Flow) -> None:
        page = text_of(entered(made()).get(f"/flows/{flow.pk}/"))
        row = User.everyone.get(is_guest=True)
        assert f'data-user="guest-{guest_key(row.pk)}"' in page
        assert 'data-role="editor"' in page
        assert "guest-badge" in page
        assert f'action="/flows/{flow.pk}/leave"' in page
        for absent in (
            'href="/"',
            'href="/templates/',
            "data-worker",
            "data-nobody",
            'action="/logout/"',
            "@example.com",
        ):
            assert absent not in page

    def test_each_answer_says_whose_it_is(self, made: Made, flow: Flow) -> None:
        client = entered(made())
        row = User.everyone.get(is_guest=True)
        assert client.get(f"/flows/{flow.pk}/")["X-Helix-Person"] == str(row.pk)
        assert client.get("/login/")["X-Helix-Person"] == "nobody"

    @pytest.mark.parametrize(
        "part",
        [
            "canvas",
            "outline",
            "layout.css",
            "inspector",
            "offers",
            "members",
            "export",
            "template",
            "runs/",
            "runs/list",
        ],
    )
    def test_the_parts_of_a_flow(self, made: Made, flow: Flow, part: str) -> None:
        answer = entered(made(Role.VIEWER)).get(f"/flows/{flow.pk}/{part}")
        assert answer.status_code == 200
        assert "@example.com" not in text_of(answer)

    @pytest.mark.parametrize("part", ["runs/start", "rename"])
    def test_the_parts_for_editors(self, made: Made, flow: Flow, part: str) -> None:
        Flow.objects.update(links_can_run=True)
        assert entered(made(Role.VIEWER)).get(f"/flows/{flow.pk}/{part}").status_code == 403
        assert entered(made()).get(f"/flows/{flow.pk}/{part}").status_code == 200

    @pytest.mark.parametrize("path", ["/", "/templates/", "/questions/", "/dead-letters/", "/workers/"])
    def test_pages_without_a_flow_are_for_accounts(self, made: Made, path: str) -> None:
        answer = entered(made()).get(path)
        assert (answer.status_code, answer["Location"].partition("?")[0]) == (302, "/login/")

    def test_other_flows_are_not_there_for_them(self, made: Made, alice: User) -> None:
        other = create_flow(Person(alice.pk), parse_flow(title="Other"), via="api")
        answer = entered(made()).get(f"/flows/{other.pk}/")
        assert (answer.status_code, answer["Location"].partition("?")[0]) == (302, "/login/")

    @pytest.mark.parametrize(("part", "status"), [("duplicate", 403), ("delete", 403), ("save-template", 403)])
    def test_what_they_may_not(self, made: Made, flow: Flow, part: str, status: int) -> None:
        answer = entered(made()).post(f"/flows/{flow.pk}/{part}", {"title": "Mine"})
        assert answer.status_code == status
        assert Flow.objects.filter(deleted_at=None).count() == 1

    def test_they_edit_by_forms_and_by_the_api(self, made: Made, flow: Flow) -> None:
        client = entered(made())
        client.post(f"/flows/{flow.pk}/inspector", {"title": "By Gus", "title.sent": "1", "shown": "{}"})
        client.get(f"/flows/{flow.pk}/")
        token = {"X-CSRFToken": client.cookies["csrftoken"].value}
        move = {"operations": [{"kind": "move_node", "id": "a-agent", "x": 5, "y": 5}]}
        path = f"/api/v1/flows/{flow.pk}/operations"
        strict = Client(enforce_csrf_checks=True)
        strict.cookies = client.cookies
        assert strict.post(path, move, content_type="application/json").status_code == 403
        assert strict.post(path, move, content_type="application/json", headers=token).status_code == 200
        assert strict.get("/api/v1/flows").status_code == 401
        assert strict.get(f"/api/v1/flows?flow={flow.pk}").status_code == 403

    def test_they_leave(self, made: Made, flow: Flow) -> None:
        client = entered(made())
        assert client.post(f"/flows/{flow.pk}/leave")["Location"] == "/login/"
        assert client.get(f"/flows/{flow.pk}/").status_code == 302

    def test_they_log_in_and_go_on_as_themselves(self, made: Made, flow: Flow, charlie: User) -> None:
        client = entered(made())
        client.force_login(charlie)
        assert client.get(f"/flows/{flow.pk}/").status_code == 404
        assert client.get(f"/flows/{flow.pk}/join")["Location"] == f"/flows/{flow.pk}/"
        assert client.get(f"/flows/{flow.pk}/").status_code == 200
        assert Visit.objects.get(ended_at=None).user_id == charlie.pk

    def test_nothing_is_there_once_the_link_is_off(self, made: Made, flow: Flow, alice: User) -> None:
        link = made()
        client = entered(link)
        change_link(Person(alice.pk), flow.pk, link.pk, LinkChange(is_active=False))
        assert client.get(f"/flows/{flow.pk}/").status_code == 404
        change_link(Person(alice.pk), flow.pk, link.pk, LinkChange(is_active=True))
        assert client.get(f"/flows/{flow.pk}/").status_code == 404
        assert 'name="name"' in text_of(client.get(address(link)))


class TestExport:
    def test_where_owners_do_not_let_viewers_there_is_none(
        self, flow: Flow, vera: User, bob: User, enter: Enter
    ) -> None:
        Flow.objects.filter(pk=flow.pk).update(can_export=False)
        client = enter(vera)
        assert client.get(f"/flows/{flow.pk}/export").status_code == 403
        assert "data-export-link" not in text_of(client.get(f"/flows/{flow.pk}/"))
        assert enter(bob).get(f"/flows/{flow.pk}/export").status_code == 200
