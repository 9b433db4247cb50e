"""What a disturber costs the others: their p95 beside before, and the server's memory when the disturber is gone.

`python -m bench.disturbance` prints one line for each server and each way to disturb. Gates: p95 within twice of
before (or within `FLOOR`, where noise decides), memory within 20 MiB. The disturber is a process of its own, so that
only the server is shared with it.
"""

import asyncio
import json
import sys
from contextlib import suppress
from time import perf_counter

from tests.faults.disturbers import add_heavy, flood, heavy, memory, operation_of, silent_reader
from tests.programs import Programs
from tests.servers import Server
from tests.sessions.client import Client, connect_to

SAMPLES = 400
PAUSE = 0.02
FLOOR = 50.0
"""Milliseconds below which a delay is not noticed."""

FLOODS: dict[str, str | bytes] = {
    "1,000 × 100 KB": "x" * 100_000,
    "1,000 × 60 KB, no frames": "x" * 60_000,
    "1,000 × 60 KB, operations": operation_of(60_000),
    "1,000 pings": json.dumps({"type": "ping"}),
}
SILENT = "20 who do not read"


async def disturb(way: str, url: str, token: str, flow: str) -> None:
    """Disturb, once a second, until the process is ended."""
    while True:
        await asyncio.sleep(1)
        with suppress(Exception):  # however it is parted with, it comes back
            if way == SILENT:
                silent = [await silent_reader(url, token, flow) for _ in range(18)]
                await asyncio.sleep(5)
                for client in silent:
                    client.wire._connection.transport.abort()  # type: ignore[attr-defined]
            else:
                client = await connect_to(url, token, flow)
                await client.hello()
                await flood(client, FLOODS[way])
                await client.leave()


async def p95(neighbour: Client, *, is_heavy: bool) -> float:
    """Return within how many milliseconds nineteen of twenty edits are acknowledged."""
    seconds = []
    for number in range(SAMPLES):
        edit = heavy(number) if is_heavy else {"kind": "edit_flow", "set": {"title": f"{perf_counter()}"}}
        begun = perf_counter()
        answer = await neighbour.do(edit)
        seconds.append(perf_counter() - begun)
        if answer["type"] != "acked":
            raise RuntimeError(answer)
        await asyncio.sleep(PAUSE)
    return sorted(seconds)[int(0.95 * SAMPLES)] * 1000


async def measure(server: Server, way: str) -> str:
    """Measure one way to disturb, and return its line."""
    programs = await asyncio.to_thread(Programs, server)
    stranger = await asyncio.to_thread(programs.editor)
    neighbour = await connect_to(server.socket_url, programs.owner, programs.flow)
    await neighbour.hello()
    await neighbour.do(add_heavy())
    is_heavy, pid = way == SILENT, server.process.pid
    await p95(neighbour, is_heavy=is_heavy)
    before, held = await p95(neighbour, is_heavy=is_heavy), memory(pid)
    arguments = ["-m", "bench.disturbance", way, server.socket_url, stranger, str(programs.flow)]
    disturber = await asyncio.create_subprocess_exec(sys.executable, *arguments)
    await neighbour.until(lambda: len(neighbour.people) > 1)
    during, peak = await p95(neighbour, is_heavy=is_heavy), memory(pid)
    disturber.kill()
    await disturber.wait()
    with suppress(TimeoutError):
        await neighbour.until(lambda: len(neighbour.people) == 1)
    await neighbour.settle()
    grown = memory(pid) - held
    await neighbour.leave()
    well = (during <= 2 * before or during <= FLOOR) and grown <= 20
    return (
        f"{way:<26} p95 {before:6.1f} → {during:6.1f} ms ({during / before:4.1f}×)   "
        f"memory {held:6.1f} → {peak:6.1f} MiB, then {grown:+5.1f}   {'met' if well else 'MISSED'}"
    )


async def main() -> None:
    """Measure every way on both servers."""
    for name in ("daphne", "uvicorn"):
        with Server(server=name, own_python=True) as server:
            for way in (*FLOODS, SILENT):
                print(f"{name:<8} {await measure(server, way)}", flush=True)


if __name__ == "__main__":
    asyncio.run(disturb(*sys.argv[1:]) if sys.argv[1:] else main())
