"""Nodes and edges as rows to look at: the first of them on the flow's page, all of them in lists."""

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from flows.admin.base import Found, OneOf, ReadOnly
from flows.document import KINDS
from flows.models import FlowEdge, FlowNode

SHOWN = 100
"""Rows listed on a flow's page; a flow may have ten thousand."""


class Excerpt(ReadOnly, admin.TabularInline):  # type: ignore[type-arg]
    """The first rows that belong to a flow."""

    extra = 0
    can_delete = False

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        """Choose the first by a subquery, because the form set will filter what comes back."""
        rows: QuerySet[Any] = super().get_queryset(request)
        flow_id = request.resolver_match.kwargs.get("object_id") if request.resolver_match else None
        first = rows.filter(flow=flow_id).order_by("ordinal").values("pk")[:SHOWN]
        return rows.filter(pk__in=first).order_by("ordinal")


class Ends:
    """Shows an edge's ends as `node.port`."""

    @admin.display(description=_("source"))
    def from_port(self, edge: FlowEdge) -> str:
        """Name where it starts."""
        return end_of(edge.source_id, edge.source_port)

    @admin.display(description=_("target"))
    def to_port(self, edge: FlowEdge) -> str:
        """Name where it ends."""
        return end_of(edge.target_id, edge.target_port)


class FirstNodes(Excerpt):
    """On the flow's page."""

    model = FlowNode
    fields = ("node_id", "kind", "label", "x", "y", "width", "height", "enabled")
    verbose_name_plural = _("first nodes")


class FirstEdges(Ends, Excerpt):
    """On the flow's page."""

    model = FlowEdge
    fields = ("edge_id", "from_port", "to_port", "label", "animated")
    readonly_fields = ("from_port", "to_port")
    verbose_name_plural = _("first edges")


class OfKind(OneOf):
    """One kind of node."""

    title, parameter_name, values = _("kind"), "kind", tuple(KINDS)


@admin.register(FlowNode)
class FlowNodeAdmin(Found, ReadOnly, admin.ModelAdmin):  # type: ignore[type-arg]
    """Find a node by label, by id or by kind, in one flow or in all."""

    list_display = ("node_id", "kind", "label", "flow", "x", "y", "enabled")
    list_filter = (OfKind, "enabled")
    list_select_related = ("flow",)
    search_fields = ("flow",)
    search_help_text = _("The node's label or whole id, or the flow's title or id")
    own = ("label__icontains", "node_id")
    ordering = ("flow_id", "node_id")

    def lookup_allowed(self, lookup: str, value: str, request: HttpRequest | None = None) -> bool:
        """Allow what the flow's page links to."""
        return lookup == "flow__id__exact" or super().lookup_allowed(lookup, value, request)  # type: ignore[arg-type]


@admin.register(FlowEdge)
class FlowEdgeAdmin(Ends, Found, ReadOnly, admin.ModelAdmin):  # type: ignore[type-arg]
    """Find an edge by label, by id or by its ends."""

    list_display = ("edge_id", "from_port", "to_port", "label", "flow", "animated")
    list_filter = ("animated",)
    list_select_related = ("flow",)
    search_fields = ("flow",)
    search_help_text = _("The edge's label or whole id, or the flow's title or id")
    own = ("label__icontains", "edge_id")
    ordering = ("flow_id", "edge_id")

    def lookup_allowed(self, lookup: str, value: str, request: HttpRequest | None = None) -> bool:
        """Allow what the flow's page links to."""
        return lookup == "flow__id__exact" or super().lookup_allowed(lookup, value, request)  # type: ignore[arg-type]


def end_of(key: str, port: str) -> str:
    """Return `node.port` for a node's key, `"<flow hex>.<id>"`."""
    return f"{key.partition('.')[2]}.{port}"
