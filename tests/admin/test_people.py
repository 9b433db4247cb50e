"""People and their logins in the admin: ended, helped, deleted; by staff who may, and only as far as they may."""

import io
import zipfile
from typing import Any

import pytest
from allauth.mfa.models import Authenticator
from django.contrib.auth.models import Permission
from django.contrib.messages import get_messages
from django.contrib.sessions.models import Session
from django.core import mail
from django.test import Client
from django.urls import reverse

from accounts import tokens
from accounts.models import Login, Team, TeamMember, User
from accounts.principals import Person
from flows import commands
from flows.access import Role
from flows.log import verify_installation
from flows.models import AuditEntry, Flow
from flows.parsing import parse_flow

pytestmark = pytest.mark.django_db(transaction=True)
LOGINS = "/admin/accounts/login/"
FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"


@pytest.fixture
def staff(client: Client, dora: User) -> Client:
    client.force_login(dora)
    return client


@pytest.fixture
def browser(alice: User) -> Client:
    """Where Alice is logged in."""
    browser = Client(HTTP_USER_AGENT=FIREFOX, REMOTE_ADDR="203.0.113.9")
    browser.post("/login/", {"email": alice.email, "password": "correct horse"})
    return browser


def is_in(browser: Client) -> bool:
    return browser.get("/api/v1/me").status_code == 200


def help(staff: Client, user: User, what: str, **more: str) -> Any:
    return staff.post(reverse("admin:accounts_user_help", args=[user.pk, what]), more)


def told(response: Any) -> list[str]:
    return [str(one) for one in get_messages(response.wsgi_request)]


def entries() -> list[tuple[str, str | None, str | None]]:
    assert verify_installation() == []
    left_out = ["flow_created", "login", "member_added"]
    found = AuditEntry.objects.exclude(action__in=left_out).order_by("number")
    return [(one.action, one.actor and one.actor.name, one.person and one.person.name) for one in found]


def keys() -> list[str]:
    return list(Session.objects.values_list("pk", flat=True))


class TestLogins:
    def test_they_are_found_by_person_device_and_address_and_show_no_key(
        self, staff: Client, browser: Client, alice: User
    ) -> None:
        for query in ("alice@", "Alice", "Firefox", "203.0.113."):
            page = staff.get(LOGINS, {"q": query}).content.decode()
            assert "Firefox on Linux" in page and "203.0.113.9" in page and "Dora</" not in page, query
        pages = [staff.get(LOGINS), staff.get(f"/admin/accounts/user/{alice.pk}/change/")]
        pages.append(staff.get(f"{LOGINS}{Login.objects.get(user=alice).pk}/change/"))
        for answer in pages:
            assert "Firefox on Linux" in answer.content.decode()
            assert not [key for key in keys() if key in answer.content.decode()]

    def test_those_that_ended_are_not_listed(self, staff: Client, browser: Client) -> None:
        browser.post("/logout/")
        assert "203.0.113.9" not in staff.get(LOGINS).content.decode()

    def test_one_is_ended_and_others_stay(self, staff: Client, browser: Client, alice: User, dora: User) -> None:
        pair = tokens.issue(alice)
        chosen = Login.objects.get(user=alice, ip="203.0.113.9").pk
        response = staff.post(LOGINS, {"action": "end", "_selected_action": [chosen]})

        assert told(response) == ["1 login ended."]
        assert (is_in(browser), tokens.bearer_of(pair.access) is None) == (False, False)
        assert ("logout", "Dora", "Alice") in entries()

    def test_all_of_a_person_are_ended(self, staff: Client, browser: Client, alice: User) -> None:
        pair = tokens.issue(alice)
        chosen = Login.objects.get(user=alice, ip="203.0.113.9").pk
        staff.post(LOGINS, {"action": "end_all", "_selected_action": [chosen]})

        assert (is_in(browser), tokens.bearer_of(pair.access)) == (False, None)
        assert is_in(staff)

    def test_staff_end_no_login_of_somebody_who_may_more(self, client: Client, dora: User, greta: User) -> None:
        superuser = Client()
        superuser.force_login(dora)
        client.force_login(greta)
        chosen = Login.objects.get(user=dora).pk
        response = client.post(LOGINS, {"action": "end", "_selected_action": [chosen]})
        assert told(response) == ["This account may more than yours."]
        assert is_in(superuser)


@pytest.fixture
def greta(db: None) -> User:
    """Staff who may look after people, and nothing else."""
    from tests.conftest import person

    greta = person("greta", is_staff=True)
    names = ["view_user", "change_user", "delete_user", "view_login"]
    greta.user_permissions.set(Permission.objects.filter(codename__in=names))
    return greta


