"""Which way is in use is known, and a slow reader costs nobody anything on any of them."""

import asyncio
import json
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from websockets.asyncio.client import ClientConnection, connect

from helix import daphne_wire, uvicorn_wire
from helix.wire import has_short_way
from tests.servers import ROOT, Server

WAYS = [("daphne", True), ("daphne", False), ("uvicorn", True), ("uvicorn", False)]
PATIENCE = 60.0


@pytest.mark.parametrize("tested", [daphne_wire.TESTED, uvicorn_wire.TESTED])
def test_what_was_tested_is_what_is_locked(tested: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> None:
    locked = (ROOT / "requirements.lock").read_text().splitlines()
    for name, number in tested.items():
        assert any(line.startswith(f"{name}=={number} ") for line in locked), name
    assert has_short_way(tested)
    assert not has_short_way({**tested, name: "0.1"})
    monkeypatch.setenv("HELIX_SHORT_WAY", "0")
    assert not has_short_way(tested)


@pytest.fixture(params=WAYS, ids=lambda way: f"{way[0]}-{'short' if way[1] else 'ordinary'}")
def server(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Server]:
    name, short = request.param
    environment = {"HELIX_LIMIT_UNSEEN_BYTES": "20000", "HELIX_SHORT_WAY": "" if short else "0"}
    with Server(server=name, data_dir=tmp_path / "data", environment=environment) as one:
        assert ('"way": "short"' if short else '"way": "ordinary"') in one.log.read_text()
        yield one


async def test_a_viewer_closes_no_slow_reader(server: Server) -> None:
    """Vera does all she may; one who reads nothing meanwhile is not closed, and hears at last how things are."""
    alice, vera = await register(server, "alice"), await register(server, "vera")
    ids = [f"{number:064d}" for number in range(100)]
    async with httpx.AsyncClient(base_url=server.url, headers={"Authorization": f"Bearer {alice}"}) as client:
        nodes = [{"id": id, "kind": "agent", "x": 0, "y": 0} for id in ids]
        flow = (await client.post("/api/v1/flows", json={"title": "Slow", "nodes": nodes})).json()["id"]
        await client.post(f"/api/v1/flows/{flow}/members", json={"email": "vera@x.example", "role": "viewer"})
    async with (
        asyncio.timeout(PATIENCE),
        enter(server, alice, flow) as quick,
        enter(server, alice, flow) as slow,
        enter(server, vera, flow) as viewer,
    ):
        for number, connection in enumerate((quick, slow, viewer)):
            await hello(connection, f"client-{number}")
        slow.transport.pause_reading()
        for number in range(30):
            selection = ids[number:][:50]
            await viewer.send(json.dumps({"type": "presence", "cursor": [number, 0], "selection": selection}))
            await cursor_at(quick, number)
        slow.transport.resume_reading()
        assert await cursor_at(slow, 29) > 20_000, "it never passed the bound"


async def cursor_at(connection: ClientConnection, x: int) -> int:
    """Read until somebody's cursor is there; return how many bytes that was."""
    size = 0
    while True:
        text = str(await connection.recv())
        size += len(text)
        states = json.loads(text).get("states", {})
        if any(state.get("cursor") == [x, 0] for state in states.values()):
            return size


def enter(server: Server, token: str, flow: str) -> connect:
    headers = {"Authorization": f"Bearer {token}"}
    return connect(f"{server.socket_url}/ws/flows/{flow}/", additional_headers=headers, compression=None)


async def hello(connection: ClientConnection, client: str) -> None:
    await connection.send(json.dumps({"type": "hello", "protocol": 1, "client": client, "format": "json"}))
    while json.loads(await connection.recv())["type"] != "welcome":
        pass


async def register(server: Server, name: str) -> str:
    async with httpx.AsyncClient(base_url=server.url) as client:
        account = {"email": f"{name}@x.example", "password": "correct horse battery", "name": name}
        await client.post("/api/v1/auth/register", json=account)
        login = {"email": account["email"], "password": account["password"]}
        answer = await client.post("/api/v1/auth/token", json=login)
        return str(answer.json()["access"])
