"""Run an action: compute on a copy of the flow, then submit what came of it as one version and one step to undo.

Nothing is computed under the lock. If the flow has changed in between, the action is computed anew; after some tries,
and at once if it takes long, what it would do is applied to the flow as it is, without what is gone, and that is named.
Named by (client, seq) like every submission, so a resend gets the same answer; a refusal goes the same way, for the
rights are read in the writing transaction and for the answer to be remembered.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import islice
from uuid import UUID

import structlog

from accounts.principals import Principal, user_id_of
from flows import access, commands
from flows import limits as helix_limits
from flows.actions.action import Action, Plan, Task
from flows.actions.parameters import read_parameters
from flows.actions.registry import find
from flows.commands import Acked, Planned, Refused, Submission, work_budget
from flows.commands.idempotency import recall
from flows.document import (
    NO_LIMITS,
    AddEdge,
    Batch,
    Draft,
    Effect,
    Node,
    Reason,
    Rejected,
    SingleOperation,
    Skipped,
    Work,
    WorkExceeded,
    apply,
    decode_operation,
    encode_edge,
)
from flows.errors import FlowReason, NotFound
from flows.log import changes_since, document_at
from flows.storage.store import Loaded, load_document
from flows.submission import refused
from web.db_errors import DatabaseErrors

TRIES = 3
"""How often an action is computed anew because the flow has changed meanwhile, before it is applied all the same."""

log = structlog.get_logger(__name__)


class Cancelled(Exception):  # noqa: N818  (a normal answer, not an error)
    """The action was cancelled before it was submitted."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ActionCall:
    """One call of an action, as it came from outside. `named` as for a `Submission`: by both or by none."""

    flow_id: UUID
    principal: Principal
    action: str
    node: str | None = None
    nodes: Sequence[str] | None = None
    parameters: object = None
    client: str | None = None
    seq: int | None = None

    @property
    def asked(self) -> tuple[str, ...]:
        """The ids of the nodes it is about, each once."""
        given = ([self.node] if self.node is not None else []) + list(self.nodes or ())
        return tuple(dict.fromkeys(given))


@dataclass(frozen=True, slots=True)
class Executed:
    """The answer, and what changed at its version."""

    answer: Acked | Refused
    effect: Effect = field(default_factory=Effect)


def execute(call: ActionCall, advance: Callable[[float], None] = lambda _: None) -> Executed:
    """Run an action and answer as for a submission.

    `advance` is told how much is done, and may raise `Cancelled` until it is submitted. Raises `NotFound`.
    """
    if (known := _remembered(call)) is not None:
        return Executed(known, effect_of(call, known))
    refusal = _refusal_beforehand(call)
    tries = 0
    while True:
        tries += 1
        planned = refusal or _plan(call, advance, may_rebase=tries > TRIES)
        advance(0.9)
        submission = Submission(
            operation=planned, principal=call.principal, via="action", client=call.client, seq=call.seq
        )
        receipt = commands.submit(call.flow_id, [submission])
        (answer,) = receipt.answers
        if isinstance(answer, Refused) and answer.code == "version_conflict" and tries <= 2 * TRIES:
            continue
        is_ours = isinstance(answer, Acked) and answer.fresh
        return Executed(answer, receipt.effect if is_ours else Effect())


def is_long(call: ActionCall, node_count: int) -> bool:
    """Tell whether a call should be run as a job: the action may take long, and is about many nodes."""
    action = find(call.action)
    return action is not None and action.long and (len(call.asked) or node_count) > helix_limits.current().action_nodes


def effect_of(call: ActionCall, answer: Acked | Refused) -> Effect:
    """Return what a call that was answered before had changed, by the log."""
    if isinstance(answer, Refused) or answer.version < 2:
        return Effect()
    changes = changes_since(call.flow_id, answer.version - 1, 1)
    if not changes or (changes[0].client, changes[0].seq) != (call.client, call.seq):
        return Effect()
    before = document_at(call.flow_id, answer.version - 1)
    return apply(before, changes[0].record, NO_LIMITS).effect


def _remembered(call: ActionCall) -> Acked | Refused | None:
    actor = user_id_of(call.principal)
    if actor is None or call.client is None or call.seq is None:
        return None
    return recall(call.flow_id, (actor, call.client, call.seq))


