"""What flows are found by, in a row for each: brought up to date when somebody searches, never while they edit.

A row says of which version it is, so one that is behind shows itself. Reading 10,000 rows takes a database as long as
asking an index for the same: a word may stand anywhere in a text, which plain indexes do not serve.
"""

from collections import defaultdict
from collections.abc import Sequence
from uuid import UUID

from django.db import IntegrityError

from accounts.principals import Caller
from flows.access import Query, roles_query
from flows.models import Flow, FlowNode, FlowText
from flows.search import findable
from flows.storage.sql import read_key, select
from web.write_transaction import write_transaction

_CHUNK = 500
_FLOWS, _TEXTS = Flow._meta.db_table, FlowText._meta.db_table
_BEHIND = (
    f"LEFT JOIN {_TEXTS} AS text ON text.flow_id = flow.id WHERE text.version IS NULL OR text.version <> flow.version"
)


def refresh_for(principal: Caller) -> None:
    """Bring up to date what a principal's flows are found by."""
    held, parameters = roles_query(principal)
    mine = f"FROM ({held}) AS held JOIN {_FLOWS} AS flow ON flow.id = held.flow_id {_BEHIND}"
    _refresh(_ids((f"SELECT flow.id {mine}", parameters)))


def refresh_some(limit: int) -> int:
    """Bring up to date what some flows are found by, so that who searches need not wait for that; return how many."""
    ids = _ids((f"SELECT flow.id FROM {_FLOWS} AS flow {_BEHIND} LIMIT %s", [limit]))  # noqa: S608  (our names)
    _refresh(ids)
    return len(ids)


def _ids(query: Query) -> list[UUID]:
    return [read_key(value) for (value,) in select(*query)]


def _refresh(ids: Sequence[UUID]) -> None:
    for first in range(0, len(ids), _CHUNK):
        try:
            _write(ids[first : first + _CHUNK])
        except IntegrityError:  # a flow was purged meanwhile; the others are found the next time
            continue


def _write(ids: Sequence[UUID]) -> None:
    """Write the texts of some flows. Versions are read first: what changes meanwhile makes a row behind again.

    In one order, so that two who do this do not wait for each other in a circle.
    """
    flows = list(Flow.objects.filter(pk__in=ids).order_by("pk").values_list("pk", "version", "title", "description"))
    labels = defaultdict[UUID, list[str]](list)
    for flow_id, label in (
        FlowNode.objects.filter(flow__in=ids).order_by("flow", "ordinal").values_list("flow", "label")
    ):
        labels[flow_id].append(label)
    rows = [
        FlowText(flow_id=id, version=version, text=findable("\n".join((title, description, *labels[id]))))
        for id, version, title, description in flows
    ]
    with write_transaction():
        FlowText.objects.bulk_create(
            rows, update_conflicts=True, unique_fields=["flow"], update_fields=["version", "text"]
        )
