"""What a body costs grows with what is allowed, not with what is sent; before anybody is known that is little."""

from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from typing import Any

import httpx
import orjson
import pytest
from django.contrib.sessions.backends.db import SessionStore as DatabaseStore
from django.http import HttpResponse
from ninja.errors import ValidationError
from pydantic import BaseModel
from pytest_django import Settings

from accounts import tokens
from accounts.authentication import shows_somebody
from accounts.models import User
from accounts.session_store import SessionStore
from helix import api
from helix.body_limit import BodyBounds, BodyLimit
from tests.api.conftest import Program

pytestmark = pytest.mark.django_db
Refused = Callable[[HttpResponse, int, str], Any]
PUBLIC_CALLS = ("/auth/register", "/auth/token", "/auth/token/refresh")
BOUNDS = BodyBounds(
    most=1000,
    imported=800,
    form=500,
    public=100,
    event=300,
    message=700,
    shows_somebody=shows_somebody,
    is_hook=lambda token: token == "ours",
)


async def sized(size: int, piece: int = 10) -> AsyncIterator[bytes]:
    for start in range(0, size, piece):
        yield b" " * min(piece, size - start)


async def echo_length(scope: Any, receive: Any, send: Any) -> None:
    length, more = 0, True
    while more:
        event = await receive()
        length, more = length + len(event["body"]), event["more_body"]
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": str(length).encode()})


async def post(path: str, size: int, headers: dict[str, Any], *, says_its_length: bool) -> httpx.Response:
    transport = httpx.ASGITransport(BodyLimit(echo_length, BOUNDS))  # type: ignore[arg-type]
    content = b" " * size if says_its_length else sized(size)
    async with httpx.AsyncClient(transport=transport, base_url="http://testserver") as http:
        return await http.post(path, content=content, headers=headers)


class Shown:
    """What a request may show, all of the form it has."""

    def __init__(self, user: User) -> None:
        session = SessionStore()
        session.create()
        pair = tokens.issue(user)
        key = session.session_key or ""
        self.token = {"Authorization": f"Bearer {pair.access}"}
        self.session = {"Cookie": f"csrftoken=a; helix={key}"}
        self.nothing: tuple[dict[str, Any], ...] = (
            {},
            {"Cookie": f"csrftoken={key}; xhelix={key}"},
            {"Cookie": "helix=b"},
            {"Cookie": "helix=" + ("a" if key[0] != "a" else "b") + key[1:]},
            {"Cookie": f"helix={'é' * len(key)}".encode("latin-1")},
            {"Cookie": f"helix={DatabaseStore()._get_new_session_key()}"},  # type: ignore[attr-defined]
            {"Authorization": "Bearer x"},
            {"Authorization": f"Basic {pair.access}"},
            {"Authorization": f"Bearer {pair.refresh}"},
            {"Authorization": "Bearer x", **self.session},
            {"Authorization": f"Bearer {pair.access.rpartition('.')[0]}.{'A' * 43}"},
        )


@pytest.fixture
def shown(alice: User) -> Shown:
    return Shown(alice)


async def bound(path: str, headers: dict[str, Any], *, says_its_length: bool) -> int:
    """Return which of the bounds holds, exactly."""
    for limit in (100, 500, 700, 1000):
        fits = await post(path, limit, headers, says_its_length=says_its_length)
        refused = await post(path, limit + 1, headers, says_its_length=says_its_length)
        assert (fits.status_code, fits.text) == (200, str(limit))
        if refused.status_code != 200:
            assert (refused.status_code, refused.json()["code"]) == (413, "too_large")
            assert refused.headers["Cache-Control"] == "no-store"
            assert refused.headers["Connection"] == "close"
            return limit
    raise AssertionError("there is no bound")


