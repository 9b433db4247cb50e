"""A reply as the JSON of a checkpoint, and back."""

from collections.abc import Sequence

from flows.expressions import Json
from runs.providers.asking import Try
from runs.providers.values import Finish, Reply, ToolCall

FINISHES: dict[str, Finish] = {"stop": "stop", "length": "length", "tools": "tools"}


def written_reply(reply: Reply, tries: Sequence[Try]) -> Json:
    """Return a reply, and the calls that it took, as JSON."""
    return {
        "text": reply.text,
        "calls": [{"id": one.id, "name": one.name, "arguments": dict(one.arguments)} for one in reply.calls],
        "finish": reply.finish,
        "tries": written_tries(tries),
    }


def read_reply(value: Json) -> tuple[Reply, list[Try]]:
    """Read what `written_reply` wrote."""
    if not isinstance(value, dict):
        raise ValueError(value)
    calls = tuple(ToolCall(str(one["id"]), str(one["name"]), one["arguments"]) for one in value["calls"])  # type: ignore
    return Reply(str(value["text"]), calls, FINISHES[str(value["finish"])]), read_tries(value["tries"])


def written_tries(tries: Sequence[Try]) -> Json:
    """Return calls that were made as JSON."""
    return [[one.provider, one.model, one.outcome, one.input_tokens, one.output_tokens] for one in tries]


def read_tries(value: Json) -> list[Try]:
    """Read what `written_tries` wrote."""
    return [Try(*one) for one in value]  # type: ignore
