"""Memory written. A task that is done again changes what it kept and keeps nothing twice.

`expect_held` is asked in the transaction that writes, before all else: it raises if the task is another worker's by
now, so one that was stopped and goes on writes over nothing that was kept since.

A memory that is full forgets its oldest entries; a flow whose memories are full as a whole keeps no more.
"""

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Final

from django.db.models import Count, F, Sum

from flows import limits
from flows.expressions import Json
from runs.errors import TaskFailure
from runs.memory.meaning import UNKNOWN, Meaning
from runs.memory.place import Place
from runs.memory.search_terms import text_of_value, words_of
from runs.models import MemoryEntry
from runs.values import encode
from web.deferred_translation import kept as _
from web.write_transaction import in_write_transaction

LONGEST_KEY: Final = 200


@in_write_transaction
def put(
    place: Place,
    key: str,
    value: Json,
    *,
    task: str,
    fields: Sequence[str] = (),
    meaning: Meaning = UNKNOWN,
    most: int,
    now: datetime,
    expect_held: Callable[[], None],
) -> None:
    """Keep one value under a key, in place of all that was there.

    Raises `TaskFailure` ("invalid_input", "too_large"), and what `expect_held` does.
    """
    expect_held()
    entry = _entry(place, key, value, task=task, fields=fields, meaning=meaning, now=now)
    place.entries().filter(key=entry.key).exclude(task=task).delete()
    _keep(place, entry, most)


@in_write_transaction
def append(
    place: Place,
    key: str,
    value: Json,
    *,
    task: str,
    fields: Sequence[str] = (),
    meaning: Meaning = UNKNOWN,
    most: int,
    now: datetime,
    expect_held: Callable[[], None],
) -> None:
    """Add a value to those under a key. Raises as `put` does."""
    expect_held()
    entry = _entry(place, key, value, task=task, fields=fields, meaning=meaning, now=now)
    entry.is_added = True
    _keep(place, entry, most)


@in_write_transaction
def forget(place: Place, key: str | None, *, expect_held: Callable[[], None]) -> int:
    """Forget what is under a key, or all; return how many entries. Raises what `expect_held` does."""
    expect_held()
    found = place.entries() if key is None else place.entries().filter(key=key)
    count: int = found.delete()[0]
    return count


def check_key(key: str) -> None:
    """Refuse a key that no entry has, and that PostgreSQL does not take to ask for. Raises `TaskFailure`."""
    if len(key) > LONGEST_KEY or "\0" in key:
        raise TaskFailure("invalid_input", _("A key is a text of at most %(most)s characters.") % {"most": LONGEST_KEY})


def _entry(
    place: Place, key: str, value: Json, *, task: str, fields: Sequence[str], meaning: Meaning, now: datetime
) -> MemoryEntry:
    check_key(key)
    text = encode(value)
    return MemoryEntry(
        flow_id=place.flow,
        scope=place.scope,
        run_id=place.run,
        person_id=place.person,
        type=place.type,
        key=key,
        task=task,
        value=text,
        bytes=len(text.encode()),
        words=f" {' '.join(words_of(text_of_value(value, fields)))} ",
        embedded_by=meaning.model,
        vector=meaning.vector,
        vector_bytes=len(meaning.vector),
        at=now,
    )


def _keep(place: Place, entry: MemoryEntry, most: int) -> None:
    earlier = MemoryEntry.objects.filter(flow=place.flow, task=entry.task).only("pk", "bytes", "vector_bytes")
    before = earlier.first() if entry.task else None
    if before is not None:
        entry.pk = before.pk
    bounds = limits.current()
    held = MemoryEntry.objects.filter(flow=place.flow).aggregate(n=Count("*"), b=Sum(F("bytes") + F("vector_bytes")))
    count = held["n"] - (before is not None)  # all are summed, and from an index alone: it knows of no ids
    size = (held["b"] or 0) - (0 if before is None else before.bytes + before.vector_bytes)
    if count >= bounds.memory_entries or size + entry.bytes + entry.vector_bytes > bounds.memory_bytes:
        raise TaskFailure("too_large", _("The flow remembers as much as it may."))
    entry.save()
    _forget_oldest(place, most)


def _forget_oldest(place: Place, most: int) -> None:
    too_many = place.entries().count() - max(1, most)
    if too_many > 0:
        oldest = list(place.entries().values_list("pk", flat=True)[:too_many])
        MemoryEntry.objects.filter(pk__in=oldest).delete()
