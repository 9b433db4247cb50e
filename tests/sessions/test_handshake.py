"""Who gets in: refused handshakes, and the codes of those who are told why."""

import uuid

import pytest
from asgiref.sync import sync_to_async
from django.test import Client as Browser
from pytest_django import Settings

from accounts.models import User
from flows.models import Flow
from tests.sessions.client import Closed, connect
from tests.sessions.conftest import token_of

HERE = {"Origin": "http://flows.example:8000"}


def cookie_of(user: User, settings: Settings) -> str:
    """Log in by browser and return the cookie header."""
    browser = Browser()
    browser.force_login(user)
    return f"{settings.SESSION_COOKIE_NAME}={browser.cookies[settings.SESSION_COOKIE_NAME].value}"


@pytest.fixture(autouse=True)
def origins(settings: Settings) -> None:
    """Where our pages are."""
    settings.HELIX_ORIGINS = [HERE["Origin"], "https://flows.example"]


@pytest.fixture
async def cookie(cast: dict[str, User], settings: Settings) -> str:
    return await sync_to_async(cookie_of)(cast["alice"], settings)


@pytest.fixture
async def token(cast: dict[str, User]) -> str:
    return await sync_to_async(token_of)(cast["alice"])


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "http://evil.example"},
        {"Origin": "https://flows.example:8000"},
        {"Origin": "http://flows.example"},
        {"Origin": "http://flows.example:8001"},
        {"Origin": "http://flows.example:8000.evil.example"},
        {"Origin": "null"},
        {"Origin": ""},
        {"Host": "flows.example:8000"},
        {"Host": "evil.example", "Origin": "http://evil.example"},
    ],
)
async def test_a_browser_from_elsewhere_is_refused_at_the_handshake(
    live: None, flow: Flow, cookie: str, headers: dict[str, str]
) -> None:
    with pytest.raises(Closed, match="403"):
        await connect(None, flow.pk, {**headers, "Cookie": cookie})


async def test_a_foreign_origin_is_refused_whatever_the_token(live: None, flow: Flow, token: str) -> None:
    with pytest.raises(Closed, match="403"):
        await connect(token, flow.pk, {"Origin": "http://evil.example"})


@pytest.mark.parametrize("origin", [HERE["Origin"], "https://flows.example"])
async def test_a_browser_from_here_comes_in_by_its_cookie(live: None, flow: Flow, cookie: str, origin: str) -> None:
    client = await connect(None, flow.pk, {"Origin": origin, "Cookie": cookie})
    assert (await client.hello())["you"]["name"] == "Alice"


async def test_a_program_comes_in_by_its_token_and_its_cookies_are_not_read(
    live: None, flow: Flow, cookie: str, cast: dict[str, User]
) -> None:
    token = await sync_to_async(token_of)(cast["bob"])
    client = await connect(token, flow.pk, {"Cookie": cookie})
    assert (await client.hello())["you"]["name"] == "Bob"


@pytest.mark.parametrize("headers", [{}, {"Authorization": "Bearer nonsense"}, HERE, {**HERE, "Cookie": "helix=no"}])
async def test_who_is_not_logged_in_is_told_so(live: None, flow: Flow, headers: dict[str, str]) -> None:
    client = await connect(None, flow.pk, headers)
    assert await client.closed() == 4401


async def test_a_bad_token_is_not_saved_by_a_good_cookie(live: None, flow: Flow, cookie: str) -> None:
    client = await connect("nonsense", flow.pk, {**HERE, "Cookie": cookie})
    assert await client.closed() == 4401


async def test_a_token_in_the_address_is_worth_nothing(live: None, flow: Flow, token: str) -> None:
    client = await connect(None, f"{flow.pk}/?token={token}")  # type: ignore[arg-type]
    assert await client.closed() == 4401


async def test_unknown_deleted_and_foreign_flows_are_the_same(
    live: None, flow: Flow, token: str, cast: dict[str, User]
) -> None:
    stranger = await connect(await sync_to_async(token_of)(cast["charlie"]), flow.pk)
    assert await stranger.closed() == 4404
    for unknown in (uuid.uuid4(), "not-an-id"):
        client = await connect(token, unknown)  # type: ignore[arg-type]
        assert await client.closed() == 4404
    await Flow.objects.filter(pk=flow.pk).aupdate(deleted_at=flow.created_at)
    assert await (await connect(token, flow.pk)).closed() == 4404


async def test_there_is_no_socket_anywhere_else(live: None, token: str) -> None:
    with pytest.raises(Closed, match="403"):
        await connect(token, "x/y")  # type: ignore[arg-type]
