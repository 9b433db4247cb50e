"""The wire: what a client may say, as the closed union `ClientFrame`.

`wire.decoding` makes them of text, strictly. What stands inside `operation` and `graph` is not looked at there: it
belongs to the document, and when it is wrong the submission is refused, the frame is not bad. Server frames are in
`wire.encoding`.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, TypeAlias

Format: TypeAlias = Literal["html", "json"]
PROTOCOL = 1


@dataclass(frozen=True, slots=True)
class Hello:
    client: str
    since: int | None
    epoch: str | None
    format: Format


@dataclass(frozen=True, slots=True)
class Operate:
    """An edit; `client` is who it is named by if that is not this socket's own, `step` the gesture it belongs to."""

    seq: int
    operation: object
    client: str | None = None
    step: str | None = None


@dataclass(frozen=True, slots=True)
class Undo:
    """Take back one's last step; `at` is the version the asker was at, if what came later elsewhere is not meant."""

    seq: int
    client: str | None = None
    at: int | None = None


@dataclass(frozen=True, slots=True)
class Redo:
    """Take back one's last undo; `at` as for `Undo`."""

    seq: int
    client: str | None = None
    at: int | None = None


@dataclass(frozen=True, slots=True)
class Presence:
    """The named parts of a person's state, exactly as they were sent."""

    state: Mapping[str, object]


@dataclass(frozen=True, slots=True)
class Seen:
    version: int


@dataclass(frozen=True, slots=True)
class SyncGraph:
    seq: int
    version: int
    graph: object


@dataclass(frozen=True, slots=True)
class ExecuteAction:
    seq: int
    action: str
    node: str | None


@dataclass(frozen=True, slots=True)
class Ping:
    pass


ClientFrame: TypeAlias = Hello | Operate | Undo | Redo | Presence | Seen | SyncGraph | ExecuteAction | Ping
