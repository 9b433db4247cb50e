"""A process that is told to end: whatever it committed it has answered, and everybody hears when to come back."""

import asyncio
import json
import socket
import sqlite3
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from threading import Event

import httpx
import pytest

from tests.faults.frail import Author, logged
from tests.programs import Programs
from tests.servers import Server
from tests.sessions.client import connect_to


@pytest.mark.parametrize("kind", ["daphne", "uvicorn"])
async def test_what_was_begun_is_answered_and_the_rest_is_sent_again(tmp_path: Path, kind: str) -> None:
    with Server(data_dir=tmp_path / "data", server=kind, own_python=True) as server:
        programs = Programs(server)
        authors = [Author(programs) for _ in range(5)]
        for author in authors:
            await author.come(server.socket_url)
            await author.send(30)
        await authors[0].client.answer(1)
        ending = asyncio.create_task(asyncio.to_thread(server.terminate))
        codes = await asyncio.gather(*(author.client.closed() for author in authors))
        assert codes == [4412] * len(authors)
        for author in authors:
            author.note()
        assert await ending == 0
        server.start()
        answered = {author.node(seq): version for author in authors for seq, version in author.acked.items()}
        made = {entry["node"]["id"]: version for version, entry in logged(programs).items() if version > 1}
        assert made == answered
        for author in authors:
            await author.come(server.socket_url)
            await author.send_again()
        assert len(logged(programs)) == 151


@pytest.mark.parametrize("kind", ["daphne", "uvicorn"])
async def test_who_has_said_nothing_yet_is_told_too_and_holds_nobody_up(tmp_path: Path, kind: str) -> None:
    """A socket without hello, and a request whose body does not come."""
    with Server(data_dir=tmp_path / "data", server=kind) as server:
        programs = Programs(server)
        silent = await connect_to(server.socket_url, programs.owner, programs.flow)
        with closing(HTTPConnection("127.0.0.1", server.port)) as program:
            program.putrequest("POST", "/api/v1/auth/token")
            program.putheader("Content-Type", "application/json")
            program.putheader("Content-Length", "10")
            program.endheaders()
            ending = asyncio.create_task(asyncio.to_thread(server.terminate))
            assert await silent.closed() == 4412
            assert await ending == 0
            assert not was_acknowledged(program)
        assert "Traceback" not in server.log.read_text()


@pytest.mark.parametrize("kind", ["daphne", "uvicorn"])
def test_pages_that_go_on_asking_are_answered_whole_and_do_not_hold_it_up(tmp_path: Path, kind: str) -> None:
    with Server(data_dir=tmp_path / "data", server=kind) as server, ThreadPoolExecutor(8) as pages:
        under_way = [Event() for _ in range(8)]
        asked = [pages.submit(ask_until_nobody_answers, server, one) for one in under_way]
        for one in under_way:
            assert one.wait(30)
        assert server.terminate() == 0
        answers = sum((page.result() for page in asked), Counter[int]())
        assert answers[200] > 8
        assert set(answers) <= {200, 503}
        assert "Traceback" not in server.log.read_text()


@pytest.mark.parametrize("kind", ["daphne", "uvicorn"])
async def test_a_long_answer_under_way_comes_to_its_end(tmp_path: Path, kind: str) -> None:
    """It is longer than what the system keeps for a peer that reads slowly."""
    with Server(data_dir=tmp_path / "data", server=kind) as server:
        programs = Programs(server)
        notes = [{"id": f"n{at}", "kind": "note", "x": at, "y": 0, "description": "word " * 160} for at in range(8_000)]
        long = programs.call(programs.owner, "POST", "/flows", {"title": "Long", "nodes": notes})["id"]
        watching = await connect_to(server.socket_url, programs.owner, programs.flow)
        with closing(socket.create_connection(("127.0.0.1", server.port), timeout=30)) as program:
            request = f"GET /api/v1/flows/{long} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n"
            program.sendall(f"{request}Authorization: Bearer {programs.owner}\r\n\r\n".encode())
            received = program.recv(65_536)
            ending = asyncio.create_task(asyncio.to_thread(server.terminate))
            assert await watching.closed() == 4412
            while piece := await asyncio.to_thread(program.recv, 1 << 20):
                received += piece
        assert await ending == 0
        assert len(json.loads(received.partition(b"\r\n\r\n")[2])["nodes"]) == len(notes)


@pytest.mark.parametrize("kind", ["daphne", "uvicorn"])
def test_a_save_that_the_database_does_not_let_through_is_cut_and_never_half_there(tmp_path: Path, kind: str) -> None:
    """SQLite makes a writer wait for 20 s; an operator who stops the process does not wait as long."""
    with Server(data_dir=tmp_path / "data", server=kind) as server:
        programs = Programs(server)
        with held(server.data_dir / "helix.sqlite3"), closing(HTTPConnection("127.0.0.1", server.port)) as program:
            program.request("GET", "/healthz")
            assert program.getresponse().read()
            add = {"kind": "add_node", "node": {"id": "cut", "kind": "agent", "x": 0, "y": 0}}
            program.request(
                "POST",
                f"/api/v1/flows/{programs.flow}/operations",
                json.dumps({"operations": [add]}),
                {"Authorization": f"Bearer {programs.owner}", "Content-Type": "application/json"},
            )
            assert server.terminate() == 1
            assert "ended_by_force" in server.log.read_text()
            assert not was_acknowledged(program)
        server.start()
        assert list(logged(programs)) == [1]
        assert server.verify().returncode == 0


def was_acknowledged(program: HTTPConnection) -> bool:
    """Say whether the answer that is due came, and said yes."""
    try:
        return program.getresponse().status < 300
    except (HTTPException, OSError):
        return False


def ask_until_nobody_answers(server: Server, under_way: Event) -> Counter[int]:
    """Ask for a page again and again over a connection that is kept; count the answers by their status."""
    answers: Counter[int] = Counter()
    with httpx.Client(base_url=server.url, timeout=60) as page:
        try:
            while True:
                answers[page.get("/accounts/login/").status_code] += 1
                under_way.set()
        except httpx.TransportError:
            return answers


@contextmanager
def held(database: Path) -> Iterator[None]:
    """Keep a transaction open that lets nobody else write."""
    with closing(sqlite3.connect(database, isolation_level=None)) as rival:
        rival.execute("BEGIN IMMEDIATE")
        yield
        rival.execute("ROLLBACK")
