"""Tools that a skill may call: the function `call_tool(name, **arguments)` in its code, for the servers that it chose.

Each call is a checkpoint, by its number: code that is run again gets what it got, and calls nothing twice. What goes
wrong in a tool is raised in the code, as a RuntimeError; a server that does not answer fails the task.
"""

import time
from collections.abc import Mapping
from typing import Any, Final

from flows.expressions import Json
from runs.errors import TaskFailure
from runs.kinds.executor import Work
from runs.tools.toolbox import Toolbox, ToolFailure, open_toolbox
from web.deferred_translation import kept as _

MOST_CALLS: Final = 100


class SkillTools:
    """The tools of one attempt. `failure` is what ended the code from here, if anything did."""

    def __init__(self, work: Work, *, seconds: float) -> None:
        self._work, self._deadline = work, time.monotonic() + seconds
        self._toolbox: Toolbox | None = None
        self._calls = 0
        self._last_error: str | None = None
        self.failure: BaseException | None = None

    def functions(self) -> Mapping[str, Any]:
        """Return what the code may call; nothing where it chose no servers."""
        return {"call_tool": self.call} if self._servers() else {}

    def call(self, name: object, **arguments: Any) -> str:
        """Call a tool by its name, and return what it says. Whatever is raised here is raised in the code."""
        try:
            said, is_error = self._said(str(name), arguments)
        except BaseException as failure:
            self.failure = failure
            raise RuntimeError("no tools") from None
        if is_error:
            raise RuntimeError(said)
        return said

    def forget_error(self) -> None:
        """Call anew at the next try what answered with an error just before the code failed of it."""
        if self._last_error is not None:
            self._work.checkpoints.save(self._last_error, None)

    def _said(self, name: str, arguments: Mapping[str, Json]) -> tuple[str, bool]:
        self._calls += 1
        if self._calls > MOST_CALLS:
            raise TaskFailure("tool", _("The code called tools more than %(most)s times.") % {"most": MOST_CALLS})
        checkpoint = f"tool {self._calls}"
        is_there, kept = self._work.checkpoints.get(checkpoint)
        if is_there and isinstance(kept, dict):
            self._last_error = checkpoint if kept.get("is_error") is True else None
            return str(kept.get("said")), self._last_error is not None
        try:
            seconds = max(0.1, self._deadline - time.monotonic())
            if self._toolbox is None:
                self._toolbox = open_toolbox(self._servers(), seconds=seconds, on_cancel=self._work.on_cancel)
            key = f"{self._work.task}.{checkpoint}"
            result = self._toolbox.call(name, arguments, seconds=seconds, key=key)
        except ToolFailure as failure:
            raise TaskFailure("tool", failure.message, is_retryable=failure.is_retryable) from None
        self._work.checkpoints.save(checkpoint, {"said": result.text, "is_error": result.is_error})
        self._last_error = checkpoint if result.is_error else None
        return result.text, result.is_error

    def _servers(self) -> list[str]:
        chosen = self._work.step.settings.get("tools")
        return [one for one in chosen if isinstance(one, str)] if isinstance(chosen, (list, tuple)) else []
