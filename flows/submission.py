"""What is handed to the writing door, and what comes back.

Values only. A submission is named for ever by (flow, actor, client, seq); without client and seq it is anonymous and
cannot be sent again. Its answer is part of the receipt of the whole batch.
"""

from dataclasses import dataclass
from typing import Literal, TypeAlias
from uuid import UUID

from accounts.principals import Principal, user_id_of
from flows.document import Effect, Graph, Left

Via: TypeAlias = Literal[
    "page", "socket", "api", "undo", "redo", "import", "action", "template", "restore", "run", "admin", "system"
]

NOT_REMEMBERED = frozenset({"rate_limited", "forbidden", "too_large", "version_conflict"})
"""Refusals that say nothing about the document: the same (client, seq) may be tried again."""

Name: TypeAlias = tuple[int, str, int]
"""Actor, client, seq: what a submission is known by within its flow."""


@dataclass(frozen=True, slots=True)
class Undo:
    """Take back the last step of whoever asks; not if they went on elsewhere after version `at`."""

    at: int | None = None


@dataclass(frozen=True, slots=True)
class Redo:
    """Take back the last undo of whoever asks; not if they went on elsewhere after version `at`."""

    at: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Submission:
    """One thing that somebody asks of one flow.

    `operation` is a value from the wire, not yet decoded, a `Record`, `Undo()` or `Redo()`. `based_on` is for
    whole-graph replacement: refused with `version_conflict` unless it is the current version. `step` names the gesture:
    what one person does under one name, one after the other, is undone together.
    """

    operation: object
    principal: Principal
    via: Via
    client: str | None = None
    seq: int | None = None
    step: str | None = None
    based_on: int | None = None

    @property
    def actor(self) -> int | None:
        """Whose account stands in the log; None is the system."""
        return user_id_of(self.principal)

    @property
    def name(self) -> Name | None:
        """What the submission is known by, or None if it is anonymous."""
        actor = self.actor
        if actor is None or self.client is None or self.seq is None:
            return None
        return actor, self.client, self.seq


@dataclass(frozen=True, slots=True)
class Acked:
    """Durable at `version`. `fresh` is False for a resend and for a change of nothing.

    `left` is what an undo or redo left alone, because somebody else had written it since, or what was gone when a batch
    came that need not be whole.
    """

    version: int
    fresh: bool
    left: tuple[Left, ...] = ()


@dataclass(frozen=True, slots=True)
class Refused:
    """Not done, and why. `nodes` and `edges` are the ids it touched, so that the asker can see them as they are."""

    code: str
    message: str
    nodes: frozenset[str] = frozenset()
    edges: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class ChangeHead:
    """Who made a version, and how.

    `undo_of` is the version at which the step began that an undo or redo takes back, `left` what was left alone.
    """

    version: int
    actor: int | None
    client: str | None
    seq: int | None
    via: str
    undo_of: int | None = None
    step: str | None = None
    left: tuple[Left, ...] = ()


@dataclass(frozen=True, slots=True)
class Versioned:
    """A graph in memory, and the version it is at."""

    graph: Graph
    version: int


@dataclass(frozen=True, slots=True)
class Receipt:
    """What became of a batch: an answer for each submission, in order; the net effect is `previous` to `version`."""

    flow_id: UUID
    previous: int
    version: int
    digest: str
    epoch: str
    answers: tuple[Acked | Refused, ...]
    changes: tuple[ChangeHead, ...]
    effect: Effect
