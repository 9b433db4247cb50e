"""Logs are one JSON object a line, name the request and the person, and give no secret away."""

import json
import logging
import re
from collections.abc import Callable, Iterator
from io import StringIO
from typing import Any

import pytest
import structlog
from django.test import Client
from django.urls import URLResolver, get_resolver

from accounts.models import User
from helix.logging import configuration, hide_secrets, warn_of_slow_queries
from tests.servers import Server


@pytest.fixture
def lines() -> Iterator[Callable[[], list[dict[str, Any]]]]:
    """Read what the real formatter has written since."""
    written = StringIO()
    handler = logging.StreamHandler(written)
    options = configuration(level="INFO", pretty=False)["formatters"]["structured"]
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(**{name: options[name] for name in options if name != "()"})
    )
    logging.getLogger().addHandler(handler)
    yield lambda: [json.loads(line) for line in written.getvalue().splitlines()]
    logging.getLogger().removeHandler(handler)


@pytest.mark.django_db
def test_a_request_is_one_line_with_its_id_and_the_person(client: Client, alice: User, lines: Any) -> None:
    client.force_login(alice)
    client.get("/nowhere?token=abc")

    (line,) = lines()
    assert line["request"] == "GET /nowhere"
    assert (line["code"], line["user_id"], line["ip"]) == (404, alice.pk, "127.0.0.1")
    assert line["request_id"]
    assert "abc" not in json.dumps(line)


def test_probes_that_went_well_are_not_worth_a_line(client: Client, lines: Any) -> None:
    client.get("/healthz")

    assert lines() == []


def test_values_under_telling_names_are_hidden() -> None:
    event = {
        "event": "x",
        "Password": "1",
        "access_token": "2",
        "HTTP_COOKIE": "3",
        "csrfmiddlewaretoken": "4",
        "who": 5,
    }

    hook = {"request": "POST /hooks/abc?x", "path": "/hooks/abc"}
    assert hide_secrets(None, "info", hook) == {"request": "POST /hooks/…", "path": "/hooks/…"}
    link = {"request": "GET /s/abc", "path": "/api/v1/links/abc/enter"}
    assert hide_secrets(None, "info", link) == {"request": "GET /s/…", "path": "/api/v1/links/…"}
    invitation = {"request": "POST /invitations/abc/", "path": "/invitations/abc/"}
    assert hide_secrets(None, "info", invitation) == {"request": "POST /invitations/…", "path": "/invitations/…"}
    other = {"request": "GET /api/v1/flows/s/hooks/abc", "path": "/static/s/abc"}
    assert hide_secrets(None, "info", dict(other)) == other
    assert hide_secrets(None, "info", event) == {
        **{"event": "x", "Password": "…", "access_token": "…", "HTTP_COOKIE": "…", "csrfmiddlewaretoken": "…"},
        "who": 5,
    }


def test_a_traceback_is_one_line_without_the_values_of_variables(lines: Any) -> None:
    password = "correct horse"
    try:
        raise RuntimeError(len(password))
    except RuntimeError:
        structlog.get_logger("tests").exception("broken")
        logging.getLogger("django.something").exception("broken too")

    ours, djangos = lines()
    for line in (ours, djangos):
        assert "RuntimeError" in line["exception"]
        assert password not in json.dumps(line)


def test_a_slow_query_is_named_without_its_values(lines: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("helix.logging.SLOW_QUERY_SECONDS", 0.0)

    assert warn_of_slow_queries(lambda *_: "rows", "SELECT %s", ["secret"], False, {}) == "rows"

    (line,) = lines()
    assert (line["event"], line["sql"], line["level"]) == ("slow_query", "SELECT %s", "warning")
    assert "secret" not in json.dumps(line)


def test_a_server_writes_nothing_else(server: Server) -> None:
    server.fetch("/accounts/login/")

    lines = [json.loads(line) for line in server.log.read_text().splitlines()]
    assert any(line.get("request") == "GET /accounts/login/" for line in lines)
    assert all({"event", "level", "timestamp", "logger"} <= line.keys() for line in lines)


def test_every_address_with_a_secret_is_hidden() -> None:
    """A new one is tested here without being named."""
    secret = [address for address in addresses(get_resolver()) if re.search("SECRET", address)]
    assert len(secret) > 6
    for address in secret:
        event = hide_secrets(None, "info", {"request": f"GET {address}", "path": address})
        assert "SECRET" not in f"{event}", address


def addresses(resolver: URLResolver, before: str = "/") -> Iterator[str]:
    """Yield the address of every page and call, with SECRET in place of what only its holder knows."""
    for entry in resolver.url_patterns:
        path = before + re.sub(r"<(?:\w+:)?(\w+)>|\(\?P<(\w+)>[^)]*\)", in_place, str(entry.pattern).strip("^$"))
        if isinstance(entry, URLResolver):
            yield from addresses(entry, path)
        else:
            yield path


def in_place(part: re.Match[str]) -> str:
    return "SECRET" if (part[1] or part[2]) in {"secret", "key", "token", "uidb36"} else "x"