class TestHelp:
    @pytest.mark.parametrize("what", ["end_logins", "reset_factors", "mail_password", "export"])
    def test_nobody_who_may_more_is_touched(
        self, client: Client, greta: User, dora: User, browser: Client, what: str
    ) -> None:
        client.force_login(greta)
        assert help(client, dora, what, sure="yes").status_code == 403
        client.force_login(dora)
        assert client.get(reverse("admin:accounts_user_help", args=[greta.pk, what])).status_code == 403, "by POST only"
        assert help(browser, greta, what, sure="yes").status_code == 302, "to the login"
        assert mail.outbox == [] and entries() == []

    def test_what_cannot_be_taken_back_is_asked_once_more(self, staff: Client, browser: Client, alice: User) -> None:
        page = help(staff, alice, "end_logins").content.decode()
        assert "is out at once" in page and "alice@example.com" in page and is_in(browser)
        help(staff, alice, "end_logins", sure="yes")
        assert not is_in(browser)

    def test_lost_second_factors_are_removed_and_told(self, staff: Client, browser: Client, alice: User) -> None:
        for kind in ("totp", "recovery_codes"):
            Authenticator.objects.create(user=alice, type=kind, data={"secret": "x"})
        assert "Authenticator app" in staff.get(f"/admin/accounts/user/{alice.pk}/change/").content.decode()
        help(staff, alice, "reset_factors", sure="yes")

        assert not Authenticator.objects.exists() and not is_in(browser)
        (message,) = mail.outbox
        assert (message.to, message.subject) == ([alice.email], "Helix: Second factors removed")
        assert entries() == [("second_factor_off", "Dora", "Alice")]

    def test_without_any_nothing_happens(self, staff: Client, browser: Client, alice: User) -> None:
        help(staff, alice, "reset_factors", sure="yes")
        assert is_in(browser) and mail.outbox == [] and entries() == []

    def test_a_link_for_a_new_password_is_mailed(self, staff: Client, alice: User) -> None:
        response = help(staff, alice, "mail_password")
        (message,) = mail.outbox
        assert (message.to, message.subject) == ([alice.email], "Helix: Choose a new password")
        assert "/accounts/password/reset/key/" in str(message.body)
        assert str(message.body).split("/reset/key/")[1].split("/")[0] not in response.content.decode()
        assert entries() == [("admin_change", "Dora", "Alice")]

    def test_a_copy_of_their_data_is_for_superusers(self, staff: Client, alice: User, greta: User) -> None:
        answer = help(staff, alice, "export")
        assert "account.json" in zipfile.ZipFile(io.BytesIO(b"".join(answer.streaming_content))).namelist()
        assert entries() == [("admin_change", "Dora", "Alice")]
        staff.force_login(greta)
        assert help(staff, alice, "export").status_code == 403


class TestDeleting:
    def page(self, user: User) -> str:
        return reverse("admin:accounts_user_delete", args=[user.pk])

    def test_the_flows_that_go_are_named_first(self, staff: Client, alice: User, bob: User, browser: Client) -> None:
        own = commands.create_flow(Person(alice.pk), parse_flow(title="Own <b>"), via="page")
        bobs = commands.create_flow(Person(bob.pk), parse_flow(title="Of Bob"), via="page")
        commands.set_member(Person(bob.pk), bobs.pk, person=alice.email, role=Role.EDITOR)
        page = staff.get(self.page(alice)).content.decode()
        assert "Own &lt;b&gt;" in page and "Of Bob" not in page
        assert "Flows: 1" in page

        assert staff.post(self.page(alice), {"post": "yes"}).status_code == 302

        alice.refresh_from_db()
        assert (alice.name, alice.email, alice.is_active, is_in(browser)) == ("Deleted person", None, False, False)
        assert not Flow.objects.filter(pk=own.pk).exists() and Flow.objects.filter(pk=bobs.pk).exists()
        assert ("account_deleted", "Dora", "Deleted person") in entries()
        (message,) = mail.outbox
        assert (message.to, message.subject) == (["alice@example.com"], "Helix: Your account was deleted")
        assert "An administrator" in str(message.body)
        assert "Deleted person" not in staff.get("/admin/accounts/user/").content.decode()

    def test_the_only_owner_is_not_deleted(self, staff: Client, alice: User) -> None:
        team = Team.objects.create(name="Ops")
        TeamMember.objects.create(team=team, user=alice, role="owner")
        assert "Ops" in staff.get(self.page(alice)).content.decode()
        staff.post(self.page(alice), {"post": "yes"})
        alice.refresh_from_db()
        assert alice.is_active and alice.email

    def test_nobody_deletes_themselves_or_who_may_more(self, client: Client, greta: User, dora: User) -> None:
        client.force_login(greta)
        for one in (greta, dora):
            assert client.post(self.page(one), {"post": "yes"}).status_code == 403

    def test_no_selection_is_deleted_at_once(self, staff: Client, alice: User) -> None:
        staff.post(
            "/admin/accounts/user/", {"action": "delete_selected", "_selected_action": [alice.pk], "post": "yes"}
        )
        alice.refresh_from_db()
        assert alice.is_active
