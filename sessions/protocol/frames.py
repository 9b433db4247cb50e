"""The protocol on one page: every frame of the WebSocket, in both directions, as a frozen value.

`type` is the frame's name on the wire, the fields follow in their order there. A field that may be left out has a
default; None in a server's frame means that it is left out. `decoding` and `encoding` follow from these classes, and
docs/protocol.md is tested against them. What `operation` and `graph` hold belongs to the document: if that is wrong,
the submission is refused, the frame is not malformed.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, ClassVar, Literal, TypeAlias

from sessions.protocol import fields
from sessions.protocol.fields import (
    ChangeEntry,
    Elements,
    Ids,
    Inline,
    Json,
    Move,
    NodeEntry,
    Parts,
    PersonEntry,
    PresenceState,
    RunEntry,
)

Format: TypeAlias = Literal["html", "json"]
PROTOCOL = 1


# From the client


@dataclass(frozen=True, slots=True)
class Hello:
    """The first frame: who this is, what it holds already (`since`, `epoch`), and the format it wants."""

    type: ClassVar = "hello"
    protocol: fields.Version
    client: fields.ClientId
    format: Annotated[Format, fields.FormatRule]
    since: fields.VersionOrNull = None
    epoch: fields.EpochOrNull = None


@dataclass(frozen=True, slots=True)
class Operate:
    """An edit. `client` names another client of this person, `step` the undo step that it belongs to."""

    type: ClassVar = "operate"
    seq: fields.Seq
    operation: object
    client: fields.ClientIdIfNamed = None
    step: fields.StepIfNamed = None


@dataclass(frozen=True, slots=True)
class Undo:
    """Undo the person's last step, unless they changed the flow by another client after version `at`."""

    type: ClassVar = "undo"
    seq: fields.Seq
    client: fields.ClientIdIfNamed = None
    at: fields.VersionOrNull = None


@dataclass(frozen=True, slots=True)
class Redo:
    """Redo the person's last undo; `at` as for `Undo`."""

    type: ClassVar = "redo"
    seq: fields.Seq
    client: fields.ClientIdIfNamed = None
    at: fields.VersionOrNull = None


@dataclass(frozen=True, slots=True)
class Presence:
    """The parts of a person's state that changed, exactly as they were sent."""

    type: ClassVar = "presence"
    state: Annotated[PresenceState, Inline]


@dataclass(frozen=True, slots=True)
class Seen:
    """Everything up to this version was received."""

    type: ClassVar = "seen"
    version: fields.Version


@dataclass(frozen=True, slots=True)
class SyncGraph:
    """Replace the whole graph if the flow is at `version`."""

    type: ClassVar = "sync_graph"
    seq: fields.Seq
    version: fields.Version
    graph: object


@dataclass(frozen=True, slots=True)
class ExecuteAction:
    """Run an action on a node, on some, or on the whole flow. `client` as for `Operate`."""

    type: ClassVar = "execute_action"
    seq: fields.Seq
    action: fields.ActionName
    node: fields.ElementOrNull = None
    nodes: fields.ElementsOrNull = None
    parameters: fields.ObjectOrNull = None
    client: fields.ClientIdIfNamed = None


@dataclass(frozen=True, slots=True)
class RunFollow:
    """Tell of a run what happened in it after its event `since`; from then on it is told as any other."""

    type: ClassVar = "run_follow"
    run: fields.RunId
    since: fields.VersionOrNull = None


@dataclass(frozen=True, slots=True)
class RunUnfollow:
    """Tell nothing more of a run on this socket, until it is followed again."""

    type: ClassVar = "run_unfollow"
    run: fields.RunId


@dataclass(frozen=True, slots=True)
class Ping:
    """Answered by `Pong`."""

    type: ClassVar = "ping"


SessionFrame: TypeAlias = (
    Operate | Undo | Redo | Presence | Seen | SyncGraph | ExecuteAction | RunFollow | RunUnfollow | Ping
)
"""What a client sends after `Hello`."""
ClientFrame: TypeAlias = Hello | SessionFrame


# From the server


