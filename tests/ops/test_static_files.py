"""Static files are answered at the edge: compressed, conditional, and nothing but what was collected."""

from pathlib import Path
from typing import Any

import pytest
from django.test import override_settings

from helix.storage import StaticFiles


class Asked:
    """Another application: remembers that it was asked."""

    def __init__(self) -> None:
        self.paths: list[str] = []

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        self.paths.append(scope["path"])


@pytest.fixture
def beyond() -> Asked:
    return Asked()


@pytest.fixture
def static(tmp_path: Path, beyond: Asked) -> StaticFiles:
    root = tmp_path / "static"
    root.mkdir()
    (root / "app.0123456789ab.js").write_text("export const one = 1;\n")
    (root / "app.0123456789ab.js.gz").write_bytes(b"compressed")
    (root / "plain.css").write_text("p{}")
    (tmp_path / "secret_key").write_text("hush")
    with override_settings(STATIC_ROOT=root):
        return StaticFiles(beyond)


async def get(static: StaticFiles, path: str, method: str = "GET", **headers: str) -> tuple[int, dict[str, str], bytes]:
    sent: list[dict[str, Any]] = []

    async def send(message: dict[str, Any]) -> None:
        sent.append(message)

    raw = [(name.replace("_", "-").encode(), value.encode()) for name, value in headers.items()]
    await static({"type": "http", "method": method, "path": path, "headers": raw}, None, send)
    if not sent:
        return 0, {}, b""
    start, body = sent
    return start["status"], {name.decode(): value.decode() for name, value in start["headers"]}, body["body"]


@pytest.mark.parametrize(
    "path",
    [
        "/static/../secret_key",
        "/static/%2e%2e/secret_key",
        "/static/",
        "/static/app.0123456789ab.js.gz",
        "/",
        "/flows/",
    ],
)
async def test_what_was_not_collected_is_not_ours(static: StaticFiles, beyond: Asked, path: str) -> None:
    assert await get(static, path) == (0, {}, b"")
    assert beyond.paths == [path]


async def test_writing_is_refused(static: StaticFiles) -> None:
    status, _, _ = await get(static, "/static/plain.css", "POST")

    assert status == 405


async def test_a_hashed_name_may_be_kept_for_ever_and_another_not(static: StaticFiles) -> None:
    _, hashed, body = await get(static, "/static/app.0123456789ab.js")
    _, plain, _ = await get(static, "/static/plain.css")

    assert body == b"export const one = 1;\n"
    assert "immutable" in hashed["cache-control"]
    assert plain["cache-control"] == "max-age=60, public"
    assert hashed["x-content-type-options"] == "nosniff"
    assert hashed["content-type"].startswith("text/javascript")


async def test_who_can_read_it_gets_the_compressed_one(static: StaticFiles) -> None:
    _, headers, body = await get(static, "/static/app.0123456789ab.js", accept_encoding="gzip, br")

    assert (headers["content-encoding"], body) == ("gzip", b"compressed")


async def test_who_has_it_already_gets_no_body(static: StaticFiles) -> None:
    _, headers, _ = await get(static, "/static/plain.css")

    assert (await get(static, "/static/plain.css", if_none_match=headers["etag"]))[0] == 304
    assert (await get(static, "/static/plain.css", "HEAD"))[::2] == (200, b"")
