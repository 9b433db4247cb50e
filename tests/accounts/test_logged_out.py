"""Logged out, every page leads to the login page and back. A new page is tested here without being named."""

from collections.abc import Iterator
from urllib.parse import parse_qs, urlsplit
from uuid import uuid4

import pytest
from django.test import Client
from django.urls import URLResolver, get_resolver, reverse

from accounts.models import User
from accounts.principals import Person
from flows import commands
from flows.parsing import parse_flow

pytestmark = pytest.mark.django_db
OPEN = {"login", "demo-login", "register", "logout"}
OPEN |= {f"flows:{page}" for page in ("worker", "offline", "team-invitation", "enter", "invitation")}
ENTRANCE = {
    "account_login",
    "account_signup",
    "account_logout",
    "account_inactive",
    "account_reset_password",
    "account_reset_password_done",
    "account_reset_password_from_key",
    "account_reset_password_from_key_done",
    "account_confirm_email",
    "account_email_verification_sent",
    "mfa_login_webauthn",
    "socialaccount_login_cancelled",
    "socialaccount_login_error",
    "openid_connect_login",
    "openid_connect_callback",
}
"""The login library's pages for those who are on their way in."""
STAGES = {"account_confirm_login_code", "mfa_authenticate", "socialaccount_signup"}
"""Its pages between two steps of a login, which lead to the first."""
MACHINES = ("api/", "admin/", "healthz", "readyz", "metrics")


def pages() -> Iterator[tuple[str, tuple[str, ...]]]:
    """Yield every page's name and the names of what its address holds."""
    for entry in get_resolver().url_patterns:
        if isinstance(entry, URLResolver) and not str(entry.pattern).startswith(MACHINES):
            yield from pages_of(entry)


def pages_of(resolver: URLResolver) -> Iterator[tuple[str, tuple[str, ...]]]:
    """Yield those of a part of the site."""
    space = f"{resolver.namespace}:" if resolver.namespace else ""
    for page in resolver.url_patterns:
        if isinstance(page, URLResolver):
            yield from pages_of(page)
        elif not str(page.pattern).startswith("social/"):
            assert page.name, "a page has a name"
            if (name := space + page.name) not in OPEN | ENTRANCE | STAGES:
                yield name, ("pk",) if "keys" in str(resolver.pattern) else tuple(page.pattern.converters)


PAGES = list(pages())


@pytest.mark.parametrize("method", ["get", "post"])
@pytest.mark.parametrize(("name", "holds"), PAGES)
def test_every_page_leads_to_the_login(
    client: Client, alice: User, method: str, name: str, holds: tuple[str, ...]
) -> None:
    flow = commands.create_flow(Person(alice.pk), parse_flow(title="Weather"), via="page")
    for flow_id in (flow.pk, uuid4()):
        values = {"flow_id": flow_id, "user_id": alice.pk, "run_id": uuid4(), "trigger_id": uuid4()}
        values |= {"team_id": uuid4(), "link_id": uuid4()}
        address = reverse(name, kwargs={part: values.get(part, "1") for part in holds})
        response = getattr(client, method)(address)

        if response.status_code == 405:
            continue
        assert response.status_code == 302, response.content
        there = urlsplit(response["Location"])
        assert there.path in {"/login/", "/accounts/login/"}
        (back,) = parse_qs(there.query)["next"]
        assert back == address if method == "get" else client.get(back).status_code in {200, 302}


def test_there_are_pages() -> None:
    names = {name for name, _holds in PAGES}
    assert {"flows:library", "flows:editor", "runs:panel"} <= names
    every = {name for name in get_resolver().reverse_dict if isinstance(name, str)}
    every |= {
        f"flows:{name}" for name in get_resolver().namespace_dict["flows"][1].reverse_dict if isinstance(name, str)
    }
    assert every >= OPEN | ENTRANCE | STAGES, "an exception is the name of a page"


def test_the_admin_leads_to_the_login_too(client: Client, db: None) -> None:
    first = client.get("/admin/accounts/user/")
    second = client.get(first["Location"])

    assert urlsplit(second["Location"]).path == "/login/"
    assert parse_qs(urlsplit(second["Location"]).query)["next"] == ["/admin/accounts/user/"]


def test_an_address_that_is_no_page_is_not_found(client: Client, db: None) -> None:
    assert client.get("/nothing/").status_code == 404
