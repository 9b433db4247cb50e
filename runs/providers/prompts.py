"""What an agent is told and how its answer is read, as texts."""

import json
from collections.abc import Mapping
from typing import Final

from flows.expressions import Json
from runs.providers.builtin.model import ANSWER

_END: Final = f"Then write {ANSWER} on a line of its own, and after it the answer alone."
REASONING: Final = {
    "chain_of_thought": f"Think step by step first. {_END}",
    "tree_of_thoughts": (
        f"Sketch three different ways to answer, say what speaks against each, and follow the best one. {_END}"
    ),
    "react": f"Think what you need to know, use the tools you have for it, look at what came back. {_END}",
}
SCHEMA: Final = "Give your answer as JSON alone, without a word around it, that fits this JSON Schema:"
REPAIR: Final = "This does not fit. Give the JSON again, alone. What is wrong:"
_DECODER: Final = json.JSONDecoder()


def instructed(system: str, reasoning: str) -> str:
    """Return the system prompt with what a kind of reasoning adds to it."""
    return "\n\n".join(part for part in (system, REASONING.get(reasoning, "")) if part)


def told(names: Mapping[str, Json]) -> str:
    """Return what an agent without a prompt of its own is told: the run's input, the item, the result before."""
    given, item, before = names.get("input"), names.get("item"), names.get("prev")
    parts = [("Result of the step before", before)]
    if item is not None and item != before:
        parts.insert(0, ("Item", item))
    if given not in (None, "", {}, before, item):
        parts.insert(0, ("Input", given))
    parts = [(title, value) for title, value in parts if value is not None] or parts[-1:]
    if len(parts) == 1:
        return as_text(parts[0][1])
    return "\n\n".join(f"{title}:\n{as_text(value)}" for title, value in parts)


def as_text(value: Json) -> str:
    """Return a value as a model reads it: a text as it is, all else as JSON."""
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, indent=2)


def answer_in(text: str) -> str:
    """Return what follows the last mark of an answer; all of it without one, or with nothing after it."""
    return text.rpartition(ANSWER)[2].strip() or text.strip()


def json_in(text: str) -> tuple[bool, Json]:
    """Return whether there is JSON in an answer, and the first: the whole of it, else what begins with a bracket."""
    text = text.strip()
    places = [0, *(at for at in (text.find("{"), text.find("[")) if at > 0)]
    for at in sorted(places):
        try:
            return True, _DECODER.raw_decode(text, at)[0]
        except (ValueError, RecursionError):
            continue
    return False, None
