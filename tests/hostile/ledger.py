"""Who wrote what, and when: the independent word on what an undo may touch and what it must bring back (I8).

Kept by comparing whole documents property by property and nothing else; a place, a size and a connection are one
property each.
"""

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Collection, Iterator
from typing import TypeAlias

from flows.document import Document, canonical_json

Key: TypeAlias = tuple[str, ...]
FREE = frozenset({"label", "description", "colour", "enabled", "place", "size", "title"})
"""Properties that nothing else in a graph depends on: whatever becomes of the rest, these can be brought back."""
NOTHING = object()


class Ledger:
    """Every property's history: the versions that wrote it, who did, and what it was from then on."""

    def __init__(self) -> None:
        self._now: dict[Key, object] = {}
        self._versions: dict[Key, list[int]] = defaultdict(list)
        self._history: dict[Key, list[tuple[int | None, object]]] = defaultdict(list)
        self._written: dict[int, list[Key]] = {}

    def note(self, version: int, actor: int | None, document: Document) -> None:
        """Note a version."""
        before, self._now = self._now, dict(_flat(document))
        keys = before.keys() | self._now.keys()
        self._written[version] = [key for key in keys if before.get(key, NOTHING) != self._now.get(key, NOTHING)]
        for key in self._written[version]:
            self._versions[key].append(version)
            self._history[key].append((actor, self._now.get(key, NOTHING)))

    def foreign(self, version: int, actor: int | None) -> list[Key]:
        """List what the last version, that took something back, has written though somebody else had written it."""
        return [key for key in self._written[version] if self._writers(key, version - 1)[-1:] not in ([], [actor])]

    def forgotten(self, version: int, undone: Collection[int], actor: int | None) -> list[Key]:
        """List what `version` did not bring back of the versions `undone`, though nobody else has written it since."""
        written = {key for one in undone for key in self._written[one] if key[-1] in FREE}
        return [key for key in written if self._is_forgotten(key, version, undone, actor)]

    def _is_forgotten(self, key: Key, version: int, undone: Collection[int], actor: int | None) -> bool:
        own = [at for at in self._versions[key] if at in undone]
        first, last = own[0], own[-1]
        states = [self._at(key, at) for at in (first - 1, last, version - 1, version)]
        before, after, now, result = states
        since = self._writers(key, version - 1)[len(self._writers(key, first)) :]
        return (
            NOTHING not in states
            and before != after == now
            and all(who == actor for who in since)
            and not self._came_or_went(key[0], first, version)
            and result != before
        )

    def _at(self, key: Key, version: int) -> object:
        count = bisect_right(self._versions[key], version)
        return self._history[key][count - 1][1] if count else NOTHING

    def _writers(self, key: Key, version: int) -> list[int | None]:
        return [actor for actor, _ in self._history[key][: bisect_right(self._versions[key], version)]]

    def _came_or_went(self, id: str, first: int, version: int) -> bool:
        """Tell whether an element came, went, or became another after one version and before the other."""
        return any(first < at < version for name in ("kind", "ends") for at in self._versions[id, name])


def _flat(document: Document) -> Iterator[tuple[Key, object]]:
    yield ("flow", "title"), document.properties.title
    yield ("flow", "description"), document.properties.description
    for node in document.nodes():
        for name in ("kind", "label", "description", "colour", "parent", "enabled"):
            yield (node.id, name), getattr(node, name)
        yield (node.id, "place"), (node.x, node.y)
        yield (node.id, "size"), (node.width, node.height)
        for name, value in node.settings.items():
            yield (node.id, "settings", name), canonical_json(value)
    for edge in document.edges():
        yield (edge.id, "ends"), (edge.source, edge.source_port, edge.target, edge.target_port)
        yield (edge.id, "label"), edge.label
        yield (edge.id, "animated"), edge.animated
