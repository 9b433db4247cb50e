"""Entries as the contract has them: a replaced graph, which the log keeps as a difference, is read out whole."""

from collections.abc import Iterable, Iterator
from uuid import UUID

from flows.log.entries import LoggedChange
from flows.log.snapshots import Fold, fold


def whole_changes(flow_id: UUID, changes: Iterable[LoggedChange], size: int) -> Iterator[LoggedChange]:
    """Yield entries that follow each other, whole, and end with the one by which they reach so many characters."""
    at: Fold | None = None
    for change in changes:
        told = change
        if change.is_difference:
            at = fold(flow_id, change.version - 1, start=at)
            told = change.whole(at.document)
        yield told
        size -= len(told.operation)
        if size <= 0:
            return
