"""The whole product as it is deployed: real server processes, a real Redis, a real PostgreSQL, programs over TCP."""

import asyncio
import random
import secrets
from contextlib import suppress
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.programs import Programs
from tests.servers import Server
from tests.sessions.client import Client, Closed, connect_to
from tests.sessions.replica import Replica


def random_operation(rng: random.Random, held: Replica) -> dict[str, Any]:
    """Make an operation that somebody who sees `held` might ask for; others may have been faster."""
    nodes, edges = list(held.nodes), list(held.edges)
    fresh = secrets.token_hex(4)
    if len(nodes) < 3 or rng.random() < 0.25:
        kind = rng.choice(["agent", "group", "note", "decision"])
        return {"kind": "add_node", "node": {"id": fresh, "kind": kind, "x": rng.randint(0, 999), "y": 0}}
    node, other = rng.choice(nodes), rng.choice(nodes)
    choices: list[dict[str, Any]] = [
        {"kind": "move_node", "id": node, "x": rng.randint(0, 999), "y": rng.randint(0, 999)},
        {"kind": "edit_node", "id": node, "set": {"label": fresh}},
        {"kind": "edit_node", "id": node, "set": {"parent": other}},
        {"kind": "resize_node", "id": node, "width": rng.randint(50, 500), "height": 100},
        {"kind": "add_edge", "edge": {"id": fresh, "source": node, "target": other}},
        {"kind": "remove_node", "id": node},
        {"kind": "edit_flow", "set": {"title": f"Shared {fresh}"}},
    ]
    if edges:
        choices += [{"kind": "remove_edge", "id": rng.choice(edges)}, {"kind": "remove_edge", "id": "gone"}]
    return rng.choice(choices)


async def test_fifty_programs_over_two_processes_end_alike(two_servers: tuple[Server, Server]) -> None:
    programs = Programs(two_servers[0])
    tokens = [programs.editor() for _ in range(5)]
    clients = [
        await connect_to(two_servers[number % 2].socket_url, tokens[number % 5], programs.flow) for number in range(50)
    ]
    for client in clients:
        await client.hello()

    async def edit(number: int, client: Client) -> list[dict[str, Any]]:
        rng = random.Random(number)
        return [await client.do(random_operation(rng, client.replica)) for _ in range(20)]

    async with asyncio.timeout(120):
        answers = await asyncio.gather(*(edit(number, client) for number, client in enumerate(clients)))
    acked = [answer for each in answers for answer in each if answer["type"] == "acked"]
    assert len(acked) > 300
    final = programs.call(programs.owner, "GET", f"/flows/{programs.flow}")
    for client in clients:
        await client.reach(final["version"])
        versions = [change["version"] for change in client.replica.changes]
        assert versions == list(range(versions[0], final["version"] + 1))
        assert client.replica.digest == clients[0].replica.digest
        assert client.replica.graph() == clients[0].replica.graph()
    held = clients[0].replica
    assert held.nodes == {node["id"]: node for node in final["nodes"]}
    assert held.edges == {edge["id"]: edge for edge in final["edges"]}
    named = {(change["client"], change["seq"]): change["version"] for change in held.changes}
    for client, each in zip(clients, answers, strict=True):
        for answer in each:
            logged = named.get((client.name, answer["seq"]))
            assert logged is None if answer["type"] == "refused" else logged in (answer["version"], None)
    assert two_servers[0].verify(programs.flow).returncode == 0
    for client in clients:
        await client.leave()


async def test_people_and_live_sessions_are_known_in_both_processes(two_servers: tuple[Server, Server]) -> None:
    programs = Programs(two_servers[0])
    here = await connect_to(two_servers[0].socket_url, programs.owner, programs.flow)
    there = await connect_to(two_servers[1].socket_url, programs.editor(), programs.flow)
    await here.hello()
    await there.hello()
    for one, other in ((here, there), (there, here)):
        await one.until(lambda one=one, other=other: other.session in one.people)  # type: ignore[misc]
    await there.send("presence", cursor=[3, 4])
    moved = await here.next("presence")
    assert moved["states"] == {there.session: {"cursor": [3, 4]}}
    headers = {"Authorization": f"Bearer {programs.owner}"}
    for server in two_servers:
        async with asyncio.timeout(10), httpx.AsyncClient(base_url=server.url, headers=headers) as api:
            while True:
                state = (await api.get(f"/api/v1/flows/{programs.flow}/session")).json()
                if state["count"] == 2:
                    break
        assert state["active"]
        assert state["version"] == 1
    await there.leave()
    await here.until(lambda: there.session not in here.people)
    await here.leave()


