"""What a body costs grows with what is allowed, not with what is sent; before anybody is known that is little."""

from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from typing import Any

import httpx
import orjson
import pytest
from django.http import HttpResponse
from pydantic import BaseModel
from pytest_django import Settings

from accounts.models import User
from helix import api
from helix.body_limit import BodyBounds, BodyLimit
from tests.api.conftest import Program

pytestmark = pytest.mark.django_db
Refused = Callable[[HttpResponse, int, str], Any]
PUBLIC_CALLS = ("/auth/register", "/auth/token", "/auth/token/refresh")
BOUNDS = BodyBounds(most=1000, form=500, public=100, session_cookie="helix")
SOMEBODY = ({"Authorization": "Bearer x"}, {"Cookie": "csrftoken=a; helix=b"})
NOBODY: tuple[dict[str, str], ...] = ({}, {"Cookie": "csrftoken=helix; xhelix=b"})


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


async def post(path: str, size: int, headers: dict[str, str], *, says_its_length: bool) -> httpx.Response:
    transport = httpx.ASGITransport(BodyLimit(echo_length, BOUNDS))  # type: ignore[arg-type]
    content = b" " * size if says_its_length else sized(size)
    async with httpx.AsyncClient(transport=transport, base_url="http://testserver") as http:
        return await http.post(path, content=content, headers=headers)


@pytest.mark.parametrize("says_its_length", [True, False])
@pytest.mark.parametrize(
    ("path", "headers", "limit"),
    [
        *(("/api/v1/flows", headers, 1000) for headers in SOMEBODY),
        *((path, headers, 500) for path in ("/", "/flows/", "/admin/flows/") for headers in SOMEBODY),
        *(("/api/v1/flows", headers, 100) for headers in NOBODY),
        *((path, SOMEBODY[1], 100) for path in ("/login/", "/register/", "/language/", "/admin/login/")),
        *((f"/api/v1{path}", SOMEBODY[0], 100) for path in PUBLIC_CALLS),
    ],
)
async def test_a_body_has_a_limit(path: str, headers: dict[str, str], limit: int, says_its_length: bool) -> None:
    fits = await post(path, limit, headers, says_its_length=says_its_length)
    refused = await post(path, limit + 1, headers, says_its_length=says_its_length)

    assert (fits.status_code, fits.text) == (200, str(limit))
    assert (refused.status_code, refused.json()["code"]) == (413, "too_large")
    assert refused.headers["Cache-Control"] == "no-store"
    assert refused.headers["Connection"] == "close"


@pytest.mark.parametrize("call", PUBLIC_CALLS)
def test_an_attempt_is_counted_before_it_is_read(
    nobody: Program, refused: Refused, settings: Settings, monkeypatch: pytest.MonkeyPatch, call: str
) -> None:
    limits = dict.fromkeys(("signups_per_minute", "logins_per_minute", "refreshes_per_minute"), 2)
    settings.HELIX_LIMITS = replace(settings.HELIX_LIMITS, **limits)
    read: list[bytes] = []
    monkeypatch.setattr(api, "parse_json", lambda body: read.append(body) or {})

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

    monkeypatch.setitem(api.api._exception_handlers, api.ValidationError, watched)

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
