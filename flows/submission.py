"""What is submitted to a flow, how it is parsed, and what comes back.

It is parsed where it comes in and before any lock is taken: into an operation, or the `Refused` that the author will
get in its place among the answers. A submission is named for ever by (flow, actor, client, seq); without client and seq
it is anonymous and cannot be sent again. Its answer is part of the receipt of the whole batch.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Literal, TypeAlias, assert_never
from uuid import UUID

from accounts.principals import Administrator, Guest, Person, Principal, System, TokenBearer, user_id_of
from flows import limits as helix_limits
from flows.document import (
    Batch,
    DocumentLimits,
    Effect,
    Graph,
    Operation,
    Outcome,
    Reason,
    Record,
    Rejected,
    ReplaceGraph,
    Skipped,
    decode_graph,
    decode_operation,
    references_in,
)

Via: TypeAlias = Literal[
    "page", "socket", "api", "undo", "redo", "import", "action", "template", "restore", "run", "mcp", "admin", "system"
]


def via_of(principal: Principal) -> Via:
    """Return the way by which a principal mostly comes; a browser's script may call the API as well, and says so."""
    match principal:
        case Person() | Guest():
            return "page"
        case TokenBearer():
            return "api"
        case Administrator():
            return "admin"
        case System():
            return "system"
        case _:
            assert_never(principal)


NOT_REMEMBERED = frozenset({"rate_limited", "forbidden", "too_large", "version_conflict", "cancelled"})
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
class Planned:
    """What an action would do to the flow at `version`, computed before the lock, and the work that this took.

    At another version its batch is applied to the flow as it is, without what is gone, if `may_rebase` and one of
    `subjects`, the nodes that the action was asked about, is still there; else it is refused with `version_conflict`.
    """

    batch: Batch
    outcome: Outcome
    version: int
    steps: int
    subjects: frozenset[str] = frozenset()
    may_rebase: bool = True


Asked: TypeAlias = Record | Planned | UndoRequest | RedoRequest
"""What a submission may ask for."""


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


def parse_operation(value: object, limits: DocumentLimits | None = None) -> Operation | Refused:
    """Parse one operation; a refusal names what the operation seems to be about."""
    try:
        return decode_operation(value, limits or helix_limits.current())
    except Rejected as refusal:
        return refused(refusal, *references_in(value))


def parse_graph(value: object) -> ReplaceGraph | Refused:
    """Parse a whole graph, `{"nodes": [...], "edges": [...]}`."""
    try:
        if not isinstance(value, dict) or value.keys() != {"nodes", "edges"}:
            raise Rejected("invalid", Reason.NOT_A_GRAPH)
        return ReplaceGraph(*decode_graph(value["nodes"], value["edges"], helix_limits.current()))
    except Rejected as refusal:
        return refused(refusal)


@dataclass(frozen=True, slots=True, kw_only=True)
class Submission:
    """One thing that a principal asks of one flow.

    What could not be parsed is the refusal it comes to. With `based_on`, which a whole-graph replacement must have, it
    is refused with `version_conflict` unless that is the current version. `step` names the undo step: what one person
    does under one name, one after the other, is undone together.
    """

    operation: Asked | Refused
    principal: Principal
    via: Via
    client: str | None = None
    seq: int | None = None
    step: str | None = None
    based_on: int | None = None

    actor: int | None = field(init=False, repr=False, compare=False)
    """Whose account stands in the log; None is the system."""
    name: Name | None = field(init=False, repr=False, compare=False)
    """What the submission is known by, or None if it is anonymous."""

    def __post_init__(self) -> None:
        actor, client, seq = user_id_of(self.principal), self.client, self.seq
        is_anonymous = actor is None or client is None or seq is None
        object.__setattr__(self, "actor", actor)
        object.__setattr__(self, "name", None if is_anonymous else (actor, client, seq))


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

    `undo_of` is the version at which the step began that an undo or redo takes back, `skipped` what it did not change;
    `guest` is the name of an author who is a guest, where others are told of it.
    """

    version: int
    actor: int | None
    client: str | None
    seq: int | None
    via: str
    undo_of: int | None = None
    step: str | None = None
    skipped: tuple[Skipped, ...] = ()
    guest: str | None = None


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
