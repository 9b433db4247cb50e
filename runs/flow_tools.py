"""Flows as tools: those that are offered to who may run them, each with a name, and its inputs as a schema.

A tool's name and description are read by a person's AI, so nobody else puts one there: a flow that others made is a
tool only after the person opened or starred it. To be added to a flow or a team, even as an owner, shows nothing.
"""

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Final
from uuid import UUID

from django.db.models import Exists, OuterRef

from accounts.principals import Caller
from flows.access import Role, flows_of
from flows.expressions import Json
from flows.models import Change, Opening, Star
from flows.storage.store import load_document
from runs.kinds.fields import Field, schema_of
from runs.kinds.input import form_of
from runs.plan.compile import plan_of

MOST: Final = 100
"""So many flows are offered to one person."""
DESCRIPTION: Final = 1_000
_FILE: Final[dict[str, Json]] = {
    "type": "object",
    "properties": {"name": {"type": "string"}, "type": {"type": "string"}, "data": {"type": "string"}},
    "required": ["name", "data"],
}


@dataclass(frozen=True, slots=True)
class FlowTool:
    """A flow as a tool; `schema` is that of a run's input."""

    flow: UUID
    name: str
    title: str
    description: str
    schema: Mapping[str, Json]


def tools_of(principal: Caller) -> list[FlowTool]:
    """Return the flows that are offered as tools, that a person edits otherwise than by a link, and that they chose."""
    mine = {"flow": OuterRef("pk"), "user": principal.user_id}
    is_made = Exists(Change.objects.filter(flow=OuterRef("pk"), version=1, actor=principal.user_id))
    is_chosen = is_made | Exists(Opening.objects.filter(**mine)) | Exists(Star.objects.filter(**mine))
    offered = flows_of(principal, Role.EDITOR, own=True).filter(is_chosen, offer_as_tool=True)
    rows = offered.order_by("created_at", "id").values_list("id", "title", "description", "version")
    return [
        FlowTool(id, name_of(id, title), title, description[:DESCRIPTION] or title, _schema(id, version))
        for id, title, description, version in rows[:MOST]
    ]


def name_of(flow_id: UUID, title: str) -> str:
    """Return a tool's name: the flow's title as far as models take it, and what makes it the only one."""
    plain = unicodedata.normalize("NFKD", title).encode("ascii", "ignore").decode().lower()
    words = re.sub(r"[^a-z0-9]+", "_", plain).strip("_")[:40].strip("_")
    return f"{words or 'flow'}_{flow_id.hex[:8]}"


@lru_cache(256)
def _schema(flow_id: UUID, version: int) -> Mapping[str, Json]:
    """Return the schema of a run's input, of the flow as it is at a version."""
    fields, properties = list[Field](), dict[str, Json]()
    for step in plan_of(load_document(flow_id).document).steps.values():
        if step.kind != "input" or not step.enabled:
            continue
        match step.settings.get("type", "form"):
            case "form":
                fields += form_of(step)
            case "file":
                properties[step.id] = {"title": step.label, **_FILE}
            case "text":
                properties[step.id] = {"title": step.label, "type": "string"}
            case _:
                properties[step.id] = {"title": step.label}
    schema = schema_of(fields)
    known = schema["properties"]
    return {**schema, "properties": {**(known if isinstance(known, dict) else {}), **properties}}
