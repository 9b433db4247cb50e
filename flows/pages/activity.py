"""What the audit log tells of a flow, in sentences, for its owners: who came in, whose access changed, what left."""

from datetime import UTC, datetime, time, timedelta
from typing import Any

from django.contrib.auth import get_user_model
from django.http import HttpResponse
from django.shortcuts import render
from django.utils.dateparse import parse_date
from django.utils.http import urlencode
from django.views.decorators.http import require_safe

from accounts.audit import Action
from flows.access import Access, Role
from flows.audit_sentences import NAMES, audit_sentence
from flows.log.audit_search import AuditFilter, actors_of, audit_page
from flows.pages.decorators import PageRequest, flow_view
from web.row_ids import read_row_id

SHOWN = 50
MOST_PEOPLE = 200


@require_safe
@flow_view(Role.OWNER)
def audit(request: PageRequest, access: Access) -> HttpResponse:
    """Show entries, the newest first, narrowed by what, by whom and when. What cannot be read narrows nothing."""
    chosen = {name: request.GET.get(name, "") for name in ("action", "actor", "since", "until")}
    wanted = AuditFilter(
        action=Action(chosen["action"]) if chosen["action"] in NAMES else None,
        actor=read_row_id(chosen["actor"]),
        flow_id=access.flow.pk,
        since=_day(chosen["since"]),
        until=_day(chosen["until"], days=1),
    )
    try:
        page = audit_page(wanted, limit=SHOWN, cursor=request.GET.get("cursor", "")[:400])
    except ValueError:
        page = audit_page(wanted, limit=SHOWN)
    context: dict[str, Any] = {
        "flow": access.flow,
        "entries": [(entry, audit_sentence(entry)) for entry in page.items],
        "actions": NAMES.items(),
        "people": _people(access),
        "chosen": chosen,
        "is_narrowed": any(chosen.values()),
        "older": page.next and urlencode({name: one for name, one in chosen.items() if one} | {"cursor": page.next}),
    }
    return render(request, "flows/audit.html", context)


def _people(access: Access) -> list[tuple[str, str]]:
    """Return who did something here, by name."""
    found = get_user_model().everyone.filter(pk__in=actors_of(access.flow.pk, MOST_PEOPLE)).order_by("name", "pk")
    return [(str(user.pk), user.name) for user in found]


def _day(text: str, *, days: int = 0) -> datetime | None:
    """Return the beginning of a day, or of one so many days later."""
    try:
        day = parse_date(text)
        return datetime.combine(day, time(), UTC) + timedelta(days=days) if day else None
    except (ValueError, OverflowError):
        return None
