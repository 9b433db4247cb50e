"""HEAD answers what GET does, without the body, wherever something can be read."""

import socket
from collections.abc import Callable
from typing import Any

import httpx
import pytest
from django.http import HttpResponse
from django.test import Client

from accounts.models import User
from flows.models import Flow
from helix.api import api
from tests.api.conftest import Program
from tests.programs import PASSWORD, Programs
from tests.servers import Server

PATHS = api.get_openapi_schema(path_prefix="")["paths"]
READING = sorted(path for path, methods in PATHS.items() if "get" in methods)
WRITING = sorted(path for path, methods in PATHS.items() if "get" not in methods)
PAGES = ("/", "/flows/{flow_id}/", "/flows/{flow_id}/canvas", "/flows/{flow_id}/layout.css", "/flows/{flow_id}/members")
VARYING = {"Date", "X-Request-ID", "X-Correlation-ID"}


def headers_of(response: HttpResponse) -> dict[str, str]:
    return {name: value for name, value in response.headers.items() if name not in VARYING}


def head(path: str, program: Program, flow: Flow) -> HttpResponse:
    return program.call("head", path.replace("{flow_id}", str(flow.pk)))


@pytest.mark.django_db
@pytest.mark.parametrize("path", WRITING)
def test_where_nothing_is_read_there_is_no_head(as_alice: Program, flow: Flow, path: str) -> None:
    response = head(path.replace("{user_id}", "1"), as_alice, flow)

    assert response.status_code == 405
    assert "HEAD" not in response["Allow"]


@pytest.mark.django_db
@pytest.mark.parametrize("path", [path for path in READING if "{flow_id}" in path])
def test_head_asks_for_the_same_role(nobody: Program, as_charlie: Program, flow: Flow, path: str) -> None:
    assert head(path, nobody, flow).status_code == 401
    assert head(path, as_charlie, flow).status_code == 404


@pytest.mark.django_db
@pytest.mark.parametrize("path", READING)
def test_head_answers_what_get_does(as_alice: Program, flow: Flow, path: str) -> None:
    read = as_alice.get(path.replace("{flow_id}", str(flow.pk)))
    response = head(path, as_alice, flow)

    assert (response.status_code, headers_of(response)) == (read.status_code, headers_of(read))
    assert response.content == b""
    assert int(response["Content-Length"]) == len(read.content)


@pytest.mark.django_db
def test_a_cookie_needs_no_proof_to_ask_by_head(alice: User, flow: Flow) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(alice)

    assert client.head(f"/api/v1/flows/{flow.pk}").status_code == 200


@pytest.mark.django_db
def test_where_something_is_read_allow_names_both(as_alice: Program, refused: Callable[..., Any]) -> None:
    response = as_alice.delete("/flows")

    assert {method.strip() for method in response["Allow"].split(",")} == {"GET", "HEAD", "POST"}


def test_the_description_tells_of_each_call_once() -> None:
    paths = api.get_openapi_schema(path_prefix="")["paths"]
    assert not any("head" in methods for methods in paths.values())


def raw_head(server: Server, path: str, cookies: dict[str, str], token: str) -> bytes:
    """Ask over a bare connection, and return all that comes back until the server closes it."""
    lines = [f"HEAD {path} HTTP/1.1", f"Host: 127.0.0.1:{server.port}", "Connection: close"]
    lines.append("Cookie: " + "; ".join(f"{name}={value}" for name, value in cookies.items()))
    lines += [f"Authorization: Bearer {token}"] if path.startswith("/api/") else []
    with socket.create_connection(("127.0.0.1", server.port), 10) as connection:
        connection.sendall("\r\n".join([*lines, "", ""]).encode())
        answer = b""
        while piece := connection.recv(65536):
            answer += piece
    return answer


@pytest.mark.parametrize("which", [0, 1], ids=["daphne", "uvicorn"])
def test_a_server_sends_no_body(two_servers: tuple[Server, Server], which: int) -> None:
    server = two_servers[which]
    programs = Programs(server)
    email = programs.email
    with httpx.Client(base_url=server.url) as browser:
        page = browser.get("/accounts/login/").text
        form = {"csrfmiddlewaretoken": page.split('name="csrfmiddlewaretoken" value="')[1].split('"')[0]}
        browser.post("/login/", data=form | {"email": email, "password": PASSWORD})
        cookies = dict(browser.cookies)
    addresses = [path.replace("{flow_id}", programs.flow) for path in (*PAGES, "/api/v1/flows/{flow_id}")]
    for path in addresses:
        status, _, rest = raw_head(server, path, cookies, programs.owner).partition(b"\r\n")
        assert status.split()[1] == b"200", (path, status)
        assert rest.endswith(b"\r\n\r\n") and rest.count(b"\r\n\r\n") == 1, path