@pytest.mark.parametrize("says_its_length", [True, False])
class TestBounds:
    """Nobody gets more than it takes to come in, whatever they make up."""

    async def test_somebody_has_room(self, shown: Shown, says_its_length: bool) -> None:
        for headers in (shown.token, shown.session, {"Authorization": "Basic x", **shown.session}):
            assert await bound("/api/v1/flows", headers, says_its_length=says_its_length) == 1000

    async def test_a_form_has_less_than_a_call(self, shown: Shown, says_its_length: bool) -> None:
        for path in ("/", "/flows/", "/admin/flows/"):
            assert await bound(path, shown.session, says_its_length=says_its_length) == 500, path

    async def test_a_message_to_the_tools_has_less_than_a_call(self, shown: Shown, says_its_length: bool) -> None:
        assert await bound("/mcp", shown.token, says_its_length=says_its_length) == 700

    async def test_nobody_has_little(self, shown: Shown, says_its_length: bool) -> None:
        for headers in shown.nothing:
            assert await bound("/api/v1/flows", headers, says_its_length=says_its_length) == 100, headers

    async def test_the_way_in_is_narrow_for_everybody(self, shown: Shown, says_its_length: bool) -> None:
        for path in ("/login/", "/register/", "/language/", "/admin/login/"):
            assert await bound(path, shown.session, says_its_length=says_its_length) == 100, path
        for path in PUBLIC_CALLS:
            assert await bound(f"/api/v1{path}", shown.token, says_its_length=says_its_length) == 100, path


@pytest.mark.parametrize("call", PUBLIC_CALLS)
def test_an_attempt_is_counted_before_it_is_read(
    nobody: Program, refused: Refused, settings: Settings, monkeypatch: pytest.MonkeyPatch, call: str
) -> None:
    limits = dict.fromkeys(("signups_per_minute", "logins_per_minute", "refreshes_per_minute"), 2)
    settings.HELIX_LIMITS = replace(settings.HELIX_LIMITS, **limits)
    read: list[bytes] = []

    def parse(body: bytes) -> object:
        read.append(body)
        return {}

    monkeypatch.setattr(api, "parse_json", parse)

    refused(nobody.post(call, b"nonsense"), 422, "invalid")
    refused(nobody.post(call, b"nonsense"), 422, "invalid")
    response = nobody.post(call, b"nonsense")

    refused(response, 429, "rate_limited")
    assert 0 < int(response["Retry-After"]) <= 60
    assert len(read) == 2


@pytest.mark.parametrize("call", ["/auth/register", "/flows"])
def test_only_the_first_of_many_errors_are_looked_for(
    as_alice: Program, refused: Refused, monkeypatch: pytest.MonkeyPatch, call: str
) -> None:
    found: list[int] = []
    counted = api.on_invalid

    def watched(request: Any, error: Any) -> HttpResponse:
        found.append(len(error.errors))
        return counted(request, error)

    monkeypatch.setitem(api.api._exception_handlers, ValidationError, watched)

    assert len(refused(as_alice.post(call, {f"k{number}": 1 for number in range(15)}), 422, "invalid")) >= 15
    refused(as_alice.post(call, {f"k{number}": 1 for number in range(1000)}), 422, "invalid")

    assert max(found) <= 30


def test_a_long_key_is_not_told_back_whole(as_alice: Program, refused: Refused) -> None:
    response = as_alice.post("/flows", orjson.dumps({"title": "t", "k" * 100_000: 1}))

    refused(response, 422, "invalid")
    assert len(response.content) < 1000


def test_every_body_stops_at_too_many_keys() -> None:
    """No schema of a body goes its own way past the bound."""
    taken = [
        field.annotation
        for _, router in api.api._routers
        for view in router.path_operations.values()
        for operation in view.operations
        for model in operation.models
        if model.__ninja_param_source__ == "body"
        for field in model.model_fields.values()
    ]
    bodies = [one for one in taken if isinstance(one, type) and issubclass(one, BaseModel)]

    assert len(bodies) >= 8
    for body in bodies:
        with pytest.raises(ValueError, match="too many keys"):
            body.model_validate({f"k{number}": 1 for number in range(100)})


def test_refreshing_is_limited_too(nobody: Program, alice: User) -> None:
    statuses = [nobody.post("/auth/token/refresh", {"refresh": "x"}).status_code for _ in range(61)]

    assert statuses == [401] * 60 + [429]
