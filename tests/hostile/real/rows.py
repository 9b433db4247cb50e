"""The evidence in the database: rows, log and remembered answers, read in one go."""

import sys
from uuid import UUID

from flows.log import LoggedChange, changes_since, whole_changes
from flows.models import Answer, Flow
from flows.storage.store import consistent_read, load_document
from tests.hostile.evidence import Evidence, Held, Logged, Name


class Rows:
    """One flow's. The rows themselves are read when the version has moved."""

    def __init__(self, flow_id: UUID) -> None:
        self._flow_id = flow_id
        self._held: Held | None = None

    def read(self, since: int) -> Evidence:
        """Read all that belongs together, in a thread that may use the database."""
        with consistent_read():
            version = Flow.objects.values_list("version", flat=True).get(pk=self._flow_id)
            if self._held is None or self._held.version != version:
                loaded = load_document(self._flow_id)
                self._held = Held("rows", loaded.version, loaded.digest, loaded.document)
            stored = changes_since(self._flow_id, max(since - 1, 0))
            log = [self._logged(change) for change in whole_changes(self._flow_id, stored, sys.maxsize)]
            return Evidence(log, [self._held], self._answers())

    def _answers(self) -> dict[Name, tuple[int, str]]:
        kept = Answer.objects.filter(flow_id=self._flow_id)
        columns = kept.values_list("actor_id", "client", "seq", "version", "code")
        return {(actor, client, seq): (version, code) for actor, client, seq, version, code in columns}

    def _logged(self, change: LoggedChange) -> Logged:
        return Logged(
            version=change.version,
            actor=change.actor.id if change.actor else None,
            client=change.client,
            seq=change.seq,
            via=change.via,
            operation=change.operation,
            inverse=change.inverse,
            undo_of=change.undo_of,
            step=change.step,
            digest=change.digest,
            follows=lambda previous: change.follows(self._flow_id, previous),
        )
