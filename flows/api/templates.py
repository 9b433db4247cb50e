"""Templates: listed, made of a flow, made into a flow; and what changed in the one that a flow was made of."""

from dataclasses import asdict
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from ninja import Body, Query

from accounts.authentication import principal
from accounts.principals import user_id_of
from flows import commands
from flows.access import Role, get_flow_for
from flows.api.answers import json, rejected, whole_flow
from flows.api.schemas import GRAPH_CODES, FlowOut, VersionOut
from flows.api.template_schemas import (
    BehindOut,
    InstantiateIn,
    ParameterIn,
    TemplateChangeIn,
    TemplateIn,
    TemplateOut,
    TemplateQuery,
    TemplatesOut,
)
from flows.commands import Refused
from flows.document import encode_edge, encode_node
from flows.errors import NotFound
from flows.parsing import parse_properties, parse_title
from flows.templates import Parameter, Template, parameters_of
from flows.templates.own import find, visible
from web.errors import answers
from web.router import Router, door

router = Router(tags=["templates"])
AS_IT_IS = InstantiateIn()


@router.get("/templates", **answers({200: TemplatesOut}, "invalid"))
def list_templates(request: HttpRequest, query: Query[TemplateQuery]) -> HttpResponse:
    """List the caller's own templates and their teams', the newest first, then the product's by category."""
    return json({"items": [_item(one, request) for one in visible(principal(request), **query.dict())]})


@router.get("/templates/{template_id}", **answers({200: TemplateOut}, "not_found"))
def read_template(request: HttpRequest, template_id: str) -> HttpResponse:
    """Read one template."""
    return json(_item(find(principal(request), template_id), request))


@router.post(
    "/templates/{template_id}/instantiate",
    **answers({201: FlowOut}, "forbidden", "not_found", "too_large", "invalid", "rate_limited", *GRAPH_CODES),
)
def instantiate(request: HttpRequest, template_id: str, payload: Body[InstantiateIn] = AS_IT_IS) -> HttpResponse:
    """Make a flow of the caller's own from a template, with values for its parameters."""
    owner = principal(request)
    title = None if payload.title is None else parse_title(payload.title)
    template = find(owner, template_id)
    flow = commands.create_from_template(owner, template, title=title, values=payload.parameters)
    response = whole_flow(owner, flow.pk, status=201)
    response["Location"] = f"{request.path.partition('/templates')[0]}/flows/{flow.pk}"
    return response


@router.patch(
    "/templates/{template_id}",
    **answers({200: TemplateOut}, "forbidden", "not_found", "too_large", "invalid", "rate_limited", "limit_reached"),
)
def change_template(request: HttpRequest, template_id: str, payload: TemplateChangeIn) -> HttpResponse:
    """Change a template of the caller's own: what is named, and the graph where a flow is named."""
    given = payload.dict(exclude_unset=True)
    before = find(principal(request), template_id)
    texts = parse_properties(given.get("title", before.title), given.get("description", before.description))
    template = commands.change_template(
        principal(request),
        template_id,
        changes={
            "title": texts.title,
            "description": texts.description,
            "category": given.get("category", before.category),
        },
        flow_id=payload.flow,
        parameters=_parameters(payload.parameters) if "parameters" in given else None,
    )
    return json(_item(template, request))


@router.delete("/templates/{template_id}", **answers({204: None}, "forbidden", "not_found", "rate_limited"))
def delete_template(request: HttpRequest, template_id: str) -> HttpResponse:
    """Delete a template of the caller's own; flows made of it stay as they are."""
    commands.delete_template(principal(request), template_id)
    return HttpResponse(status=204)


@router.post(
    "/flows/{flow_id}/template",
    **answers({201: TemplateOut}, "forbidden", "not_found", "too_large", "invalid", "rate_limited", "limit_reached"),
)
@door(reaches_out=True)
def save_template(request: HttpRequest, flow_id: UUID, payload: TemplateIn) -> HttpResponse:
    """Make a template of the caller's own, or their team's, from a flow as it is now; it takes a viewer's role."""
    get_flow_for(principal(request), flow_id)
    texts = parse_properties(payload.title, payload.description)
    template = commands.save_template(
        principal(request),
        flow_id,
        title=texts.title,
        description=texts.description,
        category=payload.category.strip(),
        parameters=_parameters(payload.parameters),
        team=payload.team,
    )
    response = json(_item(template, request), 201)
    response["Location"] = f"{request.path.partition('/flows')[0]}/templates/{template.id}"
    return response


@router.get("/flows/{flow_id}/template", **answers({200: BehindOut}, "not_found"))
def read_difference(request: HttpRequest, flow_id: UUID) -> HttpResponse:
    """Tell what changed in the template that the flow was made of; 404 without one that the caller can see."""
    behind = commands.template_behind(principal(request), flow_id)
    if behind is None:
        raise NotFound
    told = [asdict(one) for one in behind.differences]
    template = behind.template
    return json({"id": template.id, "title": template.title_in_words, "behind": behind.is_behind, "differences": told})


@router.post(
    "/flows/{flow_id}/template/follow",
    **answers({200: VersionOut}, "forbidden", "not_found", "invalid", "rate_limited", *GRAPH_CODES),
)
def follow_template(request: HttpRequest, flow_id: UUID) -> HttpResponse:
    """Bring what changed in its template into the flow, as one version; what was changed in the flow stays."""
    access = get_flow_for(principal(request), flow_id, Role.EDITOR)
    receipt = commands.follow_template(principal(request), flow_id)
    if receipt is None:
        return json({"version": access.flow.version})
    match receipt.answers:
        case (Refused() as refused,):
            raise rejected(refused)
    return json({"version": receipt.version})


def _parameters(given: list[ParameterIn]) -> tuple[Parameter, ...]:
    return tuple(Parameter(one.name, one.title, one.path) for one in given)


def _item(template: Template, request: HttpRequest) -> dict[str, object]:
    return {
        "id": template.id,
        "title": template.title_in_words,
        "description": template.description_in_words,
        "category": template.category,
        "nodes": [encode_node(node) for node in template.nodes],
        "edges": [encode_edge(edge) for edge in template.edges],
        "parameters": parameters_of(template),
        "mine": template.owner is not None and template.owner == user_id_of(principal(request)),
    } | ({} if template.team is None else {"team": template.team})
