"""`python -m bench.library [flows] [nodes]`: how long a person with ten thousand flows waits, on each database.

Lists, searches, counts and one flow, by page and by REST, beside the same for a person with a tenth of the flows.
"""

import sys
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

from bench.databases import Requests, child, on_each

FLOWS, NODES = 10_000, 50
WORDS = ("invoice", "order", "refund", "support", "digest", "alert", "lead", "survey", "report", "contract", "audit")
FEW, MANY = "few@example.com", "many@example.com"


def fill(flows: int, nodes: int) -> None:
    """Write flows of two new people: a tenth of what the other has for the first."""
    _fill(FEW, flows // 10, nodes)
    _fill(MANY, flows, nodes)


def requests() -> Requests:
    """Return what is asked for."""
    found = dict[str, tuple[str, str]]()
    for email in (FEW, MANY):
        flows = _flows_of(email)
        found |= {f"{what}, {len(flows):,}": (email, path) for what, path in _paths(flows).items()}
    return dict(sorted(found.items(), key=lambda one: list(_paths(flows)).index(one[0].rpartition(", ")[0])))


def _flows_of(email: str) -> list[UUID]:
    from flows.models import Membership

    return list(Membership.objects.filter(user__email=email).order_by("pk").values_list("flow", flat=True))


def _paths(flows: list[UUID]) -> dict[str, str]:
    last, api = len(flows) * 8 // 10, "/api/v1/flows"
    return {
        "one flow's page": f"/flows/{flows[0]}/",
        "one flow by REST": f"{api}/{flows[0]}",
        "page": "/",
        "page, its last part": f"/?offset={last}",
        "page, by title": "/?sort=title",
        "page, recent": "/?tab=recent",
        "page, starred": "/?tab=starred",
        "page, trash": "/?tab=trash",
        "page, shared": "/?tab=shared",
        "page, search a common word": "/?q=refund",
        "page, search two words": "/?q=INVOICE+dig%C3%A9st",
        "page, search what is not there": "/?q=nothing+of+the+kind",
        "REST": api,
        "REST, most at once": f"{api}?limit=100",
        "REST, its last part": f"{api}?offset={last}",
        "REST, by title": f"{api}?sort=title",
        "REST, recent": f"{api}?scope=recent",
        "REST, search a common word": f"{api}?q=refund",
    }


def _fill(email: str, count: int, nodes: int) -> None:
    """Write so many flows of a new person: a third of them starred and opened, a tenth deleted."""
    from django.db import transaction
    from django.utils import timezone

    from accounts.models import User
    from flows.models import Flow, FlowNode, Membership, Opening, Star
    from flows.search import folded

    user, now = User.objects.create(email=email, name=email, password="!"), timezone.now()
    for first in range(0, count, 500):
        with transaction.atomic():
            flows = [_flow(number, now - timedelta(seconds=number), nodes) for number in range(first, first + 500)]
            for flow in flows:
                flow.search_text = folded(f"{flow.title}\n")
            Flow.objects.bulk_create(flows)
            Membership.objects.bulk_create(Membership(flow=flow, user=user, role="owner") for flow in flows)
            Star.objects.bulk_create(Star(flow=flow, user=user) for flow in flows[::3])
            Opening.objects.bulk_create(Opening(flow=flow, user=user, at=now) for flow in flows[::3])
            FlowNode.objects.bulk_create((node for flow in flows for node in _nodes(flow.pk, nodes)), batch_size=2_000)


def _flow(number: int, at: datetime, nodes: int) -> Any:
    from flows.models import Flow

    title = f"{WORDS[number % 11].title()} {WORDS[number % 7]} {number}"
    deleted = at if number % 10 == 9 else None
    return Flow(id=uuid4(), title=title, version=1, updated_at=at, deleted_at=deleted, node_count=nodes, seal="0" * 64)


def _nodes(flow_id: UUID, count: int) -> list[Any]:
    from flows.models import FlowNode

    return [
        FlowNode(
            key=f"{flow_id.hex}.n{number}",
            flow_id=flow_id,
            ordinal=number,
            node_id=f"n{number}",
            kind="agent",
            x=0,
            y=0,
            width=144,
            height=80,
            label=f"{WORDS[number % 11].title()} the {WORDS[number % 5]} {number}",
            colour="#000000",
            enabled=True,
        )
        for number in range(count)
    ]


if __name__ == "__main__":
    if sys.argv[1:2] == ["child"]:
        child("bench.library")
    else:
        given = [int(text) for text in sys.argv[1:3]]
        on_each("bench.library", *given, *(FLOWS, NODES)[len(given) :])
