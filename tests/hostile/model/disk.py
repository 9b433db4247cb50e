"""What outlives a process: the log, the answers that made no version, snapshots."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from flows.document import (
    CreateFlow,
    Document,
    Outcome,
    apply,
    canonical_json,
    chain,
    decode_record,
    parse_json,
)
from flows.document.limits import NO_LIMITS
from flows.submission import Acked, ChangeHead, Refused
from tests.hostile.evidence import Logged, Name

Answer = Acked | Refused


@dataclass(frozen=True, slots=True)
class Snapshot:
    """A whole flow as text."""

    version: int
    digest: str
    graph: str

    def read(self) -> Document:
        """Return the flow that it holds."""
        document = Document()
        document.advance(apply(document, decode_record(parse_json(self.graph)), NO_LIMITS).effect)
        return document


class Disk:
    """What is written here is durable; a write is whole or not at all."""

    def __init__(self) -> None:
        self.log: list[Logged] = []
        self.answers: dict[Name, tuple[int, Answer]] = {}
        self.snapshots: dict[int, Snapshot] = {}

    @property
    def version(self) -> int:
        """The last version."""
        return len(self.log)

    @property
    def digest(self) -> str:
        """The last version's digest."""
        return self.log[-1].digest if self.log else ""

    def write(self, made: Sequence[tuple[ChangeHead, Outcome]], answers: dict[Name, tuple[int, Answer]]) -> None:
        """Commit versions, and answers that made none."""
        for head, outcome in made:
            self.log.append(_entry(self.digest, head, outcome))
        self.answers |= answers

    def recall(self, name: Name) -> Answer | None:
        """Return the answer that was given under a name."""
        logged = next((entry.version for entry in self.log if entry.name == name), None)
        if logged is not None:
            return Acked(logged, fresh=False)
        return self.answers[name][1] if name in self.answers else None

    def keep_snapshot(self, version: int, digest: str, document: Document) -> None:
        """Keep the whole flow at a version."""
        properties = document.properties
        whole = CreateFlow(properties.title, properties.description, tuple(document.nodes()), tuple(document.edges()))
        self.snapshots[version] = Snapshot(version, digest, canonical_json(whole.encode()))

    def reopen(self) -> None:
        """Be found again by a process after another has died."""


def _entry(previous: str, head: ChangeHead, outcome: Outcome) -> Logged:
    entry = Logged(
        version=head.version,
        actor=head.actor,
        client=head.client,
        seq=head.seq,
        via=head.via,
        operation=canonical_json(outcome.record.encode()),
        inverse=None if outcome.inverse is None else canonical_json(outcome.inverse.encode()),
        undo_of=head.undo_of,
        step=head.step,
        digest="",
        follows=lambda _: False,
    )
    digest = _digest(previous, entry)
    return replace(entry, digest=digest, follows=lambda before: _digest(before, entry) == digest)


def _digest(previous: str, entry: Logged) -> str:
    names = ("version", "actor", "client", "seq", "via", "operation", "inverse", "undo_of", "step")
    return chain(previous, {name: getattr(entry, name) for name in names})
