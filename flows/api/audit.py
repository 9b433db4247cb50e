"""The audit log, for programs: all of it for staff, what is of a flow for its owners; a page, or all that fits.

All of it is answered in lines, read in batches while they are sent, and the right to read is asked for anew with each.
"""

from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from datetime import UTC, datetime
from typing import Annotated, Any, TypeAlias
from uuid import UUID

import orjson
from asgiref.sync import sync_to_async
from django.core.handlers.asgi import ASGIRequest
from django.http import HttpRequest, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.utils.translation import gettext as _
from ninja import Query, Schema
from pydantic import AfterValidator, Field

from accounts.acting import acting_as_system, as_system
from accounts.audit import Action
from accounts.authentication import person, principal
from accounts.models import User
from accounts.principals import Caller, TokenBearer
from accounts.schemas import storable
from flows.access import Role, get_flow_for
from flows.api.answers import json
from flows.errors import FlowError
from flows.log.audit_search import AuditFilter, audit_batches, audit_item, audit_page
from flows.models import AuditEntry
from web.errors import Problem, answers
from web.router import Router
from web.row_ids import RowId

router = Router(tags=["audit"])
MOST_ENTRIES = 1_000
LINES = "application/x-ndjson"


def in_utc(at: datetime) -> datetime:
    """Return a time in UTC, which one without a zone is in. Raises `ValueError` for one at the end of all times."""
    try:
        return at.replace(tzinfo=UTC) if at.tzinfo is None else at.astimezone(UTC)
    except OverflowError:
        raise ValueError("no such time") from None


Moment: TypeAlias = Annotated[datetime, AfterValidator(in_utc)]


class AuditQuery(Schema):
    """Which entries: by whom (a user's id), which action, about what (`<kind>:<id>`), from when until before when."""

    actor: RowId | None = None
    action: Action | None = None
    object: Annotated[str, Field(max_length=80), AfterValidator(storable)] = ""
    since: Moment | None = None
    until: Moment | None = None
    limit: Annotated[int, Field(ge=1, le=MOST_ENTRIES)] = 100
    cursor: Annotated[str, Field(max_length=400)] = ""

    def filter(self, flow_id: UUID | None = None) -> AuditFilter:
        """Return what fits, of a flow if one is given."""
        return AuditFilter(self.actor, self.action, self.object, flow_id, self.since, self.until)


class WhoOut(Schema):
    """A person, or a guest without an id."""

    id: int | None
    name: str
    guest: bool = False


class AuditEntryOut(Schema):
    """An entry: `actor` is who did it (null: the system, or nobody who is known), `person` whom it concerns."""

    number: int
    at: datetime
    actor: WhoOut | None
    via: str
    action: str
    object: str
    flow: UUID | None
    person: WhoOut | None
    address: str
    agent: str
    detail: dict[str, Any]


class AuditOut(Schema):
    """Entries, the newest first; `next` is the cursor of those after them."""

    items: list[AuditEntryOut]
    next: str | None


@router.get("/audit", **answers({200: AuditOut}, "forbidden", "invalid"))
def list_audit(request: HttpRequest, query: Query[AuditQuery]) -> HttpResponseBase:
    """List the audit log; staff only, without a personal token. With `Accept: application/x-ndjson` all that fits."""
    caller, reader = principal(request), person(request)
    if not _may_read_all(caller, reader):
        raise Problem("forbidden", _("Only staff can read the audit log, and not with a personal token."))
    return _answer(request, query, query.filter(), lambda: _still_staff(reader.pk))


@router.get("/flows/{flow_id}/audit", **answers({200: AuditOut}, "forbidden", "not_found", "invalid"))
def list_flow_audit(request: HttpRequest, flow_id: UUID, query: Query[AuditQuery]) -> HttpResponseBase:
    """List what the audit log tells of the flow; owners only. With `Accept: application/x-ndjson` all that fits."""
    caller = principal(request)
    get_flow_for(caller, flow_id, Role.OWNER)
    return _answer(request, query, query.filter(flow_id), lambda: _still_owns(caller, flow_id))


def _may_read_all(caller: Caller, reader: User) -> bool:
    is_program = isinstance(caller, TokenBearer) and caller.token is not None
    return reader.is_staff and not is_program


def _still_staff(user_id: int) -> bool:
    return User.objects.filter(pk=user_id, is_staff=True, is_active=True).exists()


def _still_owns(caller: Caller, flow_id: UUID) -> bool:
    try:
        get_flow_for(caller, flow_id, Role.OWNER)
    except FlowError:
        return False
    return True


def _answer(
    request: HttpRequest, query: AuditQuery, wanted: AuditFilter, may_still: Callable[[], bool]
) -> HttpResponseBase:
    if LINES in request.headers.get("Accept", ""):
        lines = _lines(wanted, may_still)
        sent = _in_a_thread(lines) if isinstance(request, ASGIRequest) else lines
        return StreamingHttpResponse(sent, content_type=f"{LINES}; charset=utf-8")
    try:
        with acting_as_system():  # the right to read was asked for above
            page = audit_page(wanted, limit=query.limit, cursor=query.cursor)
            items = [audit_item(entry) for entry in page.items]
    except ValueError:
        raise Problem("invalid", _("cursor: none of ours")) from None
    return json({"items": items, "next": page.next})


def _lines(wanted: AuditFilter, may_still: Callable[[], bool]) -> Iterator[bytes]:
    batches = audit_batches(wanted)
    while line := _next_line(batches, may_still):
        yield line


@as_system
def _next_line(batches: Iterator[Sequence[AuditEntry]], may_still: Callable[[], bool]) -> bytes:
    """Read the next batch; nothing for those who may not read any more."""
    entries = next(batches, None)
    return _encoded(entries) if entries and may_still() else b""


def _encoded(entries: Sequence[AuditEntry]) -> bytes:
    options = orjson.OPT_UTC_Z | orjson.OPT_APPEND_NEWLINE
    return b"".join(orjson.dumps(audit_item(entry), option=options) for entry in entries)


async def _in_a_thread(lines: Iterator[bytes]) -> AsyncIterator[bytes]:
    """Take one part after the other where the database may be asked, and only when the last one is on its way."""
    while (part := await sync_to_async(lambda: next(lines, None))()) is not None:
        yield part
