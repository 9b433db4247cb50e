"""Logged out, every page leads to the login page and back. A new page is tested here without being named."""

from collections.abc import Iterator
from urllib.parse import parse_qs, urlsplit
from uuid import uuid4

import pytest
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver, reverse

from accounts.models import User
from accounts.principals import Person
from flows import commands
from flows.parsing import parse_flow

pytestmark = pytest.mark.django_db
OPEN = {"login", "demo-login", "register", "logout", "worker", "offline"}
MACHINES = ("api/", "admin/", "healthz", "readyz", "metrics")


def pages() -> Iterator[tuple[str, tuple[str, ...]]]:
    """Yield every page's name and the names of what its address holds."""
    for entry in get_resolver().url_patterns:
        if isinstance(entry, URLResolver) and not str(entry.pattern).startswith(MACHINES):
            space = f"{entry.namespace}:" if entry.namespace else ""
            for page in entry.url_patterns:
                assert isinstance(page, URLPattern)
                assert page.name, "a page has a name"
                if page.name not in OPEN:
                    yield space + page.name, tuple(page.pattern.converters)


PAGES = list(pages())


@pytest.mark.parametrize("method", ["get", "post"])
@pytest.mark.parametrize(("name", "holds"), PAGES)
def test_every_page_leads_to_the_login(
    client: Client, alice: User, method: str, name: str, holds: tuple[str, ...]
) -> None:
    flow = commands.create_flow(Person(alice.pk), parse_flow(title="Weather"), via="page")
    for flow_id in (flow.pk, uuid4()):
        values = {"flow_id": flow_id, "user_id": alice.pk}
        address = reverse(name, kwargs={part: values.get(part, "1") for part in holds})
        response = getattr(client, method)(address)

        if response.status_code == 405:
            continue
        assert response.status_code == 302, response.content
        there = urlsplit(response["Location"])
        assert there.path == "/login/"
        (back,) = parse_qs(there.query)["next"]
        assert back == address if method == "get" else client.get(back).status_code in {200, 302}


def test_there_are_pages() -> None:
    assert {"flows:library", "flows:editor"} <= {name for name, _holds in PAGES}


def test_the_admin_leads_to_the_login_too(client: Client, db: None) -> None:
    first = client.get("/admin/accounts/user/")
    second = client.get(first["Location"])

    assert urlsplit(second["Location"]).path == "/login/"
    assert parse_qs(urlsplit(second["Location"]).query)["next"] == ["/admin/accounts/user/"]


def test_an_address_that_is_no_page_is_not_found(client: Client, db: None) -> None:
    assert client.get("/nothing/").status_code == 404
