"""`python -m bench.memory`: what a flow costs the process that serves it, by the doors through which it is opened.

KB a node that the server's resident memory grows by when a flow of 10,000 nodes is first joined; after its page, REST
and the socket, nine times each; and after its canvas as well. Then flows of 1,000 nodes are opened and left one after
the other: how much larger the process is in the end than after the first few. Memory hardly depends on how busy the
machine is.
"""

import argparse
import asyncio
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

import uvloop

from bench import opening
from bench.helix_server import HelixServer, Setup

NODES = 10_000
TIMES = 9
SMALL, FIRST = 1_000, 10
FLOWS = 100
SETTLED = 1.0
ENDED = 8.0
"""Seconds until an empty session has ended."""
GATES = {"first join": 1.2, "page, REST and socket": 2.0, "and canvas": 2.5}


@dataclass(frozen=True, slots=True)
class Growth:
    """KB a node after each door, and the growth of the process over the flows that were opened and left."""

    doors: dict[str, float]
    left: float


async def measure(setup: Setup, folder: Path, flows: int) -> Growth:
    """Measure one setup."""
    doors = await by_doors(setup, folder)
    return Growth(doors, await opened_and_left(setup, folder, flows))


async def by_doors(setup: Setup, folder: Path) -> dict[str, float]:
    """Open a large flow by one door after the other; another one was opened by all of them before."""
    with HelixServer(setup, folder, people=2, flows=[100, NODES]) as server:
        await everything(server, 0, 1)
        await asyncio.sleep(SETTLED)
        before = server.usage.memory()
        grown = {}
        person = server.person(1, server.journal(), flow=1)
        await person.join()
        grown["first join"] = await growth(server, before)
        await everything(server, 1, TIMES, with_canvas=False)
        grown["page, REST and socket"] = await growth(server, before)
        await everything(server, 1, TIMES)
        grown["and canvas"] = await growth(server, before)
        person.socket.close()
        return grown


async def everything(server: HelixServer, flow: int, times: int, *, with_canvas: bool = True) -> None:
    """Fetch a flow's page and REST, join it, and fetch its canvas."""
    await opening.snapshots(server, flow, times)
    address = server.flows[flow]
    paths = [f"/flows/{address}/", f"/api/v1/flows/{address}", *[f"/flows/{address}/canvas"] * with_canvas]
    for path in paths:
        await asyncio.to_thread(opening.fetch, server, path, times)


async def growth(server: HelixServer, before: int) -> float:
    """Return by how many KB a node the server has grown, once it is calm."""
    await asyncio.sleep(SETTLED)
    return (server.usage.memory() - before) / 1024 / NODES


async def opened_and_left(setup: Setup, folder: Path, flows: int) -> float:
    """Open flows, each by all doors, and leave them; return the growth after the first few."""
    with HelixServer(setup, folder, people=1, flows=[SMALL] * flows) as server:
        before = 0
        for flow in range(flows):
            if flow == FIRST:
                await asyncio.sleep(ENDED)
                before = server.usage.memory()
            await everything(server, flow, 1)
        await asyncio.sleep(ENDED)
        return server.usage.memory() / before


def table(setup: Setup, found: Growth, flows: int) -> str:
    """Return the figures as Markdown."""
    rows = [f"| {setup}, {door} | {grown:.2f} KB a node | {GATES[door]} |" for door, grown in found.doors.items()]
    rows.append(f"| {setup}, {flows} flows of {SMALL} nodes opened and left | {found.left:.2f} × | 1.2 |")
    return "\n".join(["| what | measured | gate |", "| --- | ---: | ---: |", *rows])


def main(given: list[str] | None = None) -> None:
    """Measure what the command line asks for and print the table."""
    parser = argparse.ArgumentParser(prog="python -m bench.memory", description=__doc__)
    parser.add_argument("--server", default="uvicorn")
    parser.add_argument("--database", default="sqlite")
    parser.add_argument("--flows", type=int, default=FLOWS, help="how many are opened and left")
    parser.add_argument("--folder", type=Path, default=None)
    options = parser.parse_args(given)
    setup = Setup(server=options.server, database=options.database)
    with tempfile.TemporaryDirectory(prefix="helix-bench-", dir=options.folder, ignore_cleanup_errors=True) as folder:
        found = uvloop.run(measure(setup, Path(folder), options.flows))
    print(table(setup, found, options.flows))


if __name__ == "__main__":
    main(sys.argv[1:])
