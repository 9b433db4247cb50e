"""Two real processes over the real database: what is asked of it is read from the rows."""

import asyncio
import random
from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING
from uuid import UUID

from asgiref.sync import sync_to_async
from django.test import Client
from django.urls import reverse

from accounts.principals import Person
from accounts.tokens import issue
from flows.access import Role
from flows.commands import create_flow, set_member
from flows.limits import current
from flows.parsing import parse_flow
from tests.hostile.beginning import EDGES, NODES, TITLE
from tests.hostile.device import Frame
from tests.hostile.evidence import Evidence, Held
from tests.hostile.real.connection import Connection
from tests.hostile.real.process import Process
from tests.hostile.real.rows import Rows
from tests.hostile.server import Server

if TYPE_CHECKING:
    from accounts.models import User


SHORT = {"catch_up": 12, "outbound_frame_bytes": 4_000}
"""Limits of one of the processes: it sends snapshots, in parts, where the other sends what was missed."""


class Real(Server):
    """The product, but for TCP. Its people must be in the database."""

    def __init__(self, people: Sequence["User"]) -> None:
        """Make the flow; call it where the database may be used."""
        owner, *others = people
        flow = create_flow(Person(owner.pk), parse_flow(title=TITLE, nodes=NODES, edges=EDGES), via="api")
        for person in others:
            set_member(Person(owner.pk), flow.pk, person=person.email, role=Role.EDITOR)
        self.flow_id: UUID = flow.pk
        self.people = [person.pk for person in people]
        self._limits = [current(), replace(current(), **SHORT)]
        self.processes = len(self._limits)
        self._tokens = {person.pk: issue(person).access for person in people}
        self._browsers = {person.pk: logged_in(person) for person in people}
        self._running: list[Process] = []
        self._rows = Rows(flow.pk)

    def start(self) -> None:
        """Start the processes, in the event loop that is to serve them."""
        self._running = [Process(self.flow_id, limits) for limits in self._limits]

    async def stop(self) -> None:
        """End them all."""
        for process in self._running:
            await process.kill()

    async def connect(self, actor: int, process: int) -> Connection:
        """Open a connection."""
        return await self._running[process].connect(self._tokens[actor])

    async def canvas(self, actor: int) -> Frame:
        """Fetch the whole flow as HTML, as a browser does."""
        address = reverse("flows:canvas", args=[self.flow_id])
        answer = await sync_to_async(self._browsers[actor].get)(address)
        assert answer.status_code == 200
        head = {"version": int(answer["X-Helix-Version"]), "digest": answer["X-Helix-Digest"]}
        return {**head, "html": answer.content.decode()}

    async def work(self, rng: random.Random) -> None:
        """Let the event loop run for some turns, or until there is nothing more to do."""
        if rng.random() < 0.5:
            await rng.choice(self._running).settle()
        else:
            for _ in range(rng.randint(1, 30)):
                await asyncio.sleep(0)

    async def crash(self, process: int, rng: random.Random) -> None:
        """Kill a process, restart it gently, or let its live session have a defect."""
        running = self._running[process]
        match rng.randrange(4):
            case 0:
                running.fail()
                return
            case 1:
                await running.restart()
            case _:
                await running.kill()
        self._running[process] = Process(self.flow_id, self._limits[process])

    async def settle(self) -> None:
        """Answer all that was asked, and tell everybody everything."""
        for _ in range(2):
            for process in self._running:
                await process.settle()

    async def evidence(self, since: int) -> Evidence:
        """Show what there is: what processes hold first, as the log only grows."""
        flows = [(number, one.session.replica) for number, one in enumerate(self._running) if one.session]
        held = [
            Held(f"process {number}", flow.version, flow.digest, flow.document.copy())
            for number, flow in flows
            if flow.version
        ]
        read = await sync_to_async(self._rows.read)(since)
        return Evidence(read.log, [*read.held, *held], read.answers)


def logged_in(person: "User") -> Client:
    """Return a browser in which somebody is logged in."""
    browser = Client()
    browser.force_login(person)
    return browser
