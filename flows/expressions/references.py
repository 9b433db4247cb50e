"""Which nodes, inputs and secrets a text mentions, found from its words without evaluating it.

A node is mentioned as `nodes.name` or `nodes["name"]`; where the name is worked out (`nodes[input.which]`), any node
may be meant, and `is_open` says so. A name that a text made itself cannot be one of the context's: that is refused.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from flows.expressions.errors import ExpressionError
from flows.expressions.language import CONTEXT, prepared
from flows.expressions.tokens import Token, string_value


@dataclass(frozen=True, slots=True)
class References:
    """What a text mentions; `names` are those of the context that it uses at all."""

    nodes: frozenset[str] = frozenset()
    inputs: frozenset[str] = frozenset()
    secrets: frozenset[str] = frozenset()
    names: frozenset[str] = frozenset()
    is_open: bool = False


NONE = References()


def references(text: str, *, is_template: bool) -> References:
    """Return what a text mentions; nothing if it cannot be read."""
    reading = prepared(text, is_template=is_template)
    if isinstance(reading, ExpressionError):
        return NONE
    found: dict[str, set[str]] = {"nodes": set(), "input": set(), "secrets": set()}
    names, is_open = set[str](), False
    for name, key in _mentioned(part.tokens for part in reading.parts):
        names.add(name)
        if key is not None and name in found:
            found[name].add(key)
        elif name == "nodes":
            is_open = True
    return References(
        frozenset(found["nodes"]),
        frozenset(found["input"]),
        frozenset(found["secrets"]),
        frozenset(names),
        is_open,
    )


def _mentioned(parts: Iterable[tuple[Token, ...]]) -> Iterator[tuple[str, str | None]]:
    for tokens in parts:
        for index, token in enumerate(tokens):
            if token.kind == "name" and token.text in _ROOTS and _is_root(tokens, index):
                yield token.text, _key(tokens, index + 1)


def _is_root(tokens: tuple[Token, ...], index: int) -> bool:
    """Whether a name stands for a value: not for a property, a filter, a test, or an argument's name."""
    before = tokens[index - 1].text if index else ""
    after = tokens[index + 1].text if index + 1 < len(tokens) else ""
    is_argument = after == "=" and before in ("(", ",")
    return before not in (".", "|", "is") and not is_argument


def _key(tokens: tuple[Token, ...], at: int) -> str | None:
    rest = tokens[at : at + 3]
    if len(rest) >= 2 and rest[0].text == "." and rest[1].kind == "name":
        return rest[1].text
    if len(rest) == 3 and rest[0].text == "[" and rest[1].kind == "string" and rest[2].text == "]":
        return string_value(rest[1])
    return None


_ROOTS = frozenset({*CONTEXT, "secrets"})
