"""One server process: the flow in memory, the connections, and what waits to be committed or told.

Everything here is lost in a crash. What it knows it has read from the disk's log, its own commits too.
"""

from collections import deque

from accounts.principals import Person
from flows.document import Document, Effect, Record, apply, compose, decode_record, encode_skipped, parse_json
from flows.document.limits import NO_LIMITS
from flows.rendering import fragments
from flows.sentences import sentence
from flows.submission import Acked, ChangeHead, RedoRequest, Refused, Submission, UndoRequest, parse_operation
from sessions.protocol import frames
from sessions.protocol.codec import (
    BadFrame,
    change_entries,
    decode_frame,
    encode,
    fitting,
    json_changes,
    moves,
    snapshot_parts,
)
from sessions.protocol.fields import PersonEntry
from tests.hostile.evidence import Logged
from tests.hostile.model.disk import Answer, Disk
from tests.hostile.model.turn import Turn

EPOCH = "one"
LIMIT = 2_500
"""Bytes of a frame: short, so that snapshots come in parts and long changes as snapshots."""


class Connection:
    """The server's end of a connection."""

    def __init__(self, process: "Process", actor: int) -> None:
        self._process, self.actor = process, actor
        self.out: deque[str] = deque()
        self.closed = False
        self.client = self.format = ""

    def send(self, text: str) -> None:
        """Take a frame from the client."""
        self._process.hear(self, text)

    def cut(self) -> None:
        """Notice that the connection is no more."""
        self.closed = True
        self._process.connections.discard(self)

    def tell(self, *told: object) -> None:
        """Send frames to the client."""
        self.out.extend(frame.message["text"] for frame in told)  # type: ignore[attr-defined]


