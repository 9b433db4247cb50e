"""The tools of one agent, from all the servers that it chose.

A server that cannot be reached fails the task; what goes wrong inside a tool is told to the model, which may mend it.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Final

from flows.expressions import Json
from runs.models import ToolServer
from runs.providers.health import let_another, may_call, note_answer, note_failure
from runs.providers.values import FAIR_SECONDS, Tool
from runs.tools.servers import called, connecting, key_of, listed, secrets_of
from runs.tools.sessions import Broken, Unheard, sessions
from web.deferred_translation import kept as _

OnCancel = Callable[[Callable[[], None]], None]
_NOT_IN_NAMES: Final = re.compile(r"[^A-Za-z0-9_-]")
LONGEST_NAME: Final = 64
ENDED: Final = {"timeout": _("it took too long"), "cancelled": _("the run was cancelled")}
"""How a call ended from here."""


class ToolFailure(Exception):  # noqa: N818  (a result)
    """The tools are not there; `is_retryable` tells whether they may be, later."""

    def __init__(self, message: str, *, is_retryable: bool = True) -> None:
        super().__init__(message)
        self.message = message
        self.is_retryable = is_retryable


@dataclass(frozen=True, slots=True)
class ToolResult:
    """What a tool gave, as a model reads it."""

    text: str
    is_error: bool = False


@dataclass(frozen=True, slots=True)
class Toolbox:
    """What an agent may call: tools under names of their own, each with its server and its name there."""

    tools: Sequence[Tool] = ()
    places: Mapping[str, tuple[ToolServer, str]] = field(default_factory=dict)
    on_cancel: OnCancel = lambda end: None

    def call(self, name: str, arguments: Mapping[str, Json], *, seconds: float, key: str) -> ToolResult:
        """Call a tool; what goes wrong in it is a result too. Raises `ToolFailure` if its server is gone."""
        if name not in self.places:
            return ToolResult(_("There is no tool “{name}”.").format(name=name[:100]), is_error=True)
        row, there = self.places[name]
        secrets = secrets_of(row)
        work = partial(called, name=there, arguments=arguments, seconds=seconds, key=key, secrets=secrets)
        try:
            text, is_error = sessions().call(
                key_of(row), connecting(row), work, seconds=seconds + 1, on_cancel=self.on_cancel
            )
        except Unheard as unheard:
            return ToolResult(unheard.text, is_error=True)
        except Broken as broken:
            if broken.counts:
                note_failure(row)
            raise _failure(row, broken) from None
        return ToolResult(text, is_error)


def open_toolbox(ids: Sequence[str], *, seconds: float, on_cancel: OnCancel = lambda end: None) -> Toolbox:
    """Return the tools of servers by their ids. Raises `ToolFailure`."""
    rows = ToolServer.objects.in_bulk(list(ids))
    tools, places = list[Tool](), dict[str, tuple[ToolServer, str]]()
    for id in dict.fromkeys(ids):
        if (row := rows.get(id)) is None:
            text = _("There is no tool server “{id}”.").format(id=id[:100])
            raise ToolFailure(text, is_retryable=False)
        for tool in tools_of(row, seconds=seconds, on_cancel=on_cancel):
            name = _free_name(tool.name, row.pk, places)
            places[name] = row, tool.name
            tools.append(replace(tool, name=name))
    return Toolbox(tools, places, on_cancel)


def tools_of(row: ToolServer, *, seconds: float, on_cancel: OnCancel = lambda end: None) -> list[Tool]:
    """Return what a server offers; a session that broke meanwhile is opened once more. Raises `ToolFailure`.

    Only what says something of the server is held against it, since all share it (`runs.providers.health`).
    """
    if not may_call(row, is_fair=seconds >= FAIR_SECONDS):
        raise ToolFailure(_("{title} failed lately and is left alone for a moment.").format(title=row.title))
    broken = Broken("")
    for _try in range(2):
        try:
            found = sessions().call(key_of(row), connecting(row), listed, seconds=seconds, on_cancel=on_cancel)
        except Broken as failed:
            broken = failed
            if broken.why in ENDED:
                break
        else:
            note_answer(row)
            return found
    if broken.counts:
        note_failure(row)
    else:
        let_another(row)
    raise _failure(row, broken)


def _free_name(name: str, server: str, taken: Mapping[str, object]) -> str:
    """Return a name that models take and no other tool has."""
    plain = _NOT_IN_NAMES.sub("_", name)[:LONGEST_NAME] or "tool"
    if plain in taken:
        plain = _NOT_IN_NAMES.sub("_", f"{server}__{name}")[:LONGEST_NAME]
    number = 2
    free = plain
    while free in taken:
        free, number = f"{plain[: LONGEST_NAME - 4]}_{number}", number + 1
    return free


def _failure(row: ToolServer, broken: Broken) -> ToolFailure:
    why = ENDED.get(broken.why, broken.why)
    return ToolFailure(_("{title} does not answer: {why}").format(title=row.title, why=why))
