"""Servers to compare with: those of others, from npm, in their default configuration; and one that does nothing."""

import json
import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from bench import helix_person
from bench.broadcast import Echoing
from bench.measure import Journal
from bench.process import Program, free_port
from bench.yjs_person import YjsPerson, read

FOLDER = Path(__file__).parent
MODULES = FOLDER / "node_modules"
DOCUMENT = "flow"
PACKAGES = {"hocuspocus": "@hocuspocus/server", "y-websocket": "@y/websocket-server"}


class Peer:
    """One of the others: how to start it, and how to be a person there."""

    def __init__(self, name: str, folder: Path) -> None:
        self.version = json.loads((MODULES / PACKAGES[name] / "package.json").read_text())["version"]
        self.name = f"{name} {self.version}"
        self.document = DOCUMENT if name == "hocuspocus" else ""
        script = FOLDER / "peers/hocuspocus.mjs" if name == "hocuspocus" else MODULES / PACKAGES[name] / "src/server.js"
        port = free_port()
        environment = os.environ | {"PORT": str(port), "HOST": "127.0.0.1", "NODE_ENV": "production"}
        self._program = Program(["node", str(script)], port=port, folder=folder, environment=environment)

    def __enter__(self) -> "Peer":
        self.usage = self._program.__enter__().usage
        return self

    def __exit__(self, *_: object) -> None:
        self._program.stop()

    def journal(self) -> Journal:
        """Return an empty journal that reads this protocol."""
        return Journal(read)

    def person(self, number: int, journal: Journal) -> YjsPerson:
        """Return a person who has not joined yet."""
        return YjsPerson(number, journal, url=self._program.socket_url, document=self.document)

    def check(self, people: Sequence[YjsPerson]) -> None:
        """Raise `AssertionError` unless the document holds what these people wrote last."""
        wanted = {key: {"x": x, "y": y, "mark": mark} for one in people for key, (x, y, mark) in one.last.items()}
        assert self.nodes() == wanted, f"{self.name} does not hold what was written"

    def nodes(self) -> dict[str, dict[str, object]]:
        """Read the document back with Yjs itself."""
        url = self._program.socket_url
        arguments = [url, self.document] if self.document else [f"{url}/{DOCUMENT}"]
        output = subprocess.run(["node", FOLDER / "peers/state.mjs", *arguments], capture_output=True, check=True)
        nodes: dict[str, dict[str, object]] = json.loads(output.stdout)
        return nodes


class Broadcaster:
    """The server that only passes frames on; its people put `changes` edits into each."""

    def __init__(self, folder: Path, changes: int) -> None:
        self.name = f"broadcast of {changes}"
        self._changes = changes
        port = free_port()
        command = [sys.executable, "-m", "bench.broadcast", str(port)]
        environment = os.environ | {"PYTHONPATH": str(FOLDER.parent)}
        self._program = Program(command, port=port, folder=folder, environment=environment)

    def __enter__(self) -> "Broadcaster":
        self.usage = self._program.__enter__().usage
        return self

    def __exit__(self, *_: object) -> None:
        self._program.stop()

    def journal(self) -> Journal:
        """Return an empty journal that reads our protocol."""
        return Journal(helix_person.read)

    def person(self, number: int, journal: Journal) -> Echoing:
        """Return a person who has not joined yet."""
        return Echoing(number, journal, url=self._program.socket_url, changes=self._changes)


def installed() -> bool:
    """Tell whether `bench/install` has been run."""
    return MODULES.exists()
