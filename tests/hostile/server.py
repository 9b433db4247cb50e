"""What the driver may ask of a server, be it the model or the real one."""

import random
from typing import Protocol

from tests.hostile.device import Frame
from tests.hostile.evidence import Evidence
from tests.hostile.network import Remote


class Server(Protocol):
    """A few processes over one database, with one flow; `people` are those who may edit it."""

    people: list[int]
    processes: int

    async def connect(self, actor: int, process: int) -> Remote:
        """Open a connection."""
        ...

    async def canvas(self, actor: int) -> Frame:
        """Fetch the whole flow as HTML: `version`, `digest`, `html`."""
        ...

    async def work(self, rng: random.Random) -> None:
        """Do something of what there is to do, or not."""
        ...

    async def crash(self, process: int, rng: random.Random) -> None:
        """Kill a process, at whatever it is doing, and start it again."""
        ...

    async def settle(self) -> None:
        """Answer all that was asked, and tell everybody everything."""
        ...

    async def evidence(self, since: int) -> Evidence:
        """Show what there is; of the log what follows `since`, and that entry itself."""
        ...
