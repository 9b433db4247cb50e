"""Defects of a server: of what is kept, what is answered and what is told."""

from typing import Any

from pytest import MonkeyPatch

from flows.submission import Acked
from tests.hostile.model.disk import Disk
from tests.hostile.model.process import Process


def no_deduplication(patch: MonkeyPatch) -> None:
    """A resend is done again."""
    patch.setattr(Disk, "recall", lambda self, name: None)


def lost_tail(patch: MonkeyPatch) -> None:
    """After a crash the last version is gone."""
    patch.setattr(Disk, "reopen", lambda self: self.log.pop())


def snapshot_is_taken_for_the_end(patch: MonkeyPatch) -> None:
    """A process starts from a snapshot, and believes that it is current."""
    real = Process._open_snapshot

    def open_snapshot(self: Process) -> None:
        real(self)
        self.version, self.digest = self.disk.version, self.disk.digest

    patch.setattr(Process, "_open_snapshot", open_snapshot)


def stale_snapshot(patch: MonkeyPatch) -> None:
    """What is kept as the newest version is an older flow."""
    held: dict[int, Any] = {}
    real = Disk.keep_snapshot

    def keep_snapshot(self: Disk, version: int, digest: str, document: Any) -> None:
        real(self, version, digest, held.setdefault(id(self), document.copy()))

    patch.setattr(Disk, "keep_snapshot", keep_snapshot)


def forgotten_refusal(patch: MonkeyPatch) -> None:
    """A refusal is not remembered."""
    real = Disk.write

    def write(self: Disk, made: Any, answers: Any) -> None:
        real(self, made, {name: given for name, given in answers.items() if isinstance(given[1], Acked)})

    patch.setattr(Disk, "write", write)


def acknowledged_before_durable(patch: MonkeyPatch) -> None:
    """The answer goes out, and then the disk is written, or the process dies."""
    real = Process.hear

    def hear(self: Process, connection: Any, text: str) -> None:
        waiting = len(self.inbox)
        real(self, connection, text)
        for one, frame in self.inbox[waiting:]:
            self._answer(one, frame, Acked(self.version + 1, fresh=True))

    patch.setattr(Process, "hear", hear)


def written_in_two_parts(patch: MonkeyPatch) -> None:
    """Answers are written apart from the log, and a crash comes between: nothing of the last batch is remembered."""
    patch.setattr(Disk, "reopen", lambda self: self.answers.clear())


def half_an_effect_told(patch: MonkeyPatch) -> None:
    """Of several versions told at once, only the last one's effect is."""
    real = Process._effect_since
    patch.setattr(
        Process,
        "_effect_since",
        lambda self, since: self._effects.get(self.version) if real(self, since) is not None else None,
    )
