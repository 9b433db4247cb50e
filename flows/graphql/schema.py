"""The schema: names to queries and commands, each with the rights, rates and limits that REST has.

A query is carried out in one consistent read, so a flow's version and what is in it fit together; a mutation reads what
it answers in one, after its commit. How a flow is followed is given from above (`Context.follow`), for this room knows
no sessions.
"""

from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, TypeAlias
from uuid import UUID

import strawberry
from django.utils.translation import gettext as _
from graphql import FieldNode, GraphQLResolveInfo
from strawberry.schema.config import StrawberryConfig
from strawberry.types import Info as StrawberryInfo

from accounts.principals import Caller
from accounts.scopes import expect_everywhere
from flows import commands
from flows.access import Access, Role, get_flow_for, read_id
from flows.api.answers import rejected
from flows.commands import Refused, Submission
from flows.document import Edge as DocumentEdge
from flows.document import Node as DocumentNode
from flows.graphql import types
from flows.graphql.cost import PAGE, Elements
from flows.graphql.types import Change, EdgeInput, NodeInput, PageInfo, Viewport, ViewportInput
from flows.graphql.viewports import keep_viewport, viewports_of
from flows.library import BadPage, library_after
from flows.parsing import parse_flow, parse_title
from flows.rates import count_operations
from flows.sentences import sentence
from flows.storage.store import consistent_read, read_edges, read_nodes
from flows.submission import parse_graph, parse_operation
from web.errors import Problem

Follow: TypeAlias = Callable[[UUID, int | None], AsyncIterator[Change]]


@dataclass(slots=True)
class Context:
    """Who asks, what they have read so far, and how a flow is followed, where that can be."""

    caller: Caller
    follow: Follow | None = None
    elements: Elements = field(default_factory=Elements)


Info: TypeAlias = StrawberryInfo[Context, None]


@strawberry.type
class Flow:
    """A flow, to one of its members."""

    id: strawberry.ID
    title: str
    description: str
    version: int
    role: str
    viewport: Viewport | None
    node_count: int
    edge_count: int
    created_at: datetime
    updated_at: datetime
    loaded_nodes: strawberry.Private[list[DocumentNode] | None] = None
    loaded_edges: strawberry.Private[list[DocumentEdge] | None] = None

    @strawberry.field
    def nodes(self, info: Info) -> list[types.Node]:
        """All nodes, in the order in which they came."""
        if self.loaded_nodes is None:
            info.context.elements.spend(self.node_count)
            self.loaded_nodes = list(read_nodes(UUID(self.id)))
        return [types.node_type(node) for node in self.loaded_nodes]

    @strawberry.field
    def edges(self, info: Info) -> list[types.Edge]:
        """All edges, in the order in which they came."""
        if self.loaded_edges is None:
            info.context.elements.spend(self.edge_count)
            self.loaded_edges = list(read_edges(UUID(self.id)))
        return [types.edge_type(edge) for edge in self.loaded_edges]


@strawberry.type
class FlowEdge:
    """A flow in a page of them."""

    cursor: str
    node: Flow


@strawberry.type
class FlowConnection:
    """A page of flows. New flows come before the first, so going on leaves none out and tells none twice."""

    edges: list[FlowEdge]
    page_info: PageInfo
    total_count: int


@strawberry.type
class Query:
    """What can be read."""

    @strawberry.field
    def my_flows(
        self, info: Info, q: str | None = None, first: int | None = 50, after: str | None = None
    ) -> FlowConnection:
        """The caller's flows, the newest first. Every word of `q` is in title, description or a node's label.

        `first` is up to 100.
        """
        first = 50 if first is None else first
        if not 1 <= first <= PAGE:
            raise Problem("invalid", _("first: a whole number from 1 to {most}").format(most=PAGE))
        caller = info.context.caller
        expect_everywhere(caller)
        try:
            page = library_after(caller, q=q or "", first=first, after=after)
        except BadPage:
            raise Problem("invalid", _("q is too long, or after is not a cursor.")) from None
        viewports = viewports_of(caller, [one.id for one in page.items])
        edges = [
            FlowEdge(
                cursor=cursor,
                node=Flow(
                    id=strawberry.ID(str(one.id)),
                    title=one.title,
                    description=one.description,
                    version=one.version,
                    role=one.role.value,
                    viewport=viewports.get(one.id),
                    node_count=one.node_count,
                    edge_count=one.edge_count,
                    created_at=one.created_at,
                    updated_at=one.updated_at,
                ),
            )
            for one, cursor in zip(page.items, page.cursors, strict=True)
        ]
        info_of_page = PageInfo(has_next_page=page.has_more, end_cursor=page.cursors[-1] if page.cursors else None)
        return FlowConnection(edges=edges, page_info=info_of_page, total_count=page.count)

    @strawberry.field
    def flow(self, info: Info, id: strawberry.ID) -> Flow | None:
        """One flow."""
        return _flow_type(info.context.caller, get_flow_for(info.context.caller, str(id)))


