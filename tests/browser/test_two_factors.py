"""Second factors and providers in a real browser, under the strict policy of all pages."""

import json
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from allauth.mfa.totp.internal.auth import format_hotp_value, hotp_value
from playwright.sync_api import BrowserContext, Page, expect

from tests import oidc_provider
from tests.browser.watched import watched
from tests.servers import Server

PASSWORD = "purple stapler"
CONTEXT = Callable[..., BrowserContext]


def sign_up(page: Page, name: str) -> None:
    page.goto("/register/")
    page.get_by_label("Name", exact=True).fill(name.title())
    page.get_by_label("E-mail address").fill(f"{name}@example.com")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Create account").click()
    expect(page.locator(".site-bar")).to_be_visible()


def log_out(page: Page) -> None:
    page.goto("/accounts/logout/")
    page.get_by_role("button", name="Log out").last.click()
    page.wait_for_url("**/login/**")


def prove(page: Page) -> None:
    """Enter the password again."""
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Confirm").click()


@pytest.fixture
def visited(server: Server, context_for: CONTEXT) -> Iterator[Page]:
    """A page on localhost, where browsers let passkeys be without https; it violates nothing."""
    page, violations = watched(context_for(None, base_url=server.url.replace("127.0.0.1", "localhost")))
    yield page
    assert violations == []


def code_of(secret: str, steps: int = 0) -> str:
    return format_hotp_value(hotp_value(secret, int(time.time()) // 30 + steps))


def test_an_authenticator_app_is_asked_for_at_the_next_login(visited: Page) -> None:
    sign_up(visited, "tina")
    visited.goto("/accounts/2fa/")
    visited.get_by_role("link", name="Set up").click()
    prove(visited)
    secret = visited.locator("[data-secret]").input_value()
    visited.get_by_label("Authenticator code").fill(code_of(secret))
    visited.get_by_role("button", name="Switch on").click()
    expect(visited.locator("[data-codes] li")).to_have_count(10)
    log_out(visited)

    visited.goto("/login/")
    visited.get_by_label("E-mail address or name").fill("tina@example.com")
    visited.get_by_label("Password").fill(PASSWORD)
    visited.get_by_role("button", name="Log in", exact=True).click()
    visited.get_by_label("Code").fill("000000")
    visited.get_by_role("button", name="Log in").click()
    expect(visited.locator(".field-error")).to_have_text("Wrong code.")
    visited.get_by_label("Code").fill(code_of(secret, 1))
    visited.get_by_role("button", name="Log in").click()
    expect(visited.locator(".site-bar")).to_be_visible()


def test_a_passkey_logs_in_without_a_password(visited: Page) -> None:
    devtools = visited.context.new_cdp_session(visited)
    devtools.send("WebAuthn.enable")
    authenticator = {
        "protocol": "ctap2",
        "transport": "internal",
        "hasResidentKey": True,
        "hasUserVerification": True,
        "isUserVerified": True,
        "automaticPresenceSimulation": True,
    }
    devtools.send("WebAuthn.addVirtualAuthenticator", {"options": authenticator})
    sign_up(visited, "petra")
    visited.goto("/accounts/2fa/webauthn/add/")
    prove(visited)
    visited.get_by_label("Passwordless").check()
    visited.get_by_role("button", name="Add passkey").click()
    expect(visited.locator("[data-codes]")).to_be_visible()
    log_out(visited)

    visited.goto("/accounts/login/")
    visited.get_by_role("button", name="Log in with a passkey").click()
    expect(visited.locator(".site-bar")).to_be_visible()
    visited.goto("/accounts/")
    expect(visited.get_by_label("Name", exact=True)).to_have_value("Petra")


@pytest.fixture(scope="module")
def with_provider(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server whose people may log in with a provider, and that provider."""
    server = Server()
    callback = f"{server.url}/accounts/oidc/acme/login/callback/"
    folder: Path = tmp_path_factory.mktemp("provider")
    with oidc_provider.Provider(folder, callback) as provider:
        acme = {"name": "Acme", "server": provider.url}
        client = {"client_id": oidc_provider.CLIENT, "secret": oidc_provider.SECRET}
        server.environment["HELIX_LOGIN_PROVIDERS"] = json.dumps({"acme": acme | client})
        with server:
            yield server


def test_a_provider_logs_in_and_out_again(with_provider: Server, context_for: CONTEXT) -> None:
    page, violations = watched(context_for(None, on=with_provider))
    page.goto("/accounts/login/")
    page.get_by_role("button", name="Log in with Acme").click()
    page.locator("[name=login]").fill(oidc_provider.PERSON)
    page.locator("[name=password]").fill(oidc_provider.PASSWORD)
    page.locator("form").filter(has=page.locator("[name=login]")).get_by_role("button").first.click()
    expect(page.locator(".site-bar")).to_be_visible()
    page.goto("/accounts/")
    expect(page.get_by_label("Name", exact=True)).to_have_value("Olivia Provided")
    log_out(page)
    page.goto("/accounts/login/")
    page.get_by_role("button", name="Log in with Acme").click()
    expect(page.locator(".site-bar")).to_be_visible()
    assert violations == []
