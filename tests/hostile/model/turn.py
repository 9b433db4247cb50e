"""A batch while it is worked through, as the commands do it: each submission by itself, under its name once."""

from flows.document import (
    DEFAULT_LIMITS,
    Document,
    Draft,
    Outcome,
    OwnChange,
    PastVersion,
    Rejected,
    Undone,
    apply,
    decode_record,
    parse_json,
    redo_steps,
    selective_undo,
    undo_steps,
)
from flows.errors import FlowReason
from flows.submission import Acked, ChangeHead, RedoRequest, Refused, Submission, UndoRequest, refused
from tests.hostile.model.disk import Answer, Disk, Name

STEPS = 100


class Turn:
    """`made` are the versions, `unmade` the answers that made none; both wait to be written."""

    def __init__(self, disk: Disk, document: Document) -> None:
        self._disk, self._draft = disk, Draft(document)
        self._version = disk.version
        self._known: dict[Name, Answer] = {}
        self.made: list[tuple[ChangeHead, Outcome]] = []
        self.unmade: dict[Name, tuple[int, Answer]] = {}

    def answer(self, submission: Submission) -> Answer:
        """Apply one submission, unless its name was used before."""
        name = submission.name
        assert name is not None
        known = self._known.get(name) or self._disk.recall(name)
        if known is not None:
            return known
        try:
            if isinstance(submission.operation, Refused):
                answer = self._known[name] = submission.operation
                self.unmade[name] = (self._version, answer)
                return answer
            answer = self._known[name] = self._do(submission)
        except Rejected as refusal:
            answer = self._known[name] = refused(refusal)
            self.unmade[name] = (self._version, answer)
        return answer

    def _do(self, submission: Submission) -> Acked:
        asked, undo_of, skipped = submission.operation, None, ()
        via = submission.via
        if isinstance(asked, UndoRequest | RedoRequest):
            if asked.at is not None and self._changed_by_another_client(submission, asked.at):
                raise Rejected("nothing_to_undo", FlowReason.CHANGED_ELSEWHERE)
            taken = self._take_back(asked, submission.actor or 0)
            outcome, undo_of, skipped = taken.outcome, taken.undo_of, taken.skipped
            via = "undo" if isinstance(asked, UndoRequest) else "redo"
        else:
            outcome = apply(self._draft, asked, DEFAULT_LIMITS)
            skipped = outcome.skipped
        if outcome.effect.is_empty:
            self.unmade[submission.name] = (self._version, Acked(self._version, fresh=False))  # type: ignore[index]
            return Acked(self._version, fresh=False)
        self._draft.advance(outcome.effect)
        self._version += 1
        name = submission.actor, submission.client, submission.seq
        head = ChangeHead(self._version, *name, via, undo_of, submission.step, skipped)
        self.made.append((head, outcome))
        return Acked(self._version, fresh=True, skipped=skipped)

    def _take_back(self, asked: UndoRequest | RedoRequest, actor: int) -> Undone:
        made = [PastVersion(head.version, head.actor, outcome.inverse) for head, outcome in self.made]
        logged = [
            PastVersion(entry.version, entry.actor, entry.inverse and decode_record(parse_json(entry.inverse)))
            for entry in self._disk.log
        ]
        steps = (undo_steps if isinstance(asked, UndoRequest) else redo_steps)(self._own(actor), STEPS)
        taken = selective_undo(self._draft, list(reversed(logged + made)), steps, actor, DEFAULT_LIMITS)
        if not isinstance(taken, Undone):
            raise Rejected("nothing_to_undo", FlowReason.NOTHING_TO_UNDO)
        return taken

    def _changed_by_another_client(self, submission: Submission, at: int) -> bool:
        since = [one for one in (*self._disk.log, *(head for head, _ in self.made)) if one.version > at]
        return any(one.actor == submission.actor and one.client != submission.client for one in since)

    def _own(self, actor: int) -> list[OwnChange]:
        heads = [*self._disk.log[1:], *(head for head, _ in self.made)]
        return [OwnChange(one.version, one.via, one.undo_of, one.step) for one in reversed(heads) if one.actor == actor]
