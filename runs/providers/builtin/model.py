"""The built-in model as one of many: takes what is asked, answers by rule, says its words one by one."""

import json
import re
from dataclasses import dataclass

from flows.expressions import Json
from runs.providers.builtin.reading import read, words
from runs.providers.builtin.shaping import shaped
from runs.providers.builtin.writing import written
from runs.providers.values import Ask, Call, Finish, Message, ProviderFailure, Reply, Tool, ToolCall
from web.deferred_translation import kept as _

PROVIDER = "test"
MODEL = "test"
ANSWER = "ANSWER:"
"""Where a prompt names this word, what follows it is the answer."""
PACE = 0.008
SLOWEST = 0.4
"""Seconds between two words, and for all of them: fast, and slow enough to be seen."""


@dataclass(frozen=True, slots=True)
class BuiltIn:
    """The model `test`."""

    pace: float = PACE

    def answer(self, ask: Ask, call: Call) -> Reply:
        """Answer by rule. Raises `ProviderFailure` only where it is cancelled."""
        told = sum(len(words(message.text)) for message in ask.messages) + len(words(ask.system))
        if wanted := _wanted(ask):
            return Reply("", (wanted,), "tools", told, 1)
        pieces = re.findall(r"\s*\S+\s*", _text(ask))
        finish: Finish = "stop" if len(pieces) <= ask.max_tokens else "length"
        pieces = pieces[: ask.max_tokens]
        for piece in pieces:
            if call.cancelled.wait(min(self.pace, SLOWEST / len(pieces))):
                raise ProviderFailure("cancelled", _("The run was cancelled."))
            call.say(piece)
        return Reply("".join(pieces).strip(), (), finish, told, len(pieces))


def _wanted(ask: Ask) -> ToolCall | None:
    """Return the call of the first tool that the prompt names and that was not called yet."""
    called = {call.name for message in ask.messages for call in message.calls}
    said = f" {' '.join(words(f'{ask.system} {_asked(ask).text}'))} "
    for tool in ask.tools:
        name = " ".join(words(tool.name.replace("_", " ").replace("-", " ")))
        if tool.name not in called and name and f" {name} " in said:
            return ToolCall(f"call-{len(called) + 1}", tool.name, _arguments(tool, _asked(ask).text))
    return None


def _arguments(tool: Tool, text: str) -> dict[str, Json]:
    found = shaped(tool.schema, read(text))
    return found if isinstance(found, dict) else {}


def _text(ask: Ask) -> str:
    results = [message.text for message in ask.messages if message.role == "tool"]
    reading = read("\n".join([_asked(ask).text, *results]))
    if ask.schema is not None:
        return json.dumps(shaped(ask.schema, reading), ensure_ascii=False)
    prompt = ask.system.partition(ANSWER)[0]
    answer = "\n".join(results) if results and not prompt.strip() else written(prompt.strip(), reading)
    return f"I looked at what is there.\n{ANSWER} {answer}" if ANSWER in ask.system else answer


def _asked(ask: Ask) -> Message:
    return next((message for message in ask.messages if message.role == "user"), Message("user", ""))
