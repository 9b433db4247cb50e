"""Helix, as shipped, with the moment of its death, the length of its seconds or its time of day chosen by a test.

`python -m tests.faults.failing kill=POINT:N set=MODULE.NAME:NUMBER clock=SECONDS … -- up …` wraps the product's own
functions from outside, then runs the ordinary command line. `kill` ends the process by SIGKILL when POINT is reached
for the Nth time; `set` shortens one of the product's periods; `clock` lets what reads the time of day be wrong by so
much. Nothing in the product knows of this.
"""

import os
import signal
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta, tzinfo
from importlib import import_module
from itertools import count
from typing import Any

import jwt
from django.utils import timezone


@dataclass(frozen=True, slots=True)
class Point:
    """A call in the product, by where its name is looked up; we die before or after it."""

    owner: str
    name: str
    before: bool = False


POINTS = {
    "before the transaction": Point("sessions.live.commits", "commit", before=True),
    "rows written, not committed": Point("flows.commands.group_commit", "write_rows"),
    "log written, not committed": Point("flows.commands.group_commit", "append"),
    "all written, not committed": Point("flows.commands.group_commit.GroupCommit", "write"),
    "committed, nobody told": Point("sessions.live.commits", "commit"),
    "before the hint": Point("sessions.live.commits", "hint_changed", before=True),
    "others told, author not": Point("sessions.live.session.LiveSession", "follow"),
    "author told": Point("sessions.live.commits", "answer_all"),
    "REST: committed, not answered": Point("flows.api.edits.commands", "submit"),
}
"""Where a save can be cut off, in the order in which it gets there."""


def kill_at(point: Point, number: int) -> None:
    """Let the process die when the point is reached for the `number`th time."""
    owner = _find(point.owner)
    real: Callable[..., Any] = getattr(owner, point.name)
    calls = count(1)

    def wrapped(*arguments: Any, **options: Any) -> Any:
        is_last = next(calls) == number
        if is_last and point.before:
            os.kill(os.getpid(), signal.SIGKILL)
        result = real(*arguments, **options)
        if is_last and hasattr(result, "__await__"):
            return _die_after(result)
        if is_last:
            os.kill(os.getpid(), signal.SIGKILL)
        return result

    setattr(owner, point.name, wrapped)


async def _die_after(result: Any) -> None:
    await result
    os.kill(os.getpid(), signal.SIGKILL)


def change(setting: str) -> None:
    """Set a number of a module: `sessions.live.clock.CHECK_SECONDS:1`."""
    path, _, value = setting.partition(":")
    module, _, name = path.rpartition(".")
    owner = _find(module)
    assert isinstance(getattr(owner, name), float | int), path
    setattr(owner, name, float(value))


def shift(seconds: float) -> None:
    """Let the time of day be another one."""
    time_of_day, now, ahead = time.time, timezone.now, timedelta(seconds=seconds)
    time.time = lambda: time_of_day() + seconds
    timezone.now = lambda: now() + ahead

    class Shifted(datetime):
        @classmethod
        def now(cls, tz: tzinfo | None = None) -> datetime:  # type: ignore[override]
            return datetime.now(tz) + ahead

    jwt.api_jwt.datetime = Shifted  # type: ignore[misc]


def _find(path: str) -> Any:
    """Return a module, or something inside one."""
    try:
        return import_module(path)
    except ModuleNotFoundError:
        outer, _, name = path.rpartition(".")
        return getattr(_find(outer), name)


def _prepare(wanted: list[str]) -> None:
    for one in wanted:
        kind, _, value = one.partition("=")
        if kind == "kill":
            point, _, number = value.rpartition(":")
            kill_at(POINTS[point], int(number))
        elif kind == "clock":
            shift(float(value))
        else:
            change(value)


def main(arguments: list[str]) -> None:
    """Do as asked once Django is set up, for before that nothing of ours can be imported."""
    from helix import cli

    split = arguments.index("--")
    wanted, sys.argv = arguments[:split], ["helix", *arguments[split + 1 :]]
    set_up = cli.set_up_django

    def set_up_and_prepare() -> None:
        set_up()
        import helix.asgi  # noqa: F401  (the application, with all it imports)

        _prepare(wanted)

    cli.set_up_django = set_up_and_prepare
    cli.main()


if __name__ == "__main__":
    main(sys.argv[1:])
