"""The audit log: who changed whose rights, and who made, deleted or restored a flow; by which way, before and after.

It is to rights what a flow's log is to its document: append-only, chained with the log's key, and folded by `helix
verify` to compare with what stands in the rows. One chain for the whole installation, so it also tells which flows
there have to be. Whoever records locks its head first and a flow's row afterwards; that order is free of deadlocks,
because those who edit never wait for the head.
"""

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from flows.document import canonical_json
from flows.log.key import LogKey, log_key
from flows.models import AuditEntry, AuditHead
from flows.submission import Via


class Action(StrEnum):
    """What can stand in the audit log."""

    FLOW_CREATED = "flow_created"
    FLOW_RECORDED = "flow_recorded"
    """A flow from before there was an audit log, as it was found."""
    FLOW_DELETED = "flow_deleted"
    FLOW_UNDELETED = "flow_undeleted"
    MEMBER_ADDED = "member_added"
    MEMBER_CHANGED = "member_changed"
    MEMBER_REMOVED = "member_removed"
    EPOCH_CHANGED = "epoch_changed"


def lock_audit() -> AuditHead:
    """Lock the head of the audit log until the transaction ends."""
    AuditHead.objects.bulk_create([AuditHead(id=1, key=log_key().fingerprint)], ignore_conflicts=True)
    return AuditHead.objects.select_for_update().get(pk=1)


def record(
    action: Action,
    flow_id: UUID,
    *,
    actor: int | None,
    via: Via,
    at: datetime,
    person: int | None = None,
    detail: Mapping[str, object],
) -> None:
    """Write an entry, inside the transaction that does what it tells."""
    head, key = lock_audit(), log_key()
    entry = AuditEntry(
        number=head.number + 1,
        at=at,
        actor_id=actor,
        via=via,
        action=action,
        flow_id=flow_id,
        person_id=person,
        detail=canonical_json(detail),
    )
    entry.digest = digest_after(head.digest, entry, key)
    AuditEntry.objects.bulk_create([entry])
    head.number, head.digest = entry.number, entry.digest
    head.seal = seal_of_audit(head, key)
    head.save(update_fields=["number", "digest", "seal"])


def digest_after(previous: str, entry: AuditEntry, key: LogKey) -> str:
    """Return the digest that an entry must have after `previous`."""
    fields = {
        "number": entry.number,
        "at": entry.at.isoformat(),
        "actor": entry.actor_id,
        "via": entry.via,
        "action": str(entry.action),
        "flow": entry.flow_id and entry.flow_id.hex,
        "person": entry.person_id,
        "detail": entry.detail,
    }
    return key.chain(f"audit\n{previous}", fields)


def seal_of_audit(head: AuditHead, key: LogKey) -> str:
    """Return the seal that the head must have."""
    return key.seal("audit", head.number, head.digest, head.key)
