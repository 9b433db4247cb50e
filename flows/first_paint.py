"""What a flow's page shows at first: all of it, or of a large flow what stands in its top left corner.

A page of ten thousand nodes would take seconds to send and to lay out, so it is opened with what a large screen can
hold, read by a few queries that do not touch the rest; scripts fetch all of it from the canvas address afterwards.
"""

from dataclasses import dataclass
from uuid import UUID

from django.db.models import Min

from flows.document import Document, FlowProperties
from flows.errors import NotFound
from flows.models import Flow, FlowEdge, FlowNode
from flows.storage.sql import key_of
from flows.storage.store import EDGE_COLUMNS, NODE_COLUMNS, Loaded, consistent_read, edge_of, load_document, node_of

WHOLE = 2_000
SCREEN_WIDTH, SCREEN_HEIGHT = 2_000, 1_200
MOST = 600


@dataclass(frozen=True, slots=True)
class Opening:
    """A flow, whole or the first screen of it, and what the log says about the version."""

    loaded: Loaded
    is_partial: bool


def open_flow(flow_id: UUID) -> Opening:
    """Read what the page shows at first. Raises `NotFound` if the flow is unknown or deleted."""
    with consistent_read():
        flow = Flow.objects.filter(pk=flow_id, deleted_at=None).first()
        if flow is None:
            raise NotFound
        if flow.node_count <= WHOLE:
            return Opening(load_document(flow_id), False)
        return Opening(Loaded(_first_screen(flow), flow.version, flow.digest, flow.epoch), True)


def _first_screen(flow: Flow) -> Document:
    rows = FlowNode.objects.filter(flow=flow)
    corner = rows.aggregate(left=Min("x"), top=Min("y"))
    near = rows.filter(x__lte=corner["left"] + SCREEN_WIDTH, y__lte=corner["top"] + SCREEN_HEIGHT)
    nodes = [node_of(row) for row in near.order_by("ordinal").values_list(*NODE_COLUMNS)[:MOST]]
    keys = [key_of(flow.pk, node.id) for node in nodes]
    between = FlowEdge.objects.filter(source_id__in=keys, target_id__in=keys).order_by("ordinal")
    edges = [edge_of(row) for row in between.values_list(*EDGE_COLUMNS)]
    return Document(FlowProperties(flow.title, flow.description), nodes, edges)
