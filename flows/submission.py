"""What is submitted to a flow, and what comes back.

Values only, parsed already (`flows.parsing`). A submission is named for ever by (flow, actor, client, seq); without
client and seq it is anonymous and cannot be sent again. Its answer is part of the receipt of the whole batch.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Literal, TypeAlias, assert_never
from uuid import UUID

from accounts.principals import Administrator, Person, Principal, System, TokenBearer, user_id_of
from flows.document import Effect, Graph, Outcome, Record, Rejected, Skipped

Via: TypeAlias = Literal[
    "page", "socket", "api", "undo", "redo", "import", "action", "template", "restore", "run", "admin", "system"
]


def via_of(principal: Principal) -> Via:
    """Return the way by which a principal mostly comes; a browser's script may call the API as well, and says so."""
    match principal:
        case Person():
            return "page"
        case TokenBearer():
            return "api"
        case Administrator():
            return "admin"
        case System():
            return "system"
        case _:
            assert_never(principal)


NOT_REMEMBERED = frozenset({"rate_limited", "forbidden", "too_large", "version_conflict"})
"""Refusals that say nothing about the document: the same (client, seq) may be tried again."""

Name: TypeAlias = tuple[int, str, int]
"""Actor, client, seq: what a submission is known by within its flow."""


@dataclass(frozen=True, slots=True)
class UndoRequest:
    """Undo the principal's last step, unless they changed the flow by another client after version `at`."""

    at: int | None = None


@dataclass(frozen=True, slots=True)
class RedoRequest:
    """Redo the principal's last undo, unless they changed the flow by another client after version `at`."""

    at: int | None = None


@dataclass(frozen=True, slots=True)
class Refused:
    """Not done, and why; `flows.sentences` says it to people.

    A value, because a `Rejected` that is kept keeps all that its raise went through. `nodes` and `edges` are the ids it
    is about, so that the author can be shown them as they are.
    """

    code: str
    reason: StrEnum
    values: Mapping[str, object] = field(default_factory=dict)
    nodes: frozenset[str] = frozenset()
    edges: frozenset[str] = frozenset()


def refused(refusal: Rejected, nodes: frozenset[str] = frozenset(), edges: frozenset[str] = frozenset()) -> Refused:
    """Return a refusal that was raised as a value."""
    values = {name: refused(one) if isinstance(one, Rejected) else one for name, one in refusal.values.items()}
    return Refused(refusal.code, refusal.reason, values, nodes, edges)


@dataclass(frozen=True, slots=True, kw_only=True)
class Submission:
    """One thing that a principal asks of one flow.

    What could not be parsed is the refusal it comes to. `based_on` is for whole-graph replacement: refused with
    `version_conflict` unless it is the current version. `step` names the undo step: what one person does under one
    name, one after the other, is undone together.
    """

    operation: Record | UndoRequest | RedoRequest | Refused
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

    `skipped` is what an undo or redo did not change, because another person had written it since, or what a batch that
    need not be whole no longer found.
    """

    version: int
    fresh: bool
    skipped: tuple[Skipped, ...] = ()


@dataclass(frozen=True, slots=True)
class ChangeHead:
    """Who made a version, and how.

    `undo_of` is the version at which the step began that an undo or redo takes back, `skipped` what it did not change.
    """

    version: int
    actor: int | None
    client: str | None
    seq: int | None
    via: str
    undo_of: int | None = None
    step: str | None = None
    skipped: tuple[Skipped, ...] = ()


AppliedChange: TypeAlias = tuple[ChangeHead, Outcome]
"""A change that was applied in this transaction."""


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
