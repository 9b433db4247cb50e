"""REST about what is live: who is in a flow now, and, for staff, every flow that is being edited."""

from datetime import datetime
from uuid import UUID

from django.http import HttpRequest
from django.utils.translation import gettext as _
from ninja import Schema

from accounts.acting import acting_as_system
from accounts.authentication import person, principal
from flows.access import get_flow_for
from sessions import queries
from web.errors import Problem, answers
from web.router import Router

router = Router(tags=["sessions"])


class PersonOut(Schema):
    """A guest of a link has no id. `program` is there for a program of the person, with its token's name."""

    id: int | None
    name: str
    colour: str
    guest: bool = False
    program: str | None = None


class SessionOut(Schema):
    """`people` and `count` are persons and programs of theirs, however many sockets each has."""

    active: bool
    version: int
    people: list[PersonOut]
    count: int


class ListedSessionOut(Schema):
    flow: UUID
    title: str
    people: list[PersonOut]
    version: int
    started_at: datetime


class SessionsOut(Schema):
    items: list[ListedSessionOut]
    count: int


@router.get("/flows/{flow_id}/session", exclude_unset=True, **answers({200: SessionOut}, "not_found"))
def read_session(request: HttpRequest, flow_id: UUID) -> queries.SessionState:
    """Tell who is in the flow now."""
    get_flow_for(principal(request), flow_id)
    return queries.session_of(flow_id)


@router.get("/sessions", exclude_unset=True, **answers({200: SessionsOut}, "forbidden"))
def list_sessions(request: HttpRequest) -> dict[str, object]:
    """List every flow that is being edited now; staff only."""
    if not person(request).is_staff:
        raise Problem("forbidden", _("Only staff can see all sessions."))
    with acting_as_system():
        found = queries.live_sessions()
    return {"items": found, "count": len(found)}
