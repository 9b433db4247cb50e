"""Machines that reach a PostgreSQL by a line which can be cut: silent, nothing refused, nothing reset.

With `namespaces` each has a network of its own, for which one must be root on Linux; with `proxies` the line goes
through a `Proxy` alone.
"""

import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol
from urllib.parse import parse_qs, urlsplit

from tests.proxy import Proxy


class Machine(Protocol):
    """Where a worker is started: by which command, with which database."""

    inside: tuple[str, ...]
    database_url: str

    def cut(self) -> None:
        """Let nothing pass any more."""

    def mend(self) -> None:
        """Let all pass again."""


@dataclass(frozen=True, slots=True)
class Proxied:
    """A machine that is this one, but for its line."""

    proxy: Proxy
    database_url: str
    inside: tuple[str, ...] = ()

    def cut(self) -> None:
        """Pass nothing."""
        self.proxy.pause()

    def mend(self) -> None:
        """Pass what was held back, and all that follows."""
        self.proxy.resume()


@dataclass(frozen=True, slots=True)
class Namespace:
    """A network namespace, joined to ours by a pair of interfaces."""

    name: str
    database_url: str

    @property
    def inside(self) -> tuple[str, ...]:
        """The command that runs another inside."""
        return ("ip", "netns", "exec", self.name)

    def cut(self) -> None:
        """Take our end of the line down."""
        _ip("link", "set", self.name, "down")

    def mend(self) -> None:
        """Bring it up again."""
        _ip("link", "set", self.name, "up")


def has_namespaces() -> bool:
    """Tell whether namespaces can be made here."""
    if shutil.which("ip") is None or os.geteuid() != 0:
        return False
    name = f"helix{os.getpid()}"
    made = subprocess.run(["ip", "netns", "add", name], capture_output=True, check=False)
    if made.returncode == 0:
        _ip("netns", "del", name)
    return made.returncode == 0


@contextmanager
def proxies(database_url: str, count: int) -> Iterator[list[Machine]]:
    """Lend machines with a line each through a proxy."""
    with ExitStack() as stack:
        lines = [stack.enter_context(Proxy(_socket(database_url))) for _ in range(count)]
        yield [Proxied(line, _over_tcp(database_url, "127.0.0.1", line.port)) for line in lines]


@contextmanager
def namespaces(database_url: str, count: int) -> Iterator[list[Machine]]:
    """Lend machines with a network each; the database is behind a port of ours, since it listens to no network."""
    with ExitStack() as stack:
        port = stack.enter_context(Proxy(_socket(database_url), host="0.0.0.0")).port
        yield [_namespace(stack, number, database_url, port) for number in range(count)]


def _namespace(stack: ExitStack, number: int, database_url: str, port: int) -> Machine:
    name, net = f"hx{os.getpid()}n{number}"[-15:], f"10.77.{number}"
    _ip("netns", "add", name)
    stack.callback(_ip, "netns", "del", name)
    _ip("link", "add", name, "type", "veth", "peer", "name", "eth0", "netns", name)
    _ip("address", "add", f"{net}.1/30", "dev", name)
    _ip("link", "set", name, "up")
    for command in (
        ("address", "add", f"{net}.2/30", "dev", "eth0"),
        ("link", "set", "eth0", "up"),
        ("link", "set", "lo", "up"),
    ):
        _ip("-n", name, *command)
    return Namespace(name, _over_tcp(database_url, f"{net}.1", port))


def _socket(database_url: str) -> Path:
    """Return the Unix socket of a database's address."""
    return Path(parse_qs(urlsplit(database_url).query)["host"][0]) / ".s.PGSQL.5432"


def _over_tcp(database_url: str, host: str, port: int) -> str:
    given = urlsplit(database_url)
    return f"postgresql://{given.username}@{host}:{port}{given.path}"


def _ip(*arguments: str) -> None:
    subprocess.run(["ip", *arguments], check=True, capture_output=True)
