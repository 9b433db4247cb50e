"""What of flows belongs into a copy of a person's data: their flows, where they are in, what the audit log has."""

from collections.abc import Iterator
from uuid import UUID

from accounts.export import as_json
from accounts.models import User
from flows.access import Role
from flows.interchange.exporting import exported_flow, write_file
from flows.interchange.formats import FORMATS
from flows.models import AuditEntry, Membership, OwnTemplate
from flows.storage.store import load_document


def files_of(user: User) -> Iterator[tuple[str, bytes]]:
    """Yield the files, one flow at a time."""
    held = Membership.objects.filter(user=user).select_related("flow").order_by("flow__title", "flow_id")
    rows = [
        {"id": one.flow_id, "title": one.flow.title, "role": one.role, "since": one.created_at}
        for one in held
        if one.flow.deleted_at is None
    ]
    yield "flows.json", as_json(rows)
    templates = OwnTemplate.objects.filter(owner=user).values("id", "title", "description", "parameters", "graph")
    yield "templates.json", as_json(list(templates))
    told = AuditEntry.objects.filter(actor=user).order_by("number")
    yield "audit.json", as_json(list(told.values("at", "action", "flow_id", "object", "address", "agent", "detail")))
    for flow_id in [one.flow_id for one in held if one.role == Role.OWNER and one.flow.deleted_at is None]:
        yield f"flows/{flow_id}.json", _file(flow_id)


def _file(flow_id: UUID) -> bytes:
    loaded = load_document(flow_id)
    return write_file(exported_flow(flow_id, loaded.version, loaded.document), FORMATS["json"]).body
