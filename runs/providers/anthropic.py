"""The dialect of Anthropic's messages. An answer by schema is asked for as the one call of a tool."""

from dataclasses import dataclass, field
from itertools import groupby
from typing import Any, Final

import orjson

from runs.providers.dialect import Body, Dialect, Request, cut, parsed, told_by_provider, tool_call, withheld
from runs.providers.events import Event
from runs.providers.values import Ask, Finish, Message, Reply

VERSION: Final = "2023-06-01"
ANSWER: Final = "answer"
"""The tool whose call is the answer by schema."""
FINISHES: Final[dict[str, Finish]] = {
    "end_turn": "stop",
    "stop_sequence": "stop",
    "max_tokens": "length",
    "model_context_window_exceeded": "length",
    "tool_use": "tools",
}


def _request(ask: Ask, model: str, key: str) -> Request:
    body: Body = {
        "model": model,
        "messages": [_turn(role, list(turn)) for role, turn in groupby(ask.messages, _role)],
        "max_tokens": ask.max_tokens,
        "stream": True,
    }
    if ask.system:
        body["system"] = ask.system
    if ask.temperature is not None:
        body["temperature"] = min(1.0, ask.temperature)
    tools = [{"name": one.name, "description": one.description, "input_schema": one.schema} for one in ask.tools]
    if ask.schema is not None and ask.schema.get("type") == "object" and not _has_calls(ask):
        tools = [{"name": ANSWER, "description": "Give your answer.", "input_schema": ask.schema}]
        body["tool_choice"] = {"type": "tool", "name": ANSWER}
    if tools:
        body["tools"] = tools
    headers = {"anthropic-version": VERSION, **({"x-api-key": key} if key else {})}
    return Request("/messages", headers, body, ("temperature",))


def _role(message: Message) -> str:
    return "assistant" if message.role == "assistant" else "user"


def _has_calls(ask: Ask) -> bool:
    return any(message.calls for message in ask.messages)


def _turn(role: str, messages: list[Message]) -> Body:
    """Return one turn: what follows each other in one role is one to the provider."""
    return {"role": role, "content": [block for message in messages for block in _blocks(message)]}


def _blocks(message: Message) -> list[Body]:
    if message.role == "tool":
        return [{"type": "tool_result", "tool_use_id": message.call_id, "content": message.text}]
    calls: list[Body] = [
        {"type": "tool_use", "id": call.id, "name": call.name, "input": call.arguments} for call in message.calls
    ]
    return [*([{"type": "text", "text": message.text}] if message.text.strip() or not calls else []), *calls]


@dataclass(slots=True)
class _Block:
    """One part of the answer, as far as it has come."""

    kind: str
    id: str = ""
    name: str = ""
    pieces: list[str] = field(default_factory=list)


@dataclass(slots=True)
class _Reader:
    blocks: dict[int, _Block] = field(default_factory=dict)
    finish: str = ""
    is_whole: bool = False
    used: Body = field(default_factory=dict)

    def event(self, event: Event) -> str:
        """Take one event of a stream; return the words in it."""
        body = parsed(event.data)
        match body:
            case {"type": "error", "error": error}:
                raise told_by_provider(error)
            case {"type": "message_start", "message": dict(message)}:
                self._count(message)
            case {"type": "content_block_start", "index": int(at), "content_block": dict(block)}:
                self.blocks[at] = _Block(str(block.get("type")), str(block.get("id", "")), str(block.get("name", "")))
                return self._add(at, block.get("text", ""))
            case {"type": "content_block_delta", "index": int(at), "delta": {"text": str(text)}}:
                return self._add(at, text)
            case {"type": "content_block_delta", "index": int(at), "delta": {"partial_json": str(text)}}:
                return self._add(at, text)
            case {"type": "message_delta", "delta": dict(delta)}:
                self.finish = str(delta.get("stop_reason") or self.finish)
                self._count(body)
            case {"type": "message_stop"}:
                self.is_whole = True
        return ""

    def whole(self, body: Any) -> str:
        """Take an answer that came at once; return the words in it."""
        if not isinstance(body, dict) or not isinstance(blocks := body.get("content"), list):
            raise cut()
        self.finish, self.is_whole = str(body.get("stop_reason") or ""), True
        self._count(body)
        words = list[str]()
        for at, block in enumerate(block for block in blocks if isinstance(block, dict)):
            self.blocks[at] = _Block(str(block.get("type")), str(block.get("id", "")), str(block.get("name", "")))
            given = block.get("input")
            words.append(self._add(at, block.get("text") or ("" if given is None else orjson.dumps(given).decode())))
        return "".join(words)

    def reply(self) -> Reply:
        """Return the whole answer. Raises `ProviderFailure` if it did not come to its end."""
        if self.finish == "refusal":
            raise withheld()
        finish = FINISHES.get(self.finish)
        if finish is None or not self.is_whole:
            raise cut()
        blocks = [self.blocks[at] for at in sorted(self.blocks)]
        text = "".join("".join(one.pieces) for one in blocks if one.kind == "text" or one.name == ANSWER)
        wanted = [one for one in blocks if one.kind == "tool_use" and one.name != ANSWER]
        calls = tuple(tool_call(one.id, one.name, "".join(one.pieces)) for one in wanted)
        tokens = [self.used.get(name, 0) for name in ("input_tokens", "output_tokens")]
        return Reply(text, calls, "tools" if calls else "stop" if finish == "tools" else finish, *tokens)

    def _add(self, at: int, text: object) -> str:
        block = self.blocks.get(at)
        if block is None or not isinstance(text, str) or not text:
            return ""
        block.pieces.append(text)
        return text if block.kind == "text" or block.name == ANSWER else ""

    def _count(self, body: Body) -> None:
        used = body.get("usage")
        for name, value in used.items() if isinstance(used, dict) else ():
            if isinstance(value, int):
                self.used[name] = value


ANTHROPIC: Final = Dialect(_request, _Reader)
