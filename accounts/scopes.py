"""What tokens and guests may ask for at all, whatever their role: one place for every door.

A token does what its scope says, in its one flow if it has one; a guest sees the flow of a link and nothing else. Roles
in flows are capped by the same scopes in `flows.access`; this is about the call. Who says nothing about a call
(`web.router.door`) gets the careful answer: what is not safe needs `write`, deletion of what is no part of a flow needs
`admin`, and where no flow stands in the address there is nothing for tokens of one flow and for guests.
"""

from collections.abc import Callable
from typing import Any, TypeVar, assert_never
from uuid import UUID

from django.http import HttpRequest
from django.utils.translation import gettext as _

from accounts.principals import Administrator, Caller, Guest, Person, Principal, Scope, System, TokenBearer
from web.errors import Problem
from web.router import Door, door_of
from web.row_ids import read_uuid

V = TypeVar("V", bound=Callable[..., Any])

SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
IN_A_FLOW = ("flow_id", "run_id", "job_id")
"""Parts of addresses that lead to one flow, whose roles are asked then."""


def expect_admitted(request: HttpRequest, caller: Caller) -> None:
    """Raise `Problem` (`forbidden`, `not_found`) if this caller may not make this call of the API."""
    match = request.resolver_match
    if isinstance(caller, Person) or match is None or getattr(match.func, "judges_callers", False):
        return
    door = door_of(request.method or "", match.route.partition("/v1/")[2])
    is_in_flow = not door.reaches_out and any(name in match.kwargs for name in IN_A_FLOW)
    if isinstance(caller, TokenBearer):
        _expect_own_flow(caller, match.kwargs.get("flow_id"))
    if not is_in_flow and not door.harmless:
        expect_everywhere(caller)
    expect_scope(caller, _needed(request.method or "", door, is_in_flow=is_in_flow))


def judges_callers(view: V) -> V:
    """Mark a view that judges its callers itself, by what they ask, as GraphQL does."""
    view.judges_callers = True  # type: ignore[attr-defined]
    return view


def expect_everywhere(principal: Principal) -> None:
    """Raise `Problem` (`forbidden`) for a token of one flow and for guests: what is asked is no part of their flow."""
    match principal:
        case Guest():
            raise Problem("forbidden", _("Guests of a link can only use its flow."))
        case TokenBearer(flow_id=UUID()):
            raise Problem("forbidden", _("This token is for one flow only."))
        case Person() | TokenBearer() | Administrator() | System():
            return
        case _:
            assert_never(principal)


def expect_scope(principal: Principal, scope: Scope) -> None:
    """Raise `Problem` (`forbidden`) for a token whose scope is smaller; the sentence names what is missing."""
    if missing := missing_scope(principal, scope):
        raise Problem("forbidden", missing)


def missing_scope(principal: Principal, scope: Scope) -> str:
    """Return the sentence that a token lacks a scope; "" for one that has it, and for all who need none."""
    if isinstance(principal, TokenBearer) and not principal.scope.includes(scope):
        return _("This token needs the scope “%(scope)s” for this.") % {"scope": scope.value}
    return ""


def flow_in(request: HttpRequest) -> UUID | None:
    """Return the flow in a request's address; what a flow has under other addresses names it as `flow` in the query."""
    given = request.resolver_match.kwargs if request.resolver_match else {}
    return _id(given.get("flow_id") or request.GET.get("flow", ""))


def _needed(method: str, door: Door, *, is_in_flow: bool) -> Scope:
    if door.scope is not None:
        return Scope(door.scope)
    if method in SAFE:
        return Scope.READ
    return Scope.ADMIN if method == "DELETE" and not is_in_flow else Scope.WRITE


def _expect_own_flow(caller: TokenBearer, asked: object) -> None:
    """Another flow is not found by a token of one flow, known or not."""
    if caller.flow_id is not None and asked is not None and _id(asked) != caller.flow_id:
        raise Problem("not_found", _("No such flow."))


def _id(value: object) -> UUID | None:
    return value if isinstance(value, UUID) else read_uuid(str(value))
