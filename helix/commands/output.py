"""What commands print: text for people, JSON for programs, and how a command ends."""

import json
import os
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import wraps
from typing import Any, ParamSpec

import typer

P = ParamSpec("P")
INTERRUPTED, BROKEN_PIPE = 130, 141
"""As shells tell of SIGINT and SIGPIPE."""
LONGEST_VALUE = 60


def command(work: Callable[P, None]) -> Callable[P, None]:
    """Let a command end in one sentence for what is expected, and quietly for Ctrl+C and a reader that has gone."""

    @wraps(work)
    def whole(*args: P.args, **kwargs: P.kwargs) -> None:
        from helix.commands.api import CommandError

        try:
            work(*args, **kwargs)
            sys.stdout.flush()
        except CommandError as error:
            say(error.message)
            raise typer.Exit(error.status) from None
        except KeyboardInterrupt:
            raise typer.Exit(INTERRUPTED) from None
        except BrokenPipeError:
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # the interpreter flushes once more
            raise typer.Exit(BROKEN_PIPE) from None

    return whole


def say(message: str) -> None:
    """Tell a person something that is no result."""
    typer.echo(plain(message), err=True)


def show(line: str = "", **style: Any) -> None:
    """Print a line of the result, in colours on a terminal."""
    typer.secho(plain(line), **style)


def show_json(value: object) -> None:
    """Print a result for programs."""
    typer.echo(json.dumps(value, ensure_ascii=False, indent=2))


def plain(text: str) -> str:
    """Return a text that does nothing to a terminal: whatever cannot be seen is spelled out."""
    return "".join(one if one.isprintable() else one.encode("unicode_escape").decode() for one in text)


def short(value: object) -> str:
    """Return a value on one line, so much of it as is useful."""
    text = json.dumps(value, ensure_ascii=False, default=list)
    return text if len(text) <= LONGEST_VALUE else f"{text[: LONGEST_VALUE - 1]}…"


@contextmanager
def working(what: str) -> Iterator[None]:
    """Show on a terminal that something long is under way."""
    if not sys.stderr.isatty():
        yield
        return
    from rich.console import Console
    from rich.markup import escape

    with Console(stderr=True).status(escape(plain(what))):
        yield


def tell_report(name: str, report: Mapping[str, Any]) -> None:
    """Tell what an import or export could not keep as it was."""
    for word in ("dropped", "approximated"):
        for one in report.get(word, ()):
            where = f" {one['where']}" if one["where"] else ""
            count = f" ({one['count']} times)" if one.get("count", 1) > 1 else ""
            say(f"{name}: {word} {one['what']}{where}: {one['why']}{count}")