@strawberry.type
class Mutation:
    """What can be written: the commands that REST has."""

    @strawberry.mutation
    def create_flow(
        self,
        info: Info,
        title: str,
        description: str | None = None,
        nodes: list[NodeInput] | None = None,
        edges: list[EdgeInput] | None = None,
    ) -> Flow:
        """Make a flow of the caller's own."""
        caller = info.context.caller
        record = parse_flow(title=title, description=description or "", **_graph(nodes or [], edges or []))
        return _answer(info, commands.create_flow(caller, record, via="api").pk)

    @strawberry.mutation
    def update_flow(
        self,
        info: Info,
        id: strawberry.ID,
        title: str | None = None,
        description: str | None = None,
        viewport: ViewportInput | None = None,
    ) -> Flow:
        """Change title or description, which editors may; keep where the caller looks, which all members may."""
        caller, flow_id = info.context.caller, read_id(str(id))
        changes = {name: value for name, value in (("title", title), ("description", description)) if value is not None}
        if changes:
            get_flow_for(caller, flow_id, Role.EDITOR)
            count_operations(caller.user_id)
            operation = parse_operation({"kind": "edit_flow", "set": changes})
            submission = Submission(operation=operation, principal=caller, via="api")
            _expect_done(commands.submit(flow_id, [submission]).answers[0])
        if viewport is not None:
            keep_viewport(caller, flow_id, viewport.x, viewport.y, viewport.zoom)
        return _answer(info, flow_id)

    @strawberry.mutation
    def update_flow_data(
        self, info: Info, id: strawberry.ID, version: int, nodes: list[NodeInput], edges: list[EdgeInput]
    ) -> Flow:
        """Replace all nodes and edges, if the flow is at `version`; else `version_conflict` with what is there."""
        caller, flow_id = info.context.caller, read_id(str(id))
        get_flow_for(caller, flow_id, Role.EDITOR)
        count_operations(caller.user_id)
        graph = parse_graph(_graph(nodes, edges))
        (answer,) = commands.replace_graph(caller, flow_id, graph, version=version, via="api").answers
        if isinstance(answer, Refused) and answer.code == "version_conflict":
            raise Problem(answer.code, sentence(answer), _current(info, flow_id))
        _expect_done(answer)
        return _answer(info, flow_id)

    @strawberry.mutation
    def duplicate_flow(self, info: Info, id: strawberry.ID, title: str | None = None) -> Flow:
        """Make a flow of the caller's own with the same elements under the same ids."""
        caller = info.context.caller
        named = None if title is None else parse_title(title)
        return _answer(info, commands.duplicate_flow(caller, read_id(str(id)), title=named, via="api").pk)

    @strawberry.mutation
    def delete_flow(self, info: Info, id: strawberry.ID) -> bool:
        """Delete a flow; owners only."""
        commands.delete_flow(info.context.caller, read_id(str(id)), via="api")
        return True


@strawberry.type
class Subscription:
    """What can be followed."""

    @strawberry.subscription(  # type: ignore[untyped-decorator]
        description="One event for each version after `since` (default: now), in order, none left out."
    )
    async def flow_changed(self, info: Info, id: strawberry.ID, since: int | None = None) -> AsyncIterator[Change]:
        """See the description."""
        if info.context.follow is None:
            raise Problem("invalid", _("Subscriptions come by WebSocket."))
        if since is not None and since < 0:
            raise Problem("invalid", _("since: a whole number from 0"))
        async for change in info.context.follow(read_id(str(id)), since):
            yield change


schema = strawberry.Schema(
    Query, Mutation, Subscription, config=StrawberryConfig(auto_camel_case=True, batching_config=None)
)


def _flow_type(caller: Caller, access: Access) -> Flow:
    flow = access.flow
    return Flow(
        id=strawberry.ID(str(flow.pk)),
        title=flow.title,
        description=flow.description,
        version=flow.version,
        role=access.role.value,
        viewport=viewports_of(caller, [flow.pk]).get(flow.pk),
        node_count=flow.node_count,
        edge_count=flow.edge_count,
        created_at=flow.created_at,
        updated_at=flow.updated_at,
    )


def _answer(info: Info, flow_id: UUID) -> Flow:
    """Return a flow as a mutation left it, with the lists that are asked for, at one version."""
    context = info.context
    with consistent_read():
        flow = _flow_type(context.caller, get_flow_for(context.caller, flow_id))
        asked = _asked(info)
        if "nodes" in asked:
            context.elements.spend(flow.node_count)
            flow.loaded_nodes = list(read_nodes(flow_id))
        if "edges" in asked:
            context.elements.spend(flow.edge_count)
            flow.loaded_edges = list(read_edges(flow_id))
    return flow


def _asked(info: Info) -> set[str]:
    """Name the fields that are asked of a mutation's flow, in fragments too."""
    raw: GraphQLResolveInfo[Any] = info._raw_info
    names: set[str] = set()
    open_sets = [node.selection_set for node in raw.field_nodes]
    seen: set[str] = set()
    while open_sets:
        selections = open_sets.pop()
        for selection in selections.selections if selections else ():
            if isinstance(selection, FieldNode):
                names.add(selection.name.value)
                continue
            name = getattr(getattr(selection, "name", None), "value", None)
            if name is None:
                open_sets.append(getattr(selection, "selection_set", None))
            elif name not in seen and name in raw.fragments:
                seen.add(name)
                open_sets.append(raw.fragments[name].selection_set)
    return names


def _graph(nodes: list[NodeInput], edges: list[EdgeInput]) -> dict[str, object]:
    return {"nodes": [types.node_json(node) for node in nodes], "edges": [types.edge_json(edge) for edge in edges]}


def _expect_done(answer: object) -> None:
    """Raise what a refusal comes to."""
    if isinstance(answer, Refused):
        raise rejected(answer)


def _current(info: Info, flow_id: UUID) -> dict[str, object]:
    """Return the flow as it is now, for whoever replaced an older one."""
    with consistent_read():
        flow = get_flow_for(info.context.caller, flow_id).flow
        info.context.elements.spend(flow.node_count + flow.edge_count)
        return {"version": flow.version, **types.names_of(read_nodes(flow_id), read_edges(flow_id))}
