"""A command's transaction under a run's lock, and what is told after its commit.

On SQLite hooks of the commit run before the lock is released, so a command is a pair: the inner function is the
transaction and gives back its `Aftermath`, the outer one tells it.
"""

from collections.abc import Callable
from datetime import datetime
from typing import TypeVar
from uuid import UUID

import structlog

from accounts.principals import Principal, user_id_of
from flows.access import Role, authorize, get_flow_for
from flows.errors import NotFound
from flows.models import Flow
from flows.rates import count_operations, count_reading
from runs.by_link import expect_may_run
from runs.commands.locked_run import Aftermath, LockedRun, lock_run
from runs.commands.storage import EVENT_BYTES, expect_room
from runs.models import Run
from web.database_time import database_time
from web.db_errors import is_held_up, is_outage
from web.write_transaction import in_write_transaction

log = structlog.get_logger(__name__)

T = TypeVar("T")


def in_run(run_id: UUID, now: datetime, command: Callable[[LockedRun], T]) -> T:
    """Do something with a locked run, write it, and tell of it. Raises `NotFound`, and what the command raises."""
    result, aftermath = _committed(run_id, now, command)
    aftermath.tell()
    return result


@in_write_transaction
def _committed(run_id: UUID, now: datetime, command: Callable[[LockedRun], T]) -> tuple[T, Aftermath]:
    locked = lock_run(run_id, now)
    result = command(locked)
    return result, locked.write()


def apart(what: str, about: object, call: Callable[[], T], otherwise: T) -> T:
    """Do something for one of many, which keeps nothing from being done for the others; a defect is told.

    So is what somebody else holds for too long. Raises when the database is away: then nothing can be done for the
    others either.
    """
    try:
        return call()
    except NotFound:
        return otherwise
    except Exception as failure:
        if is_held_up(failure):
            log.warning("held_up", what=what, about=str(about))
            return otherwise
        if is_outage(failure):
            raise
        log.exception(what, about=str(about))
        return otherwise


def in_run_for(
    principal: Principal,
    run_id: UUID,
    now: datetime | None,
    command: Callable[[LockedRun], T],
    *,
    carries_on: bool = False,
    operations: int = 1,
) -> T:
    """Do something with a locked run for an editor of its flow, whose role is read again inside.

    It counts as so many `operations` of theirs. If it `carries_on`, tasks execute: a role by a link alone may not be
    enough (`runs.by_link`), and there must be room for what they give. Raises `NotFound`, `Forbidden`, `Problem`
    (`rate_limited`, `limit_reached`), and what the command raises.
    """
    flow_id = flow_of(run_id)
    get_flow_for(principal, flow_id, Role.EDITOR)
    _count(principal, operations, carries_on)

    def authorized(locked: LockedRun) -> T:
        grant = authorize(principal, flow_id, Role.EDITOR)
        if carries_on:
            expect_may_run(grant, Flow.objects.only("links_can_run").get(pk=flow_id), locked.plan)
            expect_room(flow_id, locked.run.responsible_id, EVENT_BYTES)
        return command(locked)

    return in_run(run_id, now or database_time(), authorized)


def _count(principal: Principal, operations: int, carries_on: bool) -> None:
    """Count operations. A run can be stopped also by one whose edits were too much work for now."""
    person = user_id_of(principal)
    if person is not None and operations:
        (count_operations if carries_on else count_reading)(person, operations)


def flow_of(run_id: UUID) -> UUID:
    """Return the flow of a run. Raises `NotFound`, as for a flow that is not theirs."""
    flow_id = Run.objects.filter(pk=run_id).values_list("flow_id", flat=True).first()
    if flow_id is None:
        raise NotFound
    return flow_id
