"""What an import or export could not keep as it was, in words that stay the same for programs."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal, TypeAlias

from flows.document import Node

What: TypeAlias = Literal[
    "node", "edge", "group", "note", "page", "label", "link", "style", "property", "config-node", "secret"
]

MOST_TOLD = 1_000
LONGEST_NAME = 200
"""A file may hold anything under a name: it is told as far as this."""


@dataclass(frozen=True, slots=True)
class Told:
    """One thing that was lost or changed: `where` is its name or id in the file, `why` one short sentence."""

    what: What
    where: str
    why: str
    count: int = 1


@dataclass(slots=True)
class Report:
    """What became of a file. Every node, edge, group and note of it is in `kept` or in `dropped`."""

    format: str
    kept: Mapping[str, int] = field(default_factory=dict)
    approximated: list[Told] = field(default_factory=list)
    dropped: list[Told] = field(default_factory=list)

    def approximate(self, what: What, where: str, why: str, count: int = 1) -> None:
        """Tell that something is kept, but not as it was."""
        self.approximated.append(Told(what, where, why, count))

    def drop(self, what: What, where: str, why: str, count: int = 1) -> None:
        """Tell that something is not kept."""
        self.dropped.append(Told(what, where, why, count))

    def encode(self, most: int = MOST_TOLD) -> dict[str, object]:
        """Return it as JSON: at most `most` entries of each list by name, the others joined by what and why."""
        return {
            "format": self.format,
            "kept": dict(self.kept),
            "approximated": _encoded(self.approximated, most),
            "dropped": _encoded(self.dropped, most),
        }


def _encoded(told: Sequence[Told], most: int) -> list[dict[str, object]]:
    joined: dict[tuple[What, str], int] = {}
    for one in told[most:]:
        joined[one.what, one.why] = joined.get((one.what, one.why), 0) + one.count
    others = [Told(what, "", why, count) for (what, why), count in joined.items()]
    return [_entry(one) for one in (*told[:most], *others)]


def _entry(told: Told) -> dict[str, object]:
    where = "".join(character if character.isprintable() else " " for character in told.where[:LONGEST_NAME])
    entry: dict[str, object] = {"what": told.what, "where": where, "why": told.why}
    return entry if told.count == 1 else entry | {"count": told.count}


def counts(nodes: Iterable[Node], edges: int) -> dict[str, int]:
    """Count what a flow holds, as `kept` does: nodes without groups and notes."""
    kinds = [node.kind for node in nodes]
    groups, notes = kinds.count("group"), kinds.count("note")
    return {"nodes": len(kinds) - groups - notes, "edges": edges, "groups": groups, "notes": notes}