@dataclass(frozen=True, slots=True, kw_only=True)
class Welcome:
    """The answer to `Hello`; people who do not fit follow as `People`."""

    type: ClassVar = "welcome"
    protocol: int = PROTOCOL
    version: int
    epoch: str
    digest: str
    you: PersonEntry
    limits: Mapping[str, int]
    actions: Sequence[object]
    people: Sequence[PersonEntry] | Json
    runs: Sequence[RunEntry]


@dataclass(frozen=True, slots=True, kw_only=True)
class Snapshot:
    """One part of a whole flow as JSON, or the `url` to fetch it from as HTML."""

    type: ClassVar = "snapshot"
    version: int
    digest: str
    title: str | None = None
    description: str | None = None
    part: int
    parts: int
    nodes: Sequence[Json] | None = None
    edges: Sequence[Json] | None = None
    url: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ApplyChanges:
    """The net effect from `previous` to `version`: as HTML fragments, or as JSON parts in this order."""

    type: ClassVar = "apply_changes"
    previous: int
    version: int
    digest: str
    changes: Sequence[ChangeEntry]
    html: str | None = None
    remove: Ids | None = None
    add: Parts | None = None
    update: Parts | None = None
    move: Sequence[Move] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Acked:
    """A submission is durable at `version`; `left` is what it skipped, `run` the run that it started."""

    type: ClassVar = "acked"
    seq: int
    client: str | None = None
    version: int
    left: Sequence[object] | None = None
    run: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Refused:
    """A submission is refused; `state` or `html` show what it touched as it is now."""

    type: ClassVar = "refused"
    seq: int
    client: str | None = None
    code: str
    message: str
    state: Elements | None = None
    html: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class GraphConflict:
    """A `SyncGraph` was made for another version; this is the current graph, if it fits."""

    type: ClassVar = "sync_graph"
    seq: int
    error: str = "version_mismatch"
    version: int
    graph: Elements | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class People:
    """Who joined or changed, and whose sessions ended."""

    type: ClassVar = "people"
    joined: Sequence[PersonEntry | Json]
    left: Sequence[str | Json]


@dataclass(frozen=True, slots=True, kw_only=True)
class PresenceStates:
    """What changed in other people's states, by session."""

    type: ClassVar = "presence"
    states: Mapping[str, PresenceState] | Json


@dataclass(frozen=True, slots=True, kw_only=True)
class You:
    """One's new role."""

    type: ClassVar = "you"
    role: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Problems:
    """What is wrong with the flow at a version: all items, or what came and went since the last of these frames."""

    type: ClassVar = "problems"
    version: int
    counts: Mapping[str, int]
    items: Sequence[Json] | None = None
    add: Sequence[Json] | None = None
    remove: Sequence[str] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Heartbeat:
    """Where the log stands."""

    type: ClassVar = "heartbeat"
    version: int
    epoch: str
    digest: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """How far a long action is; told to everybody in the flow."""

    type: ClassVar = "job"
    id: str
    action: str
    state: str
    progress: float
    message: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """How far a run is: an entry for each node that something happened to after event `previous`, up to `seq`."""

    type: ClassVar = "run"
    run: str
    previous: int
    seq: int
    state: str
    progress: float
    tasks: Sequence[NodeEntry]


@dataclass(frozen=True, slots=True, kw_only=True)
class RunText:
    """Words of an agent, as they come; some may be lost."""

    type: ClassVar = "run_text"
    run: str
    node: str
    text: str


@dataclass(frozen=True, slots=True)
class Pong:
    """The answer to `Ping`."""

    type: ClassVar = "pong"


@dataclass(frozen=True, slots=True, kw_only=True)
class Error:
    """A frame was malformed or one too many, or the database is unavailable."""

    type: ClassVar = "error"
    code: str
    message: str


ServerFrame: TypeAlias = (
    Welcome
    | Snapshot
    | ApplyChanges
    | Acked
    | Refused
    | GraphConflict
    | People
    | PresenceStates
    | You
    | Problems
    | Heartbeat
    | Job
    | Run
    | RunText
    | Pong
    | Error
)
