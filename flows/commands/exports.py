"""A flow leaves as a file: what that costs is counted, and who took it, in which format, stands in the audit log."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Lock
from uuid import UUID

from django.utils.translation import gettext as _

from accounts.audit import Action
from accounts.principals import Principal, user_id_of
from flows.access import VIEW, Role, authorize
from flows.commands import work_budget
from flows.log import audit
from flows.rates import count_flow_change, count_operations, expect_work_left
from web.errors import Problem
from web.write_transaction import FairLock, in_write_transaction, release_connection

ELEMENTS_PER_OPERATION = 500
"""To write so many nodes and edges counts as one operation of the person."""
STEPS_PER_SECOND = 100_000
"""What a second of the pictures' turn counts as, in steps of edits (`work_budget`)."""
PATIENCE = 60.0
"""Seconds that a picture waits for its turn: longer than the program that draws one may run."""
RETRY_SECONDS = 10
_turn = FairLock()
"""Pictures of large flows take a core for seconds, and much memory: one at a time in a process."""
_guard = Lock()
_waiting = set[int | None]()
"""People of whom a picture waits for its turn: one of each, so they have it by turns."""


def count_export(principal: Principal) -> None:
    """Count an export before its flow is read. Raises `Problem("rate_limited")`."""
    count_operations(user_id_of(principal))


@contextmanager
def counted_export(principal: Principal, elements: int, *, is_picture: bool) -> Iterator[None]:
    """Count what so many elements add to an export; a picture waits for its turn. Raises `Problem("rate_limited")`."""
    actor = user_id_of(principal)
    count_operations(actor, elements // ELEMENTS_PER_OPERATION)
    if not is_picture:
        yield
        return
    _take_turn(actor)
    begun = time.monotonic()
    try:
        expect_work_left(actor)  # one's own that were before it may have taken long
        yield
    finally:
        work_budget.spend(actor, int((time.monotonic() - begun) * STEPS_PER_SECOND))
        _turn.release()


def _take_turn(actor: int | None) -> None:
    with _guard:
        if actor in _waiting:
            message = _("Another picture of yours is waiting. Try again when it is done.")
            raise Problem("rate_limited", message, retry_after=RETRY_SECONDS)
        if actor is not None:
            _waiting.add(actor)
    release_connection()
    try:
        is_ours = _turn.acquire(PATIENCE)
    finally:
        with _guard:
            _waiting.discard(actor)
    if not is_ours:
        message = _("Too many pictures are waiting. Try again soon.")
        raise Problem("rate_limited", message, retry_after=RETRY_SECONDS)


def note_export(principal: Principal, flow_id: UUID, *, format: str, version: int) -> None:
    """Say that a flow was exported. Raises `NotFound` if its reader may not see it any more, and `Problem`."""
    count_flow_change(principal)
    _record(principal, flow_id, {"format": format, "version": version})


@in_write_transaction
def _record(principal: Principal, flow_id: UUID, detail: dict[str, object]) -> None:
    audit.lock_audit()
    authorize(principal, flow_id, Role.VIEWER, VIEW)
    audit.record_by(principal, Action.FLOW_EXPORTED, flow_id, detail=detail)
