"""What was answered, and whether it is so: acknowledged is in the log, as it was asked; refused is not, for ever."""

from flows.document import apply, canonical_json, decode_operation
from flows.document.limits import DEFAULT_LIMITS, NO_LIMITS
from tests.hostile.device import Edit, Heard
from tests.hostile.evidence import Evidence, Logged, Name
from tests.hostile.story import TAKING_BACK, Story
from tests.hostile.violation import expect, upholding


class Answers:
    """The first answer under each name; every other has to be the same."""

    def __init__(self, story: Story) -> None:
        self._story = story
        self._given: dict[Name, tuple[int | None, str]] = {}

    def check(self, heard: Heard, evidence: Evidence) -> None:
        """Hold an answer against the log. Raises `Violation`."""
        edit, name, frame = heard
        given = (frame["version"], "") if frame["type"] == "acked" else (None, frame["code"])
        known = self._given.setdefault(name, given)
        expect(known == given, "I4", f"{name}: {known}, then {given}")
        version, made = given[0], self._story.versions.get(name)
        if version is None:
            return
        if made is None:
            kept = evidence.answers.get(name)
            expect(kept == (version, ""), "I4", f"{name}: acked as {version}, kept is {kept}")
            return
        expect(made == version, "I4", f"{name}: acked as {version}, is {made}")
        if edit is not None:
            self._check_done_as_asked(edit, self._story.log[version - 1])

    def check_refused(self) -> None:
        """Expect nothing that was refused in the log. Raises `Violation`."""
        for name, (version, code) in self._given.items():
            made = self._story.versions.get(name)
            expect(version is not None or made is None, "I4", f"{name} was refused: {code}, and is version {made}")

    def _check_done_as_asked(self, edit: Edit, entry: Logged) -> None:
        kind = edit.frame["type"]
        if kind in TAKING_BACK or entry.via in TAKING_BACK:
            expect(entry.via == kind, "I4", f"{edit.name} asked for {kind}, is {entry.via}")
            return
        with upholding("I4"):
            asked = decode_operation(edit.frame["operation"], DEFAULT_LIMITS)
            done = apply(self._story.documents[entry.version - 1], asked, NO_LIMITS).record
            same = canonical_json(done.encode()) == entry.operation
            assert same, f"{edit.name} asked for {edit.frame['operation']}, got {entry.operation}"
