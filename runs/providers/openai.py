"""The dialect of OpenAI's chat completions, which many servers speak: Ollama, Hugging Face, vLLM and others."""

from dataclasses import dataclass, field
from typing import Any, Final

import orjson

from runs.providers.dialect import Body, Dialect, Request, cut, parsed, told_by_provider, tool_call, withheld
from runs.providers.events import Event
from runs.providers.values import Ask, Finish, Message, Reply

FINISHES: Final[dict[str, Finish]] = {
    "stop": "stop",
    "length": "length",
    "tool_calls": "tools",
    "function_call": "tools",
}
SPARE: Final = ("temperature", "response_format", "stream_options")


def _request(ask: Ask, model: str, key: str) -> Request:
    system = [{"role": "system", "content": ask.system}] if ask.system else []
    body: Body = {
        "model": model,
        "messages": [*system, *map(_message, ask.messages)],
        "max_tokens": ask.max_tokens,
        "stream": True,
        "stream_options": {"include_usage": True},
    }
    if ask.temperature is not None:
        body["temperature"] = ask.temperature
    if ask.tools:
        body["tools"] = [
            {
                "type": "function",
                "function": {"name": one.name, "description": one.description, "parameters": one.schema},
            }
            for one in ask.tools
        ]
    if ask.schema is not None:
        body["response_format"] = {"type": "json_schema", "json_schema": {"name": "answer", "schema": ask.schema}}
    headers = {"Authorization": f"Bearer {key}"} if key else {}
    return Request("/chat/completions", headers, body, SPARE)


def _message(message: Message) -> Body:
    if message.role == "tool":
        return {"role": "tool", "tool_call_id": message.call_id, "content": message.text}
    made: Body = {"role": message.role, "content": message.text}
    if message.calls:
        made["tool_calls"] = [
            {
                "id": call.id,
                "type": "function",
                "function": {"name": call.name, "arguments": orjson.dumps(call.arguments).decode()},
            }
            for call in message.calls
        ]
    return made


@dataclass(slots=True)
class _Called:
    """A call of a tool, as far as it has come."""

    id: str = ""
    name: str = ""
    arguments: list[str] = field(default_factory=list)


@dataclass(slots=True)
class _Reader:
    words: list[str] = field(default_factory=list)
    called: list[_Called] = field(default_factory=list)
    places: dict[int, _Called] = field(default_factory=dict)
    finish: str = ""
    used: Any = None

    def event(self, event: Event) -> str:
        """Take one event of a stream; return the words in it."""
        return "" if event.data.strip() == "[DONE]" else self._taken(parsed(event.data), "delta")

    def whole(self, body: Any) -> str:
        """Take an answer that came at once; return the words in it."""
        return self._taken(body, "message")

    def reply(self) -> Reply:
        """Return the whole answer. Raises `ProviderFailure` if it did not come to its end."""
        if self.finish == "content_filter":
            raise withheld()
        finish = FINISHES.get(self.finish)
        if finish is None:
            raise cut()
        calls = tuple(tool_call(one.id, one.name, "".join(one.arguments)) for one in self.called)
        used = self.used if isinstance(self.used, dict) else {}
        tokens = [_whole(used.get(name)) for name in ("prompt_tokens", "completion_tokens")]
        return Reply("".join(self.words), calls, "tools" if calls else finish, *tokens)

    def _taken(self, body: Any, part: str) -> str:
        if not isinstance(body, dict):
            raise cut()
        if body.get("error"):
            raise told_by_provider(body["error"])
        self.used = body.get("usage") or self.used
        choices = body.get("choices")
        choice = choices[0] if isinstance(choices, list) and choices else {}
        if not isinstance(choice, dict):
            raise cut()
        self.finish = choice.get("finish_reason") or self.finish
        said = choice.get(part)
        return self._said(said) if isinstance(said, dict) else ""

    def _said(self, said: Body) -> str:
        for place, call in enumerate(said.get("tool_calls") or ()):
            self._call(call.get("index", place), call)
        text = said.get("content")
        if not isinstance(text, str):
            return ""
        self.words.append(text)
        return text

    def _call(self, place: int, call: Body) -> None:
        held, id = self.places.get(place), call.get("id") or ""
        if held is None or (id and held.id and id != held.id):
            held = self.places[place] = _Called()
            self.called.append(held)
        function = call.get("function") or {}
        held.id = held.id or str(id)
        held.name = held.name or str(function.get("name") or "")
        arguments = function.get("arguments") or ""
        held.arguments.append(arguments if isinstance(arguments, str) else orjson.dumps(arguments).decode())


def _whole(value: object) -> int:
    return value if isinstance(value, int) else 0


OPENAI: Final = Dialect(_request, _Reader)
