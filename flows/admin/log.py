"""The log, to read: who changed what, when and how; and what was refused."""

from typing import Any, get_args

import orjson
from django.contrib import admin
from django.http import HttpRequest
from django.utils.html import format_html
from django.utils.translation import gettext_lazy as _

from flows.admin.base import Found, OneOf, ReadOnly
from flows.commands.idempotency import refusal_of
from flows.log import LoggedChange, changes_since, whole_changes
from flows.models import Answer, Change
from flows.sentences import sentence
from flows.submission import Via


class OfWay(OneOf):
    """One way by which things are done."""

    title, parameter_name, values = _("via"), "via", get_args(Via)


@admin.register(Change)
class ChangeAdmin(Found, ReadOnly, admin.ModelAdmin):  # type: ignore[type-arg]
    """Every version of every flow, the newest first."""

    list_display = ("created_at", "flow", "version", "actor", "via", "what")
    list_display_links = ("created_at", "version")
    list_filter = (OfWay, "created_at")
    list_select_related = ("flow", "actor")
    search_fields = ("flow",)
    people = ("actor",)
    ordering = ("-pk",)
    fields = (
        "flow",
        "version",
        "created_at",
        "actor",
        "via",
        "client",
        "seq",
        "operation_text",
        "inverse_text",
        "digest",
    )
    readonly_fields = ("operation_text", "inverse_text")

    def lookup_allowed(self, lookup: str, value: str, request: HttpRequest | None = None) -> bool:
        """Allow what the flow's page links to."""
        return lookup == "flow__id__exact" or super().lookup_allowed(lookup, value, request)  # type: ignore[arg-type]

    @admin.display(description=_("summary"))
    def what(self, change: Change) -> str:
        """Say in a few words what was done to what."""
        return summary(orjson.loads(change.operation))

    @admin.display(description=_("operation"))
    def operation_text(self, change: Change) -> str:
        """Show the operation as it stands in the log."""
        return pretty(self._whole(change).operation)

    @admin.display(description=_("inverse"))
    def inverse_text(self, change: Change) -> str:
        """Show what would take it back."""
        return pretty(self._whole(change).inverse)

    def _whole(self, change: Change) -> LoggedChange:
        (logged,) = changes_since(change.flow_id, change.version - 1, 1)
        return next(whole_changes(change.flow_id, [logged], 1))


@admin.register(Answer)
class AnswerAdmin(Found, ReadOnly, admin.ModelAdmin):  # type: ignore[type-arg]
    """Submissions that made no version: refused, or a change of nothing."""

    list_display = ("created_at", "flow", "actor", "code", "why", "client", "seq")
    list_filter = ("created_at",)
    list_select_related = ("flow", "actor")
    search_fields = ("flow",)
    search_help_text = _("The flow's title or id, a person's name or address, or a whole code")
    people, own = ("actor",), ("client", "code")
    ordering = ("-pk",)
    fields = ("flow", "actor", "client", "seq", "version", "code", "why", "created_at")
    readonly_fields = ("why",)

    @admin.display(description=_("reason"))
    def why(self, answer: Answer) -> str:
        """Say why it was refused."""
        return sentence(refusal_of(answer)) if answer.code else ""


def summary(operation: dict[str, Any]) -> str:
    """Return an operation's kind, the element it names and what it sets."""
    if operation["kind"] == "batch":
        first = ", ".join(summary(inner) for inner in operation["operations"][:3])
        return f"batch of {len(operation['operations'])}: {first}"
    element = operation.get("node") or operation.get("edge") or operation
    name = f" {element['id']}" if "id" in element else ""
    changed = f": {', '.join(operation['set'])}" if "set" in operation else ""
    return f"{operation['kind']}{name}{changed}"


def pretty(text: str | None) -> str:
    """Return canonical JSON, indented, as preformatted HTML; empty for none."""
    if text is None:
        return ""
    return format_html("<pre>{}</pre>", orjson.dumps(orjson.loads(text), option=orjson.OPT_INDENT_2).decode())