@pytest.mark.parametrize("kind", ["daphne", "uvicorn"])
async def test_a_process_that_never_had_a_socket_knows_what_is_live_elsewhere(
    two_servers: tuple[Server, Server], kind: str
) -> None:
    first = two_servers[0]
    environment = {"HELIX_SECRET_KEY": first.environment["HELIX_SECRET_KEY"]}
    programs = Programs(first)
    here = await connect_to(first.socket_url, programs.owner, programs.flow)
    await here.hello()
    headers = {"Authorization": f"Bearer {programs.owner}"}
    with Server(
        database_url=first.environment["HELIX_DATABASE_URL"],
        redis_url=first.environment["HELIX_REDIS_URL"],
        environment=environment,
        server=kind,
    ) as fresh:
        async with asyncio.timeout(30), httpx.AsyncClient(base_url=fresh.url, headers=headers) as api:
            while not (await api.get(f"/api/v1/flows/{programs.flow}/session")).json()["active"]:
                pass
    await here.leave()


async def test_a_write_by_rest_in_one_process_appears_in_the_other(two_servers: tuple[Server, Server]) -> None:
    programs = Programs(two_servers[0])
    there = await connect_to(two_servers[1].socket_url, programs.owner, programs.flow)
    await there.hello()
    node = {"id": "n", "kind": "agent", "x": 0, "y": 0}
    body = {"operations": [{"kind": "add_node", "node": node}]}
    programs.call(programs.owner, "POST", f"/flows/{programs.flow}/operations", body)
    await there.reach(2)
    assert there.replica.nodes.keys() == {"n"}
    programs.call(programs.owner, "DELETE", f"/flows/{programs.flow}")
    assert await there.closed() == 4404


@pytest.mark.parametrize("server", ["daphne", "uvicorn"])
async def test_nothing_acknowledged_is_lost_when_the_process_is_killed(tmp_path: Path, server: str) -> None:
    with Server(data_dir=tmp_path, server=server) as process:
        programs = Programs(process)
        client = await connect_to(process.socket_url, programs.owner, programs.flow)
        await client.hello()
        sent = {}
        for number in range(1, 400):
            operation = {"kind": "add_node", "node": {"id": f"n{number}", "kind": "note", "x": number, "y": 0}}
            sent[await client.operate(operation, number)] = operation
            if number == 200:
                await client.answer(150)
                process.kill()
                break
        assert await client.closed() in (1006, 1001)
        acked = {frame["seq"]: frame["version"] for frame in client.frames if frame["type"] == "acked"}
        assert len(acked) >= 150
        process.start()
        back = await connect_to(process.socket_url, programs.owner, programs.flow)
        back.replica = client.replica
        await back.hello(client=client.name)
        log = programs.call(programs.owner, "GET", f"/flows/{programs.flow}/changes?limit=1000")["items"]
        made = {item["version"]: item["operation"]["node"]["id"] for item in log if item["version"] > 1}
        for seq, version in acked.items():
            assert made[version] == f"n{seq}"
        for seq, operation in sent.items():
            answer = await back.do(operation, seq)
            assert answer["type"] == "acked"
            assert answer["version"] == acked.get(seq, answer["version"])
        await back.reach(201)
        assert back.replica.nodes.keys() == {f"n{number}" for number in range(1, 201)}
        await back.leave()
        assert process.verify(programs.flow).returncode == 0


@pytest.mark.parametrize("server", ["daphne", "uvicorn"])
async def test_a_process_that_ends_says_when_to_come_back(tmp_path: Path, server: str) -> None:
    with Server(data_dir=tmp_path, server=server) as process:
        programs = Programs(process)
        client = await connect_to(process.socket_url, programs.owner, programs.flow)
        await client.hello()
        ending = asyncio.create_task(asyncio.to_thread(process.terminate))
        assert await client.closed() == 4412
        assert await ending == 0


@pytest.mark.parametrize("server", ["daphne", "uvicorn"])
async def test_what_is_refused_is_refused_over_tcp_too(tmp_path: Path, server: str) -> None:
    from websockets.exceptions import InvalidStatus

    with Server(data_dir=tmp_path, server=server) as process:
        programs = Programs(process)
        with pytest.raises(InvalidStatus, match="403"):
            await connect_to(process.socket_url, programs.owner, programs.flow, origin="http://evil.example")
        with pytest.raises(InvalidStatus, match="403"):
            await connect_to(process.socket_url, programs.owner, "a/b")
        stranger = await connect_to(process.socket_url, programs.account(), programs.flow)
        assert await stranger.closed() == 4404
        nobody = await connect_to(process.socket_url, "nonsense", programs.flow)
        assert await nobody.closed() == 4401
        client = await connect_to(process.socket_url, programs.owner, programs.flow)
        await client.hello()
        for text in (b"", b"\x00", "", "{"):
            await client.wire.send(text)
            assert (await client.next("error"))["code"] == "invalid"
        assert (await client.settle()) is not None
        await client.wire.send("x" * 65537)
        assert await client.closed() == 4413
        flooder = await connect_to(process.socket_url, programs.owner, programs.flow)
        await flooder.hello()
        with suppress(Closed):  # how much goes out before the end is seen is the network's affair
            for _ in range(1000):
                await flooder.wire.send("x" * 100_000)
        assert await flooder.closed() in (4413, 1006)
