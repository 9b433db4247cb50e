"""Memory read: what is under a key, all of it, or the last turns of a conversation."""

from collections.abc import Iterable
from typing import Final

from django.db.models import QuerySet

from flows import limits
from flows.expressions import Json
from runs.errors import TaskFailure
from runs.memory.place import Place
from runs.models import MemoryEntry
from runs.values import decode
from web.deferred_translation import kept as _

MOST_READ: Final = 1_000
"""How many entries one reading gives: the newest."""
CHARACTERS_PER_TOKEN: Final = 4
"""A rule of thumb; the model counts its own."""


def value_under(place: Place, key: str) -> Json:
    """Return the value that was put under a key, or the list of those that were added, the oldest first, or null.

    Raises `TaskFailure` ("too_large").
    """
    found = [(entry.is_added, decode(entry.value)) for entry in _newest(place.entries().filter(key=key))]
    return _held(found) if found else None


def everything(place: Place) -> dict[str, Json]:
    """Return what is kept by key, as `value_under` does. Raises `TaskFailure` ("too_large")."""
    found: dict[str, list[tuple[bool, Json]]] = {}
    for entry in _newest(place.entries()):
        found.setdefault(entry.key, []).append((entry.is_added, decode(entry.value)))
    return {key: _held(held) for key, held in found.items()}


def turns(place: Place, key: str, *, most: int, tokens: int) -> list[Json]:
    """Return the last turns under a key, the oldest first: at most so many, and as many as fit into so many tokens.

    The last turn is always there, however long it is.
    """
    left, chosen = tokens * CHARACTERS_PER_TOKEN, list[int]()
    rows = place.entries().filter(key=key).order_by("-pk").values_list("pk", "bytes")[: min(most, MOST_READ)]
    for pk, size in rows:
        left -= size
        if chosen and left < 0:
            break
        chosen.append(pk)
    return [decode(entry.value) for entry in MemoryEntry.objects.defer("vector").filter(pk__in=chosen).order_by("pk")]


def check_size(sizes: Iterable[int]) -> None:
    """Refuse to read more than one value may hold. Raises `TaskFailure` ("too_large")."""
    most = limits.current().value_bytes
    if sum(sizes) > most:
        raise TaskFailure("too_large", _("The value is longer than %(most)d bytes.") % {"most": most})


def _newest(entries: QuerySet[MemoryEntry]) -> list[MemoryEntry]:
    rows = list(entries.order_by("-pk").values_list("pk", "bytes")[:MOST_READ])
    check_size(size for _pk, size in rows)
    return list(MemoryEntry.objects.defer("vector").filter(pk__in=[pk for pk, _size in rows]).order_by("pk"))


def _held(found: list[tuple[bool, Json]]) -> Json:
    return found[0][1] if len(found) == 1 and not found[0][0] else [value for _is_added, value in found]
