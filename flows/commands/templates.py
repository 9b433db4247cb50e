"""Templates: flows made of them, and those that people make of their flows.

A template is its owner's alone, or their team's, so its rows need no flow's lock. Saving one takes what duplicating a
flow takes, the viewer's role: who can read all of a flow may keep a copy.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any
from uuid import UUID

from django.contrib.auth import get_user_model
from django.db.models import Count, Sum
from django.utils.translation import gettext as _

from accounts.principals import Principal, user_id_of
from accounts.scopes import expect_everywhere
from flows import limits as helix_limits
from flows.access import VIEW, Role, authorize, get_flow_for
from flows.commands.flow_lock import lock_flow
from flows.commands.lifecycle import create_flow, expect_may_copy
from flows.commands.submit import submit
from flows.commands.teams import expect_in_team
from flows.document import CreateFlow, Rejected, decode_operation, encode_edge, encode_node
from flows.errors import FlowReason, Forbidden, NotFound
from flows.models import Flow, OwnTemplate, TemplateUse
from flows.rates import count_flow_change
from flows.storage.store import consistent_read, load_document
from flows.submission import Receipt, Refused, Submission
from flows.templates import Parameter, Template, fill
from flows.templates.difference import Difference, differences, elements, values_of
from flows.templates.own import find, graph_of, graph_text, own_row, template_of
from flows.templates.parameters import check_parameters
from web.write_transaction import in_write_transaction


@dataclass(frozen=True, slots=True)
class Behind:
    """How a flow stands to its template: whether that changed, what differs, the operations for it, the new base."""

    template: Template
    is_behind: bool
    differences: list[Difference]
    operations: list[dict[str, Any]]
    base: str


def create_from_template(
    principal: Principal, template: Template, *, title: str | None = None, values: Mapping[str, object] | None = None
) -> Flow:
    """Create a flow of the principal's own from a template, with values for its parameters. Raises `Rejected`."""
    nodes, edges = fill(template, values or {})
    record = CreateFlow(title or template.title_in_words, template.description_in_words, nodes, edges)
    use = TemplateUse(template=template.id, version=template.version, base=graph_text(nodes, edges))
    return create_flow(principal, record, via="template", use=use)


def fill_from_template(
    principal: Principal, flow_id: UUID, template: Template, *, values: Mapping[str, object] | None = None
) -> Receipt:
    """Put a template into a flow that is empty, as one version; it is then as if the flow had been made of it.

    A flow without a name of its own takes the template's. Raises `NotFound`, `Forbidden` or `Rejected`; where somebody
    has put something there meanwhile, the receipt says that it was refused.
    """
    count_flow_change(principal)
    flow = get_flow_for(principal, flow_id, Role.EDITOR).flow
    if flow.node_count:
        raise Rejected("version_conflict", FlowReason.VERSION_STALE, version=flow.version)
    nodes, edges = fill(template, values or {})
    limits = helix_limits.current()
    first = sorted(nodes, key=lambda node: (node.kind != "group", node.parent is not None))
    operations: list[dict[str, Any]] = [{"kind": "add_node", "node": encode_node(node)} for node in first]
    operations += [{"kind": "add_edge", "edge": encode_edge(edge)} for edge in edges]
    if flow.title == _("Untitled flow"):
        operations.append({"kind": "edit_flow", "set": {"title": template.title_in_words}})
    most = replace(limits, batch=limits.nodes + limits.edges + 1)
    operation = decode_operation({"kind": "batch", "operations": operations}, most)
    submission = Submission(operation=operation, principal=principal, via="template", based_on=flow.version)
    receipt = submit(flow_id, [submission])
    if not isinstance(receipt.answers[0], Refused):
        _used(principal, flow_id, template, graph_text(nodes, edges))
    return receipt


@in_write_transaction
def _used(principal: Principal, flow_id: UUID, template: Template, base: str) -> None:
    """Note that a flow follows a template, at what the template says now."""
    lock_flow(flow_id)
    authorize(principal, flow_id, Role.EDITOR)
    given = {"template": template.id, "version": template.version, "base": base}
    TemplateUse.objects.update_or_create(flow_id=flow_id, defaults=given)


