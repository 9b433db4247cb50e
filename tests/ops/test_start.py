"""`helix up`: from nothing to a served page, and to an end that leaves nothing hanging."""

import re
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import pytest
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import connect

from tests.postgres import Postgres
from tests.servers import Server, clean_environment

DEMO = ("alice", "bob", "vera", "charlie")


def log_in(server: Server, name: str) -> httpx.Client:
    """Press the demo's button on the login page."""
    client = server.client()
    page = client.get("/accounts/login/")
    button = re.search(rf'<button[^>]*data-demo-user="{name}"[^>]*>', page.text)
    assert button, page.text
    value = re.search(r'value="([^"]*)"', button[0])
    field = re.search(r'name="([^"]*)"', button[0])
    form = page.text[: button.start()].rpartition("<form")[2]
    action = re.search(r'action="([^"]*)"', form)
    data = {"csrfmiddlewaretoken": client.cookies["csrftoken"]}
    if field and value:
        data[field[1]] = value[1]
    answer = client.post(action[1] if action and action[1] else "/login/", data=data, headers={"Origin": server.url})
    assert answer.status_code == 200, answer.text
    return client


def titles(client: httpx.Client) -> list[str]:
    return [flow["title"] for flow in client.get("/api/v1/flows").json()["items"]]


@pytest.mark.parametrize("name", ["daphne", "uvicorn"])
def test_from_an_empty_folder_to_the_demo_and_through_a_restart(name: str, tmp_path: Path) -> None:
    folder = tmp_path / "deep" / "data"
    with Server(data_dir=folder, server=name, own_python=True) as server:
        assert server.output.read_text() == f"Helix is at {server.url}/ — log in as alice, bob, vera or charlie\n"
        assert (folder / "secret_key").stat().st_mode & 0o777 == 0o600
        seen = {person: titles(log_in(server, person)) for person in DEMO}
        assert seen["alice"] == seen["bob"] == seen["vera"] != []
        assert seen["charlie"] == []

        alice = log_in(server, "alice")
        token = alice.cookies["csrftoken"]
        made = alice.post("/api/v1/flows", json={"title": "Mine"}, headers={"X-CSRFToken": token, "Origin": server.url})
        assert made.status_code == 201, made.text

        assert server.terminate() == 0
        server.start()
        assert titles(alice) == ["Mine", *seen["alice"]], "the login and the flows are still there; the demo came once"
        assert server.verify().returncode == 0


def test_without_the_demo_nobody_can_walk_in() -> None:
    with Server(demo=False, own_python=True) as server:
        assert server.output.read_text() == f"Helix is at {server.url}/\n"
        assert "data-demo-user" not in server.fetch("/accounts/login/").text
        assert httpx.get(server.url, follow_redirects=True).url.path == "/accounts/login/"


def test_a_port_in_use_is_said_at_once_and_nothing_is_made(server: Server, tmp_path: Path) -> None:
    folder = tmp_path / "data"
    command = [sys.executable, "-m", "helix.cli", "up", "--port", str(server.port), "--data-dir", str(folder)]

    second = subprocess.run(command, env=clean_environment(), capture_output=True, text=True, check=False, timeout=30)

    assert second.returncode == 2
    assert f"Helix cannot listen on 127.0.0.1:{server.port}: Address already in use" in second.stderr
    assert "Traceback" not in second.stderr
    assert not folder.exists()


def test_a_wrong_variable_is_said_in_one_line(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "helix.cli", "up", "--port", "0", "--data-dir", str(tmp_path)]
    environment = clean_environment(HELIX_LIMIT_NODES="lots")

    failed = subprocess.run(command, env=environment, capture_output=True, text=True, check=False, timeout=30)

    assert failed.returncode == 2
    assert failed.stderr.splitlines() == [
        "Helix cannot start: HELIX_LIMIT_NODES must be a positive whole number, not 'lots'"
    ]


def test_two_processes_start_on_one_empty_postgresql(postgres: Postgres) -> None:
    database_url = postgres.new_database()
    first, second = (Server(database_url=database_url, own_python=True) for _ in range(2))
    with ThreadPoolExecutor(2) as pool:
        started = [pool.submit(one.__enter__) for one in (first, second)]
        try:
            assert len([one.result() for one in started]) == 2
            assert len(titles(log_in(second, "alice"))) == 1
        finally:
            for one in (first, second):
                one.__exit__(None, None, None)


@pytest.mark.parametrize("name", ["daphne", "uvicorn"])
def test_sigterm_closes_sockets_with_4412(name: str) -> None:
    with Server(server=name, own_python=True) as server:
        alice = log_in(server, "alice")
        flow = alice.get("/api/v1/flows").json()["items"][0]["id"]
        cookies = "; ".join(f"{key}={value}" for key, value in alice.cookies.items())
        headers = {"Cookie": cookies, "Origin": server.url}
        with connect(f"{server.socket_url}/ws/flows/{flow}/", additional_headers=headers) as socket:
            socket.send('{"type": "hello", "protocol": 1, "client": "ops-test", "since": null, "format": "json"}')
            assert '"welcome"' in str(socket.recv(timeout=10))
            server.process.terminate()
            with pytest.raises(ConnectionClosed) as closed:
                while True:
                    socket.recv(timeout=10)
        assert closed.value.rcvd is not None
        assert closed.value.rcvd.code == 4412
        assert server.process.wait(timeout=20) == 0


def test_static_files_may_be_kept_for_ever(server: Server) -> None:
    page = server.fetch("/accounts/login/").text
    linked = re.findall(r'(?:href|src)="(/static/[^"]+)"', page)

    assert linked
    for address in linked:
        assert re.search(r"\.[0-9a-f]{12}\.", address), "under a hashed name"
        answer = server.fetch(address)
        assert answer.status_code == 200, address
        assert "immutable" in answer.headers["Cache-Control"]
        assert answer.headers["X-Content-Type-Options"] == "nosniff"


def test_every_page_leads_to_the_login_page_and_keeps_the_policy(server: Server) -> None:
    for path in ("/", "/flows/00000000-0000-0000-0000-000000000000/"):
        answer = httpx.get(server.url + path)
        assert answer.status_code == 302
        assert answer.headers["Location"].startswith("/login/")
        assert "default-src 'none'" in answer.headers["Content-Security-Policy"]


def test_a_strange_host_is_refused(server: Server) -> None:
    assert server.fetch("/login/", Host="evil.example").status_code == 400
