"""On whose behalf the database is asked: for the row-level security behind `flows.access`, on PostgreSQL.

Each way in says it once: a request by whom it comes from, a live session and a run's task by their flow, a worker's own
bookkeeping, commands and migrations as the system. A query that forgot to ask for rights finds only what that one may
see; one that nobody spoke for finds nothing. On SQLite it costs nothing and means nothing.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import wraps
from typing import ParamSpec, TypeVar
from uuid import UUID

from accounts.principals import Administrator, Principal, System, user_id_of
from web.acting import NOBODY, SYSTEM, acting

P = ParamSpec("P")
T = TypeVar("T")


def act_for(user_id: int) -> None:
    """From here on ask for one person, to the end of the context that began with `acting_for_nobody`."""
    acting.set(f"user:{user_id}")


def act_as(principal: Principal) -> None:
    """From here on ask for a principal; staff in the admin see what the admin shows them."""
    acting.set(_told(principal))


def act_as_system() -> None:
    """From here on ask for the server itself: a command, or a thread of its own."""
    acting.set(SYSTEM)


def let_into(flow_id: UUID) -> None:
    """Note that a person was let into a flow: from here on its rows are found without a look at all of theirs."""
    person, _, _ = acting.get().partition(" ")
    if person.startswith("user:"):
        acting.set(f"{person} flow:{flow_id}")


@contextmanager
def acting_for_nobody() -> Iterator[None]:
    """Ask for nobody, until it is known who it is; what was before holds again at the end."""
    with _acting(NOBODY):
        yield


@contextmanager
def acting_as(principal: Principal) -> Iterator[None]:
    """Ask for a principal."""
    with _acting(_told(principal)):
        yield


@contextmanager
def acting_in(flow_id: UUID) -> Iterator[None]:
    """Ask for one flow: its live session, the work of its runs, a command that has asked for rights itself."""
    with _acting(f"flow:{flow_id}"):
        yield


@contextmanager
def acting_as_system() -> Iterator[None]:
    """Ask for the server itself."""
    with _acting(SYSTEM):
        yield


def as_system(call: Callable[P, T]) -> Callable[P, T]:
    """Have a function ask for the server itself."""

    @wraps(call)
    def whole(*args: P.args, **kwargs: P.kwargs) -> T:
        with acting_as_system():
            return call(*args, **kwargs)

    return whole


def _told(principal: Principal) -> str:
    is_system = isinstance(principal, Administrator | System)
    return SYSTEM if is_system else f"user:{user_id_of(principal)}"


@contextmanager
def _acting(value: str) -> Iterator[None]:
    token = acting.set(value)
    try:
        yield
    finally:
        acting.reset(token)
