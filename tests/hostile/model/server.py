"""Two model processes over one disk."""

import random

from flows.document import DEFAULT_LIMITS, Document, apply
from flows.rendering import whole
from flows.submission import ChangeHead
from tests.hostile.beginning import creation
from tests.hostile.device import Frame
from tests.hostile.evidence import Evidence, Held
from tests.hostile.model.disk import Disk
from tests.hostile.model.process import Connection, Process
from tests.hostile.server import Server

MOST_AT_ONCE = 5


class Model(Server):
    """A server that is a value, and does nothing by itself."""

    def __init__(self) -> None:
        self.people = [1, 2, 3]
        self.disk = Disk()
        outcome = apply(Document(), creation(), DEFAULT_LIMITS)
        self.disk.write([(ChangeHead(1, 1, None, None, "api"), outcome)], {})
        self._running = [Process(self.disk, from_snapshot=False) for _ in range(2)]
        self.processes = len(self._running)

    async def connect(self, actor: int, process: int) -> Connection:
        """Open a connection."""
        return Connection(self._running[process], actor)

    async def canvas(self, actor: int) -> Frame:
        """Fetch the whole flow as HTML."""
        process = Process(self.disk, from_snapshot=False)
        return {"version": process.version, "digest": process.digest, "html": whole(process.document).decode()}

    async def work(self, rng: random.Random) -> None:
        """Do something of what there is to do, or not."""
        process = rng.choice(self._running)
        match rng.randrange(10):
            case 0 | 1 | 2 | 3:
                process.commit(rng.randint(1, MOST_AT_ONCE))
            case 4 | 5 | 6 | 7:
                process.flush()
            case 8:
                process.look()
            case 9 if rng.random() < 0.3:
                process.keep_snapshot()

    async def crash(self, process: int, rng: random.Random) -> None:
        """Kill a process: idle, before it wrote what waits, or after that and before it told anybody."""
        dying = self._running[process]
        if dying.inbox and rng.random() < 0.5:
            dying.write(dying.inbox[: rng.randint(1, MOST_AT_ONCE)])
        for connection in list(dying.connections):
            connection.cut()
        self.disk.reopen()
        self._running[process] = Process(self.disk, from_snapshot=rng.random() < 0.7)

    async def settle(self) -> None:
        """Answer all that was asked, and tell everybody everything."""
        for process in self._running:
            while process.inbox:
                process.commit(MOST_AT_ONCE)
        for process in self._running:
            process.look()
            process.flush()

    async def evidence(self, since: int) -> Evidence:
        """Show what there is."""
        held = [
            Held(f"process {number}", process.version, process.digest, process.document)
            for number, process in enumerate(self._running)
        ]
        held += [
            Held(f"snapshot {version}", version, snapshot.digest, snapshot.read())
            for version, snapshot in self.disk.snapshots.items()
        ]
        answers = {
            name: (version, getattr(answer, "code", "")) for name, (version, answer) in self.disk.answers.items()
        }
        return Evidence(self.disk.log[max(since - 1, 0) :], held, answers)
