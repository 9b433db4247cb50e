"""`python -m bench.audit_log [entries]`: how long an audit log of a million entries takes to read, on each database.

Two of a hundred entries are of one flow, one in ten is by one person, and a few are rare: what is asked for is all of
it, what is frequent and what is rare, its first page, the next and one far behind, by REST, page and admin.
"""

import sys
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from bench.databases import Requests, child, on_each

ENTRIES, PEOPLE, FLOWS = 1_000_000, 2_000, 5_000
STAFF, OWNER = "staff@example.com", "owner@example.com"
FIRST = datetime(2024, 1, 1, tzinfo=UTC)
OFTEN = ("login", "logout", "flow_created", "member_added", "guest_entered", "link_created", "flow_exported")
AT_ONCE = 20_000


def fill(entries: int) -> None:
    """Write so many entries, a minute apart; their digests are none."""
    from accounts.models import User
    from accounts.principals import Person
    from flows.commands import create_flow
    from flows.models import AuditEntry
    from flows.parsing import parse_flow

    User.objects.create(email=STAFF, name="Staff", password="!", is_staff=True, is_superuser=True)
    owner = User.objects.create(email=OWNER, name="Owner", password="!")
    people = [owner, *(_person(number) for number in range(PEOPLE))]
    User.objects.bulk_create(people[1:])
    flow = create_flow(Person(owner.pk), parse_flow(title="Busy"), via="api")
    ids = [person.pk for person in User.objects.order_by("pk")]
    for first in range(10, entries, AT_ONCE):
        AuditEntry.objects.bulk_create(
            _entry(number, ids, flow.pk) for number in range(first, min(first + AT_ONCE, entries))
        )


def requests() -> Requests:
    """Return what is asked for."""
    from flows.models import AuditEntry, Flow

    flow = Flow.objects.get(title="Busy").pk
    often, rare = (AuditEntry.objects.select_related("actor").get(number=number).actor for number in (10, 11))
    concerned = AuditEntry.objects.get(number=15).person_id
    assert often is not None and rare is not None
    last = AuditEntry.objects.order_by("-number")[0].number
    far, day = _cursor(last // 10), (FIRST + timedelta(minutes=last // 2)).date()
    whole, page, admin = "/api/v1/audit", f"/flows/{flow}/audit/", "/admin/flows/auditentry/"
    mine = f"/api/v1/flows/{flow}/audit"
    return {
        "REST, first page": (STAFF, whole),
        "REST, far behind": (STAFF, f"{whole}?cursor={far}"),
        "REST, thousand entries": (STAFF, f"{whole}?limit=1000"),
        "REST, a day in the middle": (STAFF, f"{whole}?since={day}T00:00:00Z&until={day}T23:59:59Z"),
        "REST, by one who did much": (STAFF, f"{whole}?actor={often.pk}"),
        "REST, by one who did little": (STAFF, f"{whole}?actor={rare.pk}"),
        "REST, by a frequent action": (STAFF, f"{whole}?action=login&cursor={far}"),
        "REST, by a rare action": (STAFF, f"{whole}?action=token_reuse"),
        "REST, by a team": (STAFF, f"{whole}?object=team:7"),
        "REST, by a flow": (STAFF, f"{whole}?object=flow:{flow}&cursor={far}"),
        "REST, by a person it concerns": (STAFF, f"{whole}?object=user:{concerned}"),
        "REST, by a flow, a rare action": (STAFF, f"{whole}?object=flow:{flow}&action=token_reuse"),
        "REST, by a team and a rare action": (STAFF, f"{whole}?object=team:7&action=token_reuse"),
        "REST, by a flow and one who did little": (STAFF, f"{whole}?object=flow:{flow}&actor={rare.pk}"),
        "REST, nothing fits": (STAFF, f"{whole}?actor={rare.pk}&action=setting_changed"),
        "REST, of the flow": (OWNER, mine),
        "REST, of the flow, by one who did little": (OWNER, f"{mine}?actor={rare.pk}"),
        "page of the flow": (OWNER, page),
        "page, far behind": (OWNER, f"{page}?cursor={far}"),
        "page, by one who did little": (OWNER, f"{page}?actor={rare.pk}"),
        "page, by one who did little and what": (OWNER, f"{page}?actor={rare.pk}&action=login"),
        "page, a day in the middle": (OWNER, f"{page}?since={day}&until={day}"),
        "admin, first page": (STAFF, admin),
        "admin, the last that is shown": (STAFF, f"{admin}?p=100"),
        "admin, by a rare action": (STAFF, f"{admin}?action=token_reuse"),
        "admin, by a frequent way": (STAFF, f"{admin}?via=api"),
        "admin, by a rare way": (STAFF, f"{admin}?via=admin"),
        "admin, by a way that is none": (STAFF, f"{admin}?via=hook"),
        "admin, search a person": (STAFF, f"{admin}?q={rare.email}"),
        "admin, search many people": (STAFF, f"{admin}?q=person1"),
        "admin, search who did much": (STAFF, f"{admin}?q={often.email}"),
        "admin, search a flow": (STAFF, f"{admin}?q=busy"),
        "admin, search an address": (STAFF, f"{admin}?q=192.0.2.7"),
        "admin, search what is not there": (STAFF, f"{admin}?q=nothing+of+the+kind"),
        "admin, this year": (STAFF, f"{admin}?at__gte=2025-01-01+00:00:00Z&at__lt=2026-01-01+00:00:00Z"),
        "admin, of a flow": (STAFF, f"{admin}?flow__id__exact={flow}"),
        "admin, one entry": (STAFF, f"{admin}{last // 2}/change/"),
    }


def _person(number: int) -> Any:
    from accounts.models import User

    return User(email=f"person{number}@example.com", name=f"Person {number}", password="!")


def _entry(number: int, people: list[int], busy: UUID) -> Any:
    from flows.models import AuditEntry

    is_rare, has_flow = number % 20_000 == 7, number % 3 == 0
    return AuditEntry(
        number=number,
        at=FIRST + timedelta(minutes=number),
        actor_id=people[0] if number % 10 == 0 else people[number * 17 % len(people)],
        person_id=people[number * 19 % len(people)] if number % 5 == 0 else None,
        via="admin" if number % 50_000 == 9 else ("api", "page", "socket")[number % 3],
        action="token_reuse" if is_rare else OFTEN[number * 13 % len(OFTEN)],
        flow_id=busy if number % 50 == 0 else UUID(int=number % FLOWS) if has_flow else None,
        object="" if has_flow else f"team:{number % 900}",
        address=f"192.0.2.{number % 251}",
        agent="Mozilla/5.0 (X11; Linux x86_64; rv:145.0) Gecko/20100101 Firefox/145.0",
        detail='{"after":"editor","before":"viewer"}',
        digest="0" * 64,
    )


def _cursor(number: int) -> str:
    from web.paging import cursor_of

    return cursor_of(FIRST + timedelta(minutes=number), number)


if __name__ == "__main__":
    if sys.argv[1:2] == ["child"]:
        child("bench.audit_log")
    else:
        on_each("bench.audit_log", int(sys.argv[1]) if sys.argv[1:] else ENTRIES)
