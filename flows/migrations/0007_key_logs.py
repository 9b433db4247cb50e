"""Key the logs that are there, and let the database refuse to change the new ones too.

What was logged stays as it is. The next entry is keyed and so covers the old head; until then the seal does. Rights
and deletions, which no log told, are recorded as they are found. How much each flow and person takes is counted once.
"""

from django.db import migrations
from django.utils import timezone

from flows.document import canonical_json
from flows.log.audit import digest_after, seal_of_audit
from flows.log.digests import ANSWER_BYTES, chain_answers, log_key, seal_of
from flows.log.entries import ENTRY_BYTES
from flows.storage import append_only


def key_logs(apps, schema_editor):
    flows = apps.get_model("flows", "Flow").objects.filter(seal="").order_by("created_at", "pk")
    for flow in flows.iterator():
        flow.keyed_from = flow.version + 1
        answers = apps.get_model("flows", "Answer").objects.filter(flow=flow).order_by("pk")
        flow.answers_digest = chain_answers("", answers.iterator())
        flow.storage, flow.snapshot_storage = count(apps, schema_editor.connection, flow)
        flow.seal = seal_of(flow)
        flow.save(update_fields=["keyed_from", "answers_digest", "storage", "snapshot_storage", "seal"])
        record_rights(apps, flow)
    append_only.install(schema_editor.connection)


def record_rights(apps, flow):
    AuditEntry, AuditHead = apps.get_model("flows", "AuditEntry"), apps.get_model("flows", "AuditHead")
    key = log_key()
    head, _ = AuditHead.objects.get_or_create(id=1, defaults={"key": key.fingerprint})
    members = apps.get_model("flows", "Membership").objects.filter(flow=flow).order_by("user_id")
    detail = {
        "epoch": flow.epoch,
        "roles": {str(member.user_id): member.role for member in members},
        "since": {str(member.user_id): member.created_at.isoformat() for member in members},
        "deleted_at": flow.deleted_at and flow.deleted_at.isoformat(),
    }
    entry = AuditEntry(
        number=head.number + 1,
        at=timezone.now(),
        via="system",
        action="flow_recorded",
        flow_id=flow.pk,
        detail=canonical_json(detail),
    )
    entry.digest = digest_after(head.digest, entry, key)
    entry.save(force_insert=True)
    head.number, head.digest = entry.number, entry.digest
    head.seal = seal_of_audit(head, key)
    head.save()


def count(apps, connection, flow):
    """Count the bytes of a flow's log and answers, for the people too, and those of its snapshots."""
    storage, people = 0, {}
    for table, row_bytes, texts in (
        ("flows_change", ENTRY_BYTES, ("operation", "inverse", "left_alone")),
        ("flows_answer", ANSWER_BYTES, ("details", "message")),
    ):
        size = " + ".join([str(row_bytes), *(octets(connection, text) for text in texts)])
        for actor, total in sums(connection, f"actor_id, SUM({size})", table, flow, " GROUP BY actor_id"):
            storage += int(total)
            if actor is not None:
                people[actor] = people.get(actor, 0) + int(total)
    Usage = apps.get_model("flows", "Usage")
    Usage.objects.bulk_create(Usage(flow=flow, user_id=actor, storage=total) for actor, total in people.items())
    ((snapshots,),) = sums(connection, f"COALESCE(SUM({octets(connection, 'graph')}), 0)", "flows_snapshot", flow)
    return storage, int(snapshots)


def sums(connection, what, table, flow, more=""):
    with connection.cursor() as cursor:
        key = flow._meta.pk.get_db_prep_value(flow.pk, connection)
        cursor.execute(f"SELECT {what} FROM {table} WHERE flow_id = %s{more}", [key])
        return cursor.fetchall()


def octets(connection, column):
    size = f"OCTET_LENGTH({column})" if connection.vendor == "postgresql" else f"LENGTH(CAST({column} AS BLOB))"
    return f"COALESCE({size}, 0)"


def unlock(apps, schema_editor):
    append_only.remove(schema_editor.connection)
    append_only.install(schema_editor.connection, ["flows_change"])


class Migration(migrations.Migration):
    dependencies = [("flows", "0006_keyed_log")]
    operations = [migrations.RunPython(key_logs, unlock)]
