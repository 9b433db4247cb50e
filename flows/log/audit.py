"""The audit log: who changed whose rights, and who made, deleted or restored a flow; by which way, before and after.

It is to rights what a flow's log is to its document: append-only, chained with the log's key, and folded by `helix
verify` to compare with what stands in the rows. One chain for the whole installation, so it also tells which flows
there have to be. Whoever records locks its head first and a flow's row afterwards; that order is free of deadlocks,
because those who edit never wait for the head.
"""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import TypeVar
from uuid import UUID

from django.utils import timezone

from accounts import audit as port
from accounts.audit import Action
from accounts.origin import current as current_origin
from accounts.principals import Principal, user_id_of
from flows.document import canonical_json
from flows.log.digests import LogKey, log_key
from flows.models import AuditEntry, AuditHead
from flows.submission import Via, via_of

Id = TypeVar("Id", int, UUID)
LONGEST_OBJECT = 80


def lock_audit() -> AuditHead:
    """Lock the head of the audit log until the transaction ends."""
    AuditHead.objects.bulk_create([AuditHead(id=1, key=log_key().fingerprint)], ignore_conflicts=True)
    return AuditHead.objects.select_for_update().get(pk=1)


def record(
    action: Action,
    flow_id: UUID | None,
    *,
    actor: int | None,
    via: Via,
    at: datetime | None = None,
    person: int | None = None,
    object: str = "",
    detail: Mapping[str, object],
) -> None:
    """Write an entry, inside the transaction that does what it tells; where the caller comes from is added."""
    head, key, origin = lock_audit(), log_key(), current_origin()
    entry = AuditEntry(
        number=head.number + 1,
        at=at or timezone.now(),
        actor_id=actor,
        via=via,
        action=action,
        flow_id=flow_id,
        person_id=person,
        object=object[:LONGEST_OBJECT],
        address=origin.address,
        agent=origin.agent,
        detail=canonical_json(detail),
    )
    entry.digest = digest_after(head.digest, entry, key)
    AuditEntry.objects.bulk_create([entry])
    head.number, head.digest = entry.number, entry.digest
    head.seal = seal_of_audit(head, key)
    head.save(update_fields=["number", "digest", "seal"])


def record_by(
    principal: Principal,
    action: Action,
    flow_id: UUID,
    *,
    via: Via | None = None,
    at: datetime | None = None,
    person: int | None = None,
    object: str = "",
    detail: Mapping[str, object],
) -> None:
    """Write an entry of what a principal did with a flow, by the way that they mostly come if no other is given."""
    actor, via = user_id_of(principal), via or via_of(principal)
    record(action, flow_id, actor=actor, via=via, at=at, person=person, object=object, detail=detail)


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
    more = {"object": entry.object, "address": entry.address, "agent": entry.agent}
    fields |= {name: text for name, text in more.items() if text}  # entries from before have none of these
    return key.chain(f"audit\n{previous}", fields)


def seal_of_audit(head: AuditHead, key: LogKey) -> str:
    """Return the seal that the head must have."""
    return key.seal("audit", head.number, head.digest, head.key)


def take_entries() -> None:
    """Write what is told through the port."""
    port.write_with(_write, lock_audit)


def _write(
    action: Action,
    *,
    actor: int | None,
    object: str,
    person: int | None,
    flow_id: UUID | None,
    detail: Mapping[str, object],
) -> None:
    flow_id = flow_id or _id_in(object, "flow", UUID)
    person = person or _id_in(object, "user", int)
    via = current_origin().via
    record(action, flow_id, actor=actor, via=via, person=person, object=object, detail=detail)


def _id_in(object: str, kind: str, read: Callable[[str], Id]) -> Id | None:
    """Return the id of what an entry is about, if it is of this kind."""
    found, _, id = object.partition(":")
    return read(id) if found == kind else None
