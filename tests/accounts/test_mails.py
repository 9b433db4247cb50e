"""Mails about accounts: ours, plain, short; what strangers chose themselves stands in them without doing harm."""

from pathlib import Path

import allauth
import pytest
from django.conf import settings
from django.core import mail
from django.test import Client

from accounts import mails, tokens
from accounts.agents import name_of
from accounts.models import User
from accounts.principals import Person
from accounts.team_invitations import invite
from accounts.teams import Role, create_team
from web.text import unlinked

LIBRARY = Path(allauth.__file__).parent / "templates"
NAMES = sorted(
    str(path.relative_to(LIBRARY)).removesuffix("_message.txt")
    for path in LIBRARY.glob("*/email/*_message.txt")
    if path.name != "base_message.txt"
)
OURS = ["new_login", "factors_reset", "account_deleted"]
EVIL = 'Visit https://evil.example/x or evil.example\r\nBcc: all@example.org <a href="//evil.example">now</a>'
FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"
CHROME = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/{}.0 Safari/537.36"


def values() -> dict[str, object]:
    """Give every template what it may name."""
    links = dict.fromkeys(("activate_url", "password_reset_url", "signup_url"), "https://helix.example/there/")
    return {**mails.done_by(), **links, "code": "ABC123", "site": "helix.example", "provider": unlinked(EVIL),
            "from_email": "a@example.org", "to_email": "b@example.org", "deleted_email": "c@example.org"}  # fmt: skip


@pytest.mark.parametrize("name", [*NAMES, *(f"account/email/{name}" for name in OURS)])
def test_every_mail_is_ours(name: str) -> None:
    for part in ("subject", "message"):
        assert (settings.BASE_DIR / "templates" / f"{name}_{part}.txt").is_file()

    message = mails.compose(name, "new@example.org", values())

    assert message.subject.startswith("Helix: ") and len(message.subject) < 60
    assert (message.to, message.extra_headers) == (["new@example.org"], {"Auto-Submitted": "auto-generated"})
    assert message.content_subtype == "plain" and not getattr(message, "alternatives", [])
    body = str(message.body)
    assert body.endswith("\n-- \nHelix · helix.example\n") and "\n\n\n" not in body
    assert len(body) < 600 and "evil.example" not in body and "{" not in body


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("Dr. Ann O'Neil", "Dr. Ann O'Neil"),
        ("Café „Zur Post“", "Café „Zur Post“"),
        ("evil.example", "evil example"),
        ("evil。example／x", "evil example x"),
        ("https://evil.example", "https evil example"),
        ("me@evil.example", "me evil example"),
        ("two\r\nlines\u2028or \u202ethree", "two lines or three"),
        ("x" * 100, "x" * 79 + "…"),
    ],
)
def test_a_name_is_one_short_line_without_a_link(text: str, shown: str) -> None:
    assert unlinked(text) == shown


@pytest.mark.django_db(transaction=True)
def test_an_invitation_shows_hostile_names_without_their_links(alice: User) -> None:
    User.objects.filter(pk=alice.pk).update(name=EVIL[:150])
    team = create_team(Person(alice.pk), EVIL[:150])
    _held, is_sent = invite(
        Person(alice.pk), team.id, "new@example.org", Role.MEMBER, "https://helix.example/{}".format
    )

    (message,) = mail.outbox
    sent = message.message().as_string()
    assert is_sent and (message.to, message.bcc, message.cc) == (["new@example.org"], [], [])
    assert "\nBcc" not in sent and "evil.example" not in str(message.subject) + str(message.body)
    assert str(message.body).count("://") == 1


@pytest.mark.parametrize(
    ("agent", "device"),
    [
        (FIREFOX, "Firefox on Linux"),
        (CHROME.format(141), "Chrome on Windows"),
        ("python-httpx/0.28", "Python"),
        ("https://evil.example", "Unknown program"),
        ("evil.example", "Unknown program"),
        ("", "Unknown program"),
    ],
)
def test_a_device_is_told_in_our_own_words(agent: str, device: str) -> None:
    assert name_of(agent) == device


@pytest.mark.django_db(transaction=True)
class TestNewLogins:
    def enter(self, alice: User, agent: str) -> None:
        form = {"email": alice.email, "password": "correct horse"}
        assert Client().post("/login/", form, HTTP_USER_AGENT=agent, REMOTE_ADDR="9.9.9.9").status_code == 302

    def test_the_first_login_and_the_same_browser_are_not_told(self, alice: User) -> None:
        for version in (140, 140, 141):
            self.enter(alice, CHROME.format(version))
        assert mail.outbox == []

    def test_another_browser_is_told_once(self, alice: User) -> None:
        for agent in (CHROME.format(140), FIREFOX, FIREFOX, CHROME.format(140)):
            self.enter(alice, agent)
        (message,) = mail.outbox
        assert (message.to, message.subject) == ([alice.email], "Helix: New login")
        assert "Firefox on Linux" in str(message.body) and "9.9.9.9" in str(message.body)

    def test_what_was_logged_out_is_still_known(self, alice: User) -> None:
        for agent in (CHROME.format(140), FIREFOX) * 2:
            client = Client()
            client.post("/login/", {"email": alice.email, "password": "correct horse"}, HTTP_USER_AGENT=agent)
            client.post("/logout/")
        assert len(mail.outbox) == 1

    def test_what_the_server_does_by_itself_is_not_told(self, alice: User) -> None:
        self.enter(alice, FIREFOX)
        tokens.issue(alice)
        assert mail.outbox == []
