"""Imports: a file becomes a flow, or a part of one.

All that is long is done before any lock: reading, checking, laying out, encoding. One import at a time works in a
process, for they all share one interpreter with those who edit; and what a person's imports cost is counted as their
edits are.
"""

import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from secrets import token_hex
from uuid import UUID

from django.db.models import F, Max, Min
from django.utils.translation import gettext as _

from accounts.principals import Principal, user_id_of
from flows import limits as helix_limits
from flows.access import Role, authorize
from flows.commands import work_budget
from flows.commands.lifecycle import create_flow
from flows.commands.submit import submit
from flows.commands.work_budget import turn_to_prepare
from flows.document import Addition, CreateFlow, Edge, Node, Rejected
from flows.interchange.importing import Imported, read_file
from flows.interchange.placing import Bounds, beside
from flows.models import Flow, FlowNode
from flows.rates import count_operations, expect_work_left
from flows.submission import Refused, Submission

STEPS_PER_SECOND = 250_000
"""What a second of reading counts as, in steps of edits (`work_budget`)."""


@dataclass(frozen=True, slots=True)
class Merged:
    """What an import into a flow came to, and the version that it made."""

    imported: Imported
    version: int


def import_flow(principal: Principal, data: bytes, format: str, *, title: str = "") -> tuple[Flow, Imported]:
    """Make a flow of a file, which the principal owns; `title` counts where the file has none.

    Raises `Rejected`, `UnreadableError` and `TooMuchError`; nothing is stored then.
    """
    with _counted(principal):
        imported = read_file(data, format, helix_limits.current())
    name = imported.title or title or _("Imported flow")
    record = CreateFlow(name, imported.description, tuple(imported.nodes), tuple(imported.edges))
    return create_flow(principal, record, via="import"), imported


def import_into(principal: Principal, flow_id: UUID, data: bytes, format: str) -> Merged:
    """Add what a file holds to a flow, beside what is there, as one version and one step to undo.

    Raises `NotFound`, `Forbidden`, `Rejected`, `UnreadableError` and `TooMuchError`; nothing is stored then.
    """
    authorize(principal, flow_id, Role.EDITOR)
    with _counted(principal):
        limits = helix_limits.current()
        imported = read_file(data, format, limits)
        nodes, edges = _renamed(beside(imported.nodes, _bounds(flow_id)), imported.edges)
        addition = Addition.of(nodes, edges, limits)
    receipt = submit(flow_id, [Submission(operation=addition, principal=principal, via="import")])
    (answer,) = receipt.answers
    if isinstance(answer, Refused):
        raise Rejected(answer.code, answer.reason, missing=None, **answer.values)  # type: ignore[arg-type]
    return Merged(replace(imported, nodes=nodes, edges=edges), answer.version)


@contextmanager
def _counted(principal: Principal) -> Iterator[None]:
    """Wait for one's turn, and count the work. Raises `Problem("rate_limited")`."""
    actor = user_id_of(principal)
    count_operations(actor)
    with turn_to_prepare(actor):
        expect_work_left(actor)  # one's own that were before it may have taken long
        begun = time.thread_time()
        try:
            yield
        finally:
            work_budget.spend(actor, int((time.thread_time() - begun) * STEPS_PER_SECOND))


def _bounds(flow_id: UUID) -> Bounds | None:
    found = FlowNode.objects.filter(flow_id=flow_id).aggregate(
        left=Min("x"), top=Min("y"), right=Max(F("x") + F("width")), bottom=Max(F("y") + F("height"))
    )
    return None if found["left"] is None else Bounds(**found)


def _renamed(nodes: Iterable[Node], edges: Iterable[Edge]) -> tuple[tuple[Node, ...], tuple[Edge, ...]]:
    """Give every element an id that no other flow or import has."""
    name = token_hex(8)
    nodes = tuple(nodes)
    ids = {node.id: f"{name}-{number}" for number, node in enumerate(nodes, 1)}
    return (
        tuple(replace(node, id=ids[node.id], parent=node.parent and ids[node.parent]) for node in nodes),
        tuple(
            replace(edge, id=f"{name}-e{number}", source=ids[edge.source], target=ids[edge.target])
            for number, edge in enumerate(edges, 1)
        ),
    )
