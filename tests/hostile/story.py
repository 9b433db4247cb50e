"""The log, folded here once more and one entry at a time: what everything else is held against."""

from collections.abc import Sequence
from itertools import takewhile

from flows.document import Document, apply, decode_record, parse_json
from flows.document.limits import NO_LIMITS
from tests.document.soundness import check_sound
from tests.hostile.evidence import Logged, Name
from tests.hostile.ledger import Ledger
from tests.hostile.violation import expect, upholding

TAKING_BACK = ("undo", "redo")


class Story:
    """`documents` are the flow at every version, from none; `versions` says which name became which."""

    def __init__(self) -> None:
        self.log: list[Logged] = []
        self.documents: list[Document] = [Document()]
        self.versions: dict[Name, int] = {}
        self._ledger = Ledger()

    @property
    def head(self) -> int:
        """The last version."""
        return len(self.log)

    def follow(self, log: Sequence[Logged]) -> None:
        """Take what follows; the first entry is the one we are at. Raises `Violation`."""
        if self.head:
            same = bool(log) and log[0].version == self.head and log[0].digest == self.log[-1].digest
            expect(same, "I2", f"the log no longer has version {self.head} as it was")
        for entry in log[bool(self.head) :]:
            expect(entry.version == self.head + 1, "I2", f"version {entry.version} follows {self.head}")
            expect(entry.follows(self.log[-1].digest if self.log else ""), "I1", f"digest of {entry.version}")
            self._fold(entry)

    def _fold(self, entry: Logged) -> None:
        before, after = self.documents[-1], self.documents[-1].copy()
        with upholding("I1"):
            after.advance(apply(after, decode_record(parse_json(entry.operation)), NO_LIMITS).effect)
            if entry.inverse is not None:
                back = after.copy()
                back.advance(apply(back, decode_record(parse_json(entry.inverse)), NO_LIMITS).effect)
                assert back == before, f"the inverse of {entry.version} does not lead back"
        with upholding("I5"):
            check_sound(after)
        self.log.append(entry)
        self.documents.append(after)
        self._ledger.note(entry.version, entry.actor, after)
        if entry.name is not None:
            known = self.versions.setdefault(entry.name, entry.version)
            expect(known == entry.version, "I4", f"{entry.name} is version {known} and {entry.version}")
        if entry.via in TAKING_BACK:
            self._check_taking_back(entry)

    def _check_taking_back(self, entry: Logged) -> None:
        foreign = self._ledger.foreign(entry.version, entry.actor)
        expect(not foreign, "I8", f"version {entry.version} took {foreign} from others")
        expect(entry.undo_of is not None, "I8", f"version {entry.version} takes nothing back")
        since = self.log[(entry.undo_of or 1) - 1 : -1]
        expect(since[0].actor == entry.actor, "I8", f"version {entry.version} takes back somebody else's")
        forgotten = self._ledger.forgotten(entry.version, _step(since), entry.actor)
        expect(not forgotten, "I8", f"version {entry.version} did not bring {forgotten} back")


def _step(log: Sequence[Logged]) -> list[int]:
    """Return the versions of the step with which this part of the log begins."""
    first, *later = [entry for entry in log if entry.actor == log[0].actor]
    run = takewhile(lambda entry: first.step is not None and entry.step == first.step, later)
    return [first.version, *(entry.version for entry in run)]
