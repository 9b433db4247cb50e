"""What is of no single flow: the triggers, the key, the audit log's own chain, and what each person has written."""

from collections.abc import Iterator

from django.db import connection
from django.db.models import Sum

from flows.log.audit import digest_after, seal_of_audit
from flows.log.digests import log_key
from flows.log.verification import attempted, is_being_purged, summed_up
from flows.models import AuditEntry, AuditHead, Flow, PersonStorage, Purging, Usage
from flows.storage import append_only
from flows.storage.store import consistent_read


def verify_installation() -> list[str]:
    """Return what is wrong with the database's protection, the key, the audit log, or sums; nothing if all is well."""
    with consistent_read():
        return [
            *attempted("the triggers", _triggers),
            *attempted("the key", _key),
            *attempted("the audit log", _audit),
            *attempted("the storage of people", lambda: summed_up(_storage(), "people's storage")),
        ]


def key_mismatch() -> str | None:
    """Say so if the logs were begun with another key than ours."""
    stored = AuditHead.objects.values_list("key", flat=True).first()
    if stored in (None, log_key().fingerprint):
        return None
    return f"the log was begun with another key (fingerprint {stored}) than the one in use ({log_key().fingerprint})"


def _triggers() -> Iterator[str]:
    for purging in Purging.objects.all():
        if not is_being_purged(purging.flow):
            yield f"the flow {purging.flow} is named as being purged, but no purge was begun: its log can be deleted"
    for name in append_only.missing(connection):
        yield f"the trigger {name} is missing, switched off or another: a log can be changed"


def _key() -> Iterator[str]:
    if mismatch := key_mismatch():
        yield mismatch


def _storage() -> Iterator[str]:
    told = Usage.objects.order_by("user").values_list("user").annotate(Sum("storage"), Sum("untold"))
    counted = {user: storage - untold for user, storage, untold in told}
    stored = dict(PersonStorage.objects.values_list("user_id", "storage"))
    for user in sorted(stored.keys() | counted.keys()):
        if stored.get(user, 0) != counted.get(user, 0):
            yield f"person {user}: {stored.get(user, 0)} bytes are counted, in flows {counted.get(user, 0)}"


def _audit() -> Iterator[str]:
    number, digest, key = 0, "", log_key()
    wrong: list[str] = []
    for entry in AuditEntry.objects.order_by("number").iterator():
        if entry.number != number + 1:
            yield f"audit entry {number + 1}: missing"
        if entry.digest != digest_after(digest, entry, key):
            wrong.append(f"audit entry {entry.number}: the digest does not follow from what is logged")
        number, digest = entry.number, entry.digest
    yield from summed_up(wrong, "audit entries whose digest does not follow")
    head = AuditHead.objects.first()
    if head is None:
        if number or Flow.objects.exists():
            yield "the audit log's head is missing"
    elif (head.number, head.digest) != (number, digest):
        yield f"the audit log ends at entry {number}, but was written up to {head.number}"
    elif head.seal != seal_of_audit(head, key) and (number or head.seal):
        yield "the audit log's seal does not fit: its last entries were taken away, or its head rewritten"