class Process:
    """The flow in memory at `version`; everybody was told what happened up to `told`."""

    def __init__(self, disk: Disk, *, from_snapshot: bool) -> None:
        self.disk = disk
        self.document, self.version, self.digest = Document(), 0, ""
        self.connections: set[Connection] = set()
        self.inbox: list[tuple[Connection, frames.Operate | frames.Undo | frames.Redo]] = []
        self._effects: dict[int, Effect] = {}
        if from_snapshot and disk.snapshots:
            self._open_snapshot()
        self.look()
        self._told = self.version

    def hear(self, connection: Connection, text: str) -> None:
        """Take a frame."""
        try:
            frame = decode_frame(text)
        except BadFrame as bad:
            connection.tell(encode(frames.Error(code="invalid", message=bad.sentence())))
            return
        match frame:
            case frames.Hello() if not connection.client:
                self._welcome(connection, frame)
            case frames.Operate() | frames.Undo() | frames.Redo() if connection.client:
                self.inbox.append((connection, frame))

    def commit(self, count: int) -> None:
        """Commit what waits, up to `count`, and answer it."""
        batch, self.inbox = self.inbox[:count], self.inbox[count:]
        if batch:
            for (connection, frame), answer in zip(batch, self.write(batch), strict=True):
                self._answer(connection, frame, answer)

    def write(self, batch: list[tuple[Connection, frames.Operate | frames.Undo | frames.Redo]]) -> list[Answer]:
        """Make a batch durable, all of it or nothing."""
        self.look()
        turn = Turn(self.disk, self.document)
        answers = [turn.answer(_submission(connection, frame)) for connection, frame in batch]
        self.disk.write(turn.made, turn.unmade)
        self.look()
        return answers

    def look(self) -> None:
        """Take on what the log holds and we do not."""
        for entry in self.disk.log[self.version :]:
            effect = apply(self.document, decode_record(parse_json(entry.operation)), NO_LIMITS).effect
            self.document.advance(effect)
            self._effects[entry.version] = effect
            self.version, self.digest = entry.version, entry.digest

    def flush(self) -> None:
        """Tell everybody what has happened since they were told last."""
        if self._told < self.version:
            for connection in self.connections:
                self._bring_forward(connection, self._told)
            self._told = self.version

    def keep_snapshot(self) -> None:
        """Have the flow as it is kept on the disk."""
        self.disk.keep_snapshot(self.version, self.digest, self.document)

    def _open_snapshot(self) -> None:
        snapshot = self.disk.snapshots[max(self.disk.snapshots)]
        self.document, self.version, self.digest = snapshot.read(), snapshot.version, snapshot.digest

    def _welcome(self, connection: Connection, hello: frames.Hello) -> None:
        self.look()
        self.flush()
        for other in [one for one in self.connections if (one.actor, one.client) == (connection.actor, hello.client)]:
            other.cut()
        connection.client, connection.format = hello.client, hello.format
        connection.tell(encode(self._greeting(connection)))
        self._bring_forward(connection, hello.since if hello.epoch == EPOCH and hello.since else 0)
        self.connections.add(connection)

    def _greeting(self, connection: Connection) -> frames.Welcome:
        you: PersonEntry = {"session": "", "id": connection.actor, "name": "", "colour": "", "role": "editor"}
        head = {"version": self.version, "epoch": EPOCH, "digest": self.digest}
        return frames.Welcome(**head, you=you, limits={}, actions=[], people=[you], runs=[])  # type: ignore[arg-type]

    def _bring_forward(self, connection: Connection, since: int) -> None:
        if since == self.version:
            return
        effect = self._effect_since(since)
        if effect is not None:
            frame = fitting(encode(self._changes(connection.format, since, effect)), LIMIT)
            if frame is not None:
                connection.tell(frame)
                return
        if connection.format == "html":
            snapshot = frames.Snapshot(version=self.version, digest=self.digest, part=1, parts=1, url="/canvas")
            connection.tell(encode(snapshot))
        else:
            connection.tell(*snapshot_parts(self.document, self.version, self.digest, LIMIT))

    def _changes(self, format: str, since: int, effect: Effect) -> frames.ApplyChanges:
        moved, version, digest = moves(effect), self.version, self.digest
        changes = [_head(entry) for entry in self.disk.log[since:version]]
        if format == "json":
            return json_changes(effect, moved, previous=since, version=version, digest=digest, changes=changes)
        return frames.ApplyChanges(
            previous=since,
            version=version,
            digest=digest,
            changes=change_entries(changes),
            html=fragments(effect, self.document),
            move=moved or None,
        )

    def _effect_since(self, since: int) -> Effect | None:
        """Return the net effect since a version, or None if we do not know it."""
        effects = [self._effects.get(version) for version in range(since + 1, self.version + 1)]
        if since < 1 or None in effects:
            return None
        net = Effect()
        for effect in effects:
            net = compose((net, effect))  # type: ignore[arg-type]
        return net

    def _answer(self, connection: Connection, frame: object, answer: Answer) -> None:
        seq, client = frame.seq, frame.client  # type: ignore[attr-defined]
        match answer:
            case Acked(version, skipped=skipped):
                left = encode_skipped(skipped) if skipped else None
                connection.tell(encode(frames.Acked(seq=seq, client=client, version=version, left=left)))
            case Refused(code):
                connection.tell(encode(frames.Refused(seq=seq, client=client, code=code, message=sentence(answer))))


def _submission(connection: Connection, frame: object) -> Submission:
    if isinstance(frame, frames.Undo | frames.Redo):
        ask = UndoRequest if isinstance(frame, frames.Undo) else RedoRequest
        operation: Record | UndoRequest | RedoRequest | Refused = ask(frame.at)
    else:
        operation = parse_operation(frame.operation)  # type: ignore[attr-defined]
    client = frame.client or connection.client  # type: ignore[attr-defined]
    seq, step = frame.seq, getattr(frame, "step", None)  # type: ignore[attr-defined]
    return Submission(
        operation=operation, principal=Person(connection.actor), via="socket", client=client, seq=seq, step=step
    )


def _head(entry: Logged) -> ChangeHead:
    return ChangeHead(entry.version, entry.actor, entry.client, entry.seq, entry.via)