def save_template(
    principal: Principal,
    flow_id: UUID,
    *,
    title: str,
    description: str = "",
    category: str = "",
    parameters: Sequence[Parameter] = (),
    team: UUID | None = None,
) -> Template:
    """Make a template of a flow as it is now, for a team if one is given.

    Raises `NotFound`, `Forbidden`, `Rejected` beyond a limit, or `Problem` (`not_found`, `forbidden`) for the team.
    """
    expect_everywhere(principal)
    if team is not None:
        expect_in_team(principal, team)
    count_flow_change(principal)
    graph, owner = _graph_of(principal, flow_id), user_id_of(principal)
    if owner is None:
        raise Forbidden
    row = OwnTemplate(
        owner_id=owner, team_id=team, title=title, description=description, category=category, graph=graph
    )
    return _save(row, parameters)


def change_template(
    principal: Principal,
    template_id: str,
    *,
    changes: Mapping[str, str],
    flow_id: UUID | None = None,
    parameters: Sequence[Parameter] | None = None,
) -> Template:
    """Change a template of the principal's own: its texts, its parameters, or its graph to a flow's as it is now.

    Raises `NotFound`, `Forbidden` or `Rejected`.
    """
    count_flow_change(principal)
    row = own_row(principal, template_id)
    for name in ("title", "description", "category"):
        setattr(row, name, changes.get(name, getattr(row, name)))
    if flow_id is not None:
        row.graph = _graph_of(principal, flow_id)
    return _save(row, template_of(row).parameters if parameters is None else parameters)


def delete_template(principal: Principal, template_id: str) -> None:
    """Delete a template of the principal's own; flows made of it stay. Raises `NotFound`."""
    count_flow_change(principal)
    own_row(principal, template_id).delete()


def template_behind(principal: Principal, flow_id: UUID) -> Behind | None:
    """Return what the flow's template says now that the flow does not; None without one that the principal can see.

    Raises `NotFound` for a flow that the principal cannot see.
    """
    with consistent_read():
        authorize(principal, flow_id, Role.VIEWER, VIEW)
        use = TemplateUse.objects.filter(flow_id=flow_id).first()
        if use is None:
            return None
        try:
            template = find(principal, use.template)
        except NotFound:
            return None
        loaded = load_document(flow_id)
    base = graph_of(use.base)
    try:
        now = elements(*fill(template, values_of(template, base)))
    except Rejected:  # a value from then does not fit any more
        now = elements(template.nodes, template.edges)
    mine = elements(loaded.document.nodes(), loaded.document.edges())
    is_behind = template.version != use.version
    told, operations = differences(base, now, mine) if is_behind else ([], [])
    return Behind(template, is_behind, told, operations, graph_text([*now[0].values()], [*now[1].values()]))


def follow_template(principal: Principal, flow_id: UUID) -> Receipt | None:
    """Bring what changed in the flow's template into the flow, as one version; None where nothing has.

    Raises `NotFound` or `Forbidden`; a refusal of the version is in the receipt, and then nothing is taken over.
    """
    count_flow_change(principal)
    authorize(principal, flow_id, Role.EDITOR)
    behind = template_behind(principal, flow_id)
    if behind is None or not behind.is_behind:
        return None
    limits = helix_limits.current()
    receipt = None
    if behind.operations:
        most = replace(limits, batch=limits.nodes + limits.edges)
        operation = decode_operation({"kind": "batch", "operations": behind.operations}, most)
        receipt = submit(flow_id, [Submission(operation=operation, principal=principal, via="template")])
        if isinstance(receipt.answers[0], Refused):
            return receipt
    _used(principal, flow_id, behind.template, behind.base)
    return receipt


def _graph_of(principal: Principal, flow_id: UUID) -> str:
    with consistent_read():
        expect_may_copy(principal, flow_id)
        document = load_document(flow_id).document
    return graph_text(list(document.nodes()), list(document.edges()))


@in_write_transaction
def _save(row: OwnTemplate, parameters: Sequence[Parameter]) -> Template:
    """Write a row; who has too many templates is refused, counted under a lock of their own."""
    row.parameters = [{"name": one.name, "title": one.title, "path": one.path} for one in parameters]
    template = template_of(row)
    check_parameters(template)
    row.size = len(row.graph.encode())
    get_user_model().objects.select_for_update().filter(pk=row.owner_id).first()
    others = OwnTemplate.objects.filter(owner_id=row.owner_id).exclude(pk=row.pk)
    held = others.aggregate(count=Count("pk"), size=Sum("size", default=0))
    limits = helix_limits.current()
    if held["count"] >= limits.templates_per_person:
        raise Rejected("limit_reached", FlowReason.TOO_MANY_TEMPLATES, most=limits.templates_per_person)
    if held["size"] + row.size > limits.template_bytes:
        raise Rejected("limit_reached", FlowReason.TEMPLATES_FULL, most=limits.template_bytes)
    row.save(force_update=not row._state.adding)
    return template