def _refusal_beforehand(call: ActionCall) -> Refused | None:
    """Say why nothing need be computed. The rights are asked again in the transaction; this only spares the work."""
    grant = access.grants_of(call.flow_id, [call.principal]).get(call.principal)
    if grant is None:
        raise NotFound
    if not grant.role.includes(access.Role.EDITOR):
        return Refused("forbidden", FlowReason.FORBIDDEN)
    if work_budget.seconds_to_wait(user_id_of(call.principal)):
        return Refused("rate_limited", FlowReason.TOO_FAST)
    return None


def _plan(call: ActionCall, advance: Callable[[float], None], *, may_rebase: bool) -> Planned | Refused:
    """Compute what to do on the flow as it is, or why not."""
    action = find(call.action)
    if action is None:
        return Refused("unknown_action", FlowReason.UNKNOWN_ACTION)
    loaded = load_document(call.flow_id)
    document, limits = loaded.document, helix_limits.current()
    work = Work(limits.work_steps)
    try:
        nodes, gone = _nodes(action, call, loaded)
        task = Task(document, nodes, read_parameters(action, call.parameters), advance)
        plan = _computed(action, task)
        batch = Batch(_checked(action, plan), whole=False)
        outcome = apply(Draft(document, work), batch, limits)
    except Rejected as refusal:
        return refused(refusal, frozenset(call.asked))
    except WorkExceeded:
        return Refused("limit_reached", Reason.TOO_MUCH_WORK, nodes=frozenset(call.asked))
    finally:
        work_budget.spend(user_id_of(call.principal), work_budget.READ * (document.node_count + document.edge_count))
    outcome = replace(outcome, skipped=(*gone, *plan.skipped, *outcome.skipped))
    may_rebase = may_rebase or is_long(call, document.node_count)
    return Planned(batch, outcome, loaded.version, work.spent, frozenset(node.id for node in nodes), may_rebase)


def _nodes(action: Action, call: ActionCall, loaded: Loaded) -> tuple[tuple[Node, ...], list[Skipped]]:
    """Return the nodes that a call is about, and those of them that are gone."""
    if action.on == "flow":
        return (), []
    asked = call.asked[:1] if action.on == "node" else call.asked
    if not asked and not action.may_be_empty:
        raise Rejected("invalid", FlowReason.ACTION_NEEDS_NODES)
    found = {id: loaded.document.node(id) for id in asked}
    nodes = tuple(node for node in found.values() if node is not None)
    if asked and not nodes:
        raise Rejected("unknown_node", Reason.UNKNOWN_NODE, missing=("node", asked[0]), id=asked[0])
    if action.kinds is not None and (wrong := next((one for one in nodes if one.kind not in action.kinds), None)):
        raise Rejected("invalid", FlowReason.ACTION_NOT_FOR_KIND, kind=wrong.kind)
    return nodes, [Skipped("node", id) for id, node in found.items() if node is None]


def _computed(action: Action, task: Task) -> Plan:
    """Have the action compute; whatever a plug-in does wrong is a refusal."""
    try:
        plan = action.compute(task)
        return plan if isinstance(plan, Plan) else Plan(tuple(plan))
    except (Rejected, Cancelled, *DatabaseErrors):
        raise
    except Exception:
        log.exception("action_failed", action=action.id)
        raise Rejected("invalid", FlowReason.ACTION_FAILED, action=action.id) from None


def _checked(action: Action, plan: Plan) -> tuple[SingleOperation, ...]:
    """Read what an action returned as strictly as what a client submits."""
    limits, checked = helix_limits.current(), list[SingleOperation]()
    try:
        for step in islice(plan.operations, limits.work_steps + 1):
            operation = decode_operation(_encoded(step), limits)
            if isinstance(operation, Batch):
                raise Rejected("invalid", Reason.UNKNOWN_OPERATION, kind=Batch.kind)
            checked.append(operation)
    except (TypeError, ValueError, AttributeError):
        log.exception("action_failed", action=action.id)
        raise Rejected("invalid", FlowReason.ACTION_FAILED, action=action.id) from None
    if len(checked) > limits.work_steps:
        raise Rejected("limit_reached", Reason.TOO_MUCH_WORK)
    return tuple(checked)


def _encoded(step: object) -> object:
    """Return a step as a client submits it; a port that an edge does not name is left out."""
    match step:
        case AddEdge(edge):
            fields = {name: value for name, value in encode_edge(edge).items() if value != "" or name == "label"}
            return {"kind": AddEdge.kind, "edge": fields}
        case SingleOperation():
            return step.encode()
        case Mapping():
            return dict(step)
        case _:
            return step
