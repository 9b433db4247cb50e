"""The templates that a person can use: those of the product, their own and their teams'. Nobody sees anybody else's."""

from collections.abc import Iterable, Sequence
from uuid import UUID

import orjson
from django.db.models import Q, QuerySet
from django.utils.translation import gettext as _

from accounts.principals import Principal, user_id_of
from accounts.teams import Role, includes, teams_of
from flows.access import read_id
from flows.document import Edge, Node, canonical_json, decode_graph, encode_edge, encode_node
from flows.document.limits import NO_LIMITS
from flows.errors import Forbidden, NotFound
from flows.models import OwnTemplate, TemplateUse
from flows.search import folded
from flows.templates.builtin import CATEGORIES, builtin
from flows.templates.template import Parameter, Template


def find(principal: Principal, template_id: str) -> Template:
    """Return a template by its id. Raises `NotFound`, also for somebody else's."""
    if template := builtin().get(template_id):
        return template
    return template_of(_row(principal, template_id))


def own_row(principal: Principal, template_id: str) -> OwnTemplate:
    """Return the row of a template that a person may change: their own, or one of a team of which they are admin.

    Raises `NotFound`, and `Forbidden` for one of a team that they may only use.
    """
    row = _row(principal, template_id)
    if row.owner_id != user_id_of(principal) and row.team_id not in _teams(principal, Role.ADMIN):
        raise Forbidden(_("Only its author and admins of the team can change this template."))
    return row


def _row(principal: Principal, template_id: str) -> OwnTemplate:
    row = _rows(principal).filter(pk=read_id(template_id)).first()
    if row is None:
        raise NotFound
    return row


def _rows(principal: Principal) -> "QuerySet[OwnTemplate]":
    """Return all that a person can use: what they made for themselves, and what is in their teams."""
    return _in(user_id_of(principal), _teams(principal)).select_related("team")


def _in(user_id: int | None, teams: Iterable[UUID]) -> "QuerySet[OwnTemplate]":
    return OwnTemplate.objects.filter(Q(owner_id=user_id, team=None) | Q(team__in=teams))


def _teams(principal: Principal, role: Role = Role.VIEWER) -> set[UUID]:
    user_id = user_id_of(principal)
    return set() if user_id is None else {one.id for one in teams_of(user_id) if includes(one.role, role)}


def made_of(principal: Principal, flow_id: UUID) -> tuple[Template, bool] | None:
    """Return the template a flow was made of, and whether it has changed since; None without one to be seen."""
    use = TemplateUse.objects.filter(flow_id=flow_id).values_list("template", "version").first()
    if use is None:
        return None
    try:
        template = find(principal, use[0])
    except NotFound:
        return None
    return template, template.version != use[1]


def visible(principal: Principal, *, q: str = "", category: str = "") -> list[Template]:
    """Return those of a person and their teams, the newest first, then the product's, that hold every word of `q`."""
    rows = _rows(principal).order_by("-created_at", "id")
    words = folded(q).split()
    everything = [*map(template_of, rows), *builtin().values()]
    return [one for one in everything if category in {"", one.category} and _holds(one, words)]


def own_count(principal: Principal, teams: Iterable[UUID]) -> int:
    """Return how many templates a person and these teams of theirs have made."""
    return _in(user_id_of(principal), teams).count()


def categories(templates: Iterable[Template]) -> list[str]:
    """Return the categories of templates, the product's in their order, then a person's by name."""
    found = {template.category for template in templates if template.category}
    return [*(name for name in CATEGORIES if name in found), *sorted(found.difference(CATEGORIES))]


def template_of(row: OwnTemplate) -> Template:
    """Read a person's own template."""
    nodes, edges = graph_of(row.graph)
    parameters = tuple(Parameter(**one) for one in row.parameters)
    return Template(
        str(row.pk),
        row.title,
        row.description,
        row.category,
        (*nodes.values(),),
        (*edges.values(),),
        parameters,
        row.owner_id,
        row.team_id,
        row.team.name if row.team else "",
    )


def graph_of(text: str) -> tuple[dict[str, Node], dict[str, Edge]]:
    """Read what `graph_text` wrote: nodes and edges by id."""
    graph = orjson.loads(text)
    nodes, edges = decode_graph(graph["nodes"], graph["edges"], NO_LIMITS)
    return {node.id: node for node in nodes}, {edge.id: edge for edge in edges}


def graph_text(nodes: Sequence[Node], edges: Sequence[Edge]) -> str:
    """Return a graph as the rows keep it: whole elements by id, as JSON."""
    by_id = sorted(nodes, key=lambda node: node.id), sorted(edges, key=lambda edge: edge.id)
    return canonical_json({"nodes": [*map(encode_node, by_id[0])], "edges": [*map(encode_edge, by_id[1])]})


def _holds(template: Template, words: Sequence[str]) -> bool:
    if not words:
        return True
    text = folded(f"{template.title_in_words}\n{template.description_in_words}\n{template.title}")
    return all(word in text for word in words)
