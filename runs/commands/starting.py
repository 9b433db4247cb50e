"""A run begins: frozen at a version of its flow, with an input that was checked.

All that is long is done before the lock: the version is compiled, the input read. Under the flow's lock the role is
read again, open runs are counted, and what can start does.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256
from uuid import UUID, uuid4

from django.db.models import Q

from accounts.principals import Guest, Principal, user_id_of
from flows import limits
from flows.access import Role, authorize, get_flow_for
from flows.commands.flow_lock import lock_flow
from flows.errors import NotFound
from flows.expressions import Json
from flows.models import Flow, Visit
from flows.rates import count_operations
from runs import models
from runs import plan as planner
from runs.by_link import expect_may_run
from runs.commands.attempts import UNSTORABLE
from runs.commands.following import Following
from runs.commands.locked_run import Aftermath, LockedRun
from runs.commands.open_runs import expect_few_open
from runs.commands.results import Again, Started
from runs.commands.storage import expect_room
from runs.errors import TaskFailure
from runs.installation import installation_of
from runs.kinds import check_inputs
from runs.models import Run
from runs.plans import plan_for, read_plan
from runs.values import Stored, load, stored
from web.database_time import database_time
from web.deferred_translation import kept as _
from web.errors import Problem
from web.write_transaction import in_write_transaction

LONGEST_NAME, LONGEST_KEY = 200, 200


@dataclass(frozen=True, slots=True, kw_only=True)
class _Order:
    """A run that was checked and is to be made."""

    flow_id: UUID
    plan: models.Plan
    input: Stored
    name: str
    trigger: str
    sensor: str | None
    key: str | None
    again: Again | None
    responsible: int | None
    now: datetime


def start_run(
    principal: Principal,
    flow_id: UUID,
    *,
    version: int | None = None,
    input: Json = None,
    name: str = "",
    idempotency_key: str | None = None,
    again: Again | None = None,
    trigger: str = "manual",
    sensor: str | None = None,
    responsible: int | None = None,
    now: datetime | None = None,
) -> Started:
    """Start a run; editors only, and by a link alone only what stays inside (`runs.by_link`).

    `trigger` is "manual", "api", "again", or a sensor's source; `sensor` is the node that an event came to, whose input
    is then what it gives, whatever that is, and `responsible` who the trigger acts as. Made `again`, the input is the
    earlier run's if none is given. Raises `NotFound`, `Forbidden`, and `Problem`: `invalid` (`detail.problems` if the
    flow cannot run, `detail.input` if the input does not fit), `too_large`, `limit_reached` for `RUN_STORAGE_PER_FLOW`
    or `_PER_PERSON`, `rate_limited` for more than `OPEN_RUNS` or `OPEN_RUNS_PER_PERSON`, or for too many operations, of
    which it is one unless an event starts it.
    """
    now = now or database_time()
    access = get_flow_for(principal, flow_id, Role.EDITOR)
    flow = access.flow
    if sensor is None:
        count_operations(user_id_of(principal))
    _check_texts(name, idempotency_key)
    if (known := _known(principal, flow.pk, idempotency_key)) is not None:
        return Started(known, is_new=False)
    if again is not None:
        earlier = _earlier(flow.pk, again)
        input = load(earlier.pk, earlier.input) if input is None else input
    plan = plan_for(flow.pk, flow.version if version is None else version, installation_of(flow.pk))
    expect_may_run(access, flow, read_plan(plan))
    order = _Order(
        flow_id=flow.pk,
        plan=plan,
        input=_checked_input(plan, input, again, is_event=sensor is not None),
        name=name,
        trigger=trigger,
        sensor=sensor,
        key=idempotency_key,
        again=again,
        responsible=_responsible(principal, flow.pk) if responsible is None else responsible,
        now=now,
    )
    started, aftermath = _start(principal, order)
    if aftermath is not None:
        aftermath.tell()
    return started


@in_write_transaction
def _start(principal: Principal, order: _Order) -> tuple[Started, Aftermath | None]:
    lock_flow(order.flow_id)
    grant = authorize(principal, order.flow_id, Role.EDITOR)
    if (known := _known(principal, order.flow_id, order.key)) is not None:
        return Started(known, is_new=False), None
    expect_few_open(order.flow_id, user_id_of(principal))
    size = len(order.input.text.encode()) + len((order.input.body or "").encode())
    expect_room(order.flow_id, order.responsible, size)
    plan = _kept_plan(order.plan)
    expect_may_run(grant, Flow.objects.only("links_can_run").get(pk=order.flow_id), read_plan(plan))
    locked = LockedRun(_new_run(principal, order, plan), order.now, read_plan(plan))
    locked.keep(order.input)
    locked.tell("run_created", state=Run.State.WAITING, version=order.plan.version, trigger=order.trigger)
    locked.run.state = Run.State.RUNNING
    locked.tell("run_started", state=Run.State.RUNNING)
    Following(locked).follow(planner.begin(locked.plan, sensor=order.sensor))
    return Started(locked.run, is_new=True), locked.write()


def _responsible(principal: Principal, flow_id: UUID) -> int | None:
    """Return who answers for what a principal starts: for a guest who made the link."""
    if isinstance(principal, Guest):
        came = Visit.objects.filter(user=principal.user_id, link__flow=flow_id)
        return came.values_list("link__created_by", flat=True).first()
    return user_id_of(principal)


def _kept_plan(plan: models.Plan) -> models.Plan:
    """Return a plan's row, which nobody deletes now; one that went with its last run is made again."""
    kept = models.Plan.objects.select_for_update(no_key=True).filter(pk=plan.pk).only("pk").first()
    return plan if kept is not None else plan_for(plan.flow_id, plan.version, installation_of(plan.flow_id))


def _new_run(principal: Principal, order: _Order, plan: models.Plan) -> Run:
    now, again = order.now, order.again
    return Run.objects.create(
        id=uuid4(),
        flow_id=order.flow_id,
        plan=plan,
        version=plan.version,
        name=order.name,
        trigger=order.trigger,
        actor_id=user_id_of(principal),
        responsible_id=order.responsible,
        input=order.input.text,
        again_of_id=None if again is None else again.run,
        again_from=again.node if again is not None else "",
        reuses=again is None or again.reuse,
        idempotency_key=None if order.key is None else _key_of(principal, order.key),
        deadline=now + timedelta(seconds=limits.current().run_seconds),
        created_at=now,
        started_at=now,
    )


def _checked_input(plan: models.Plan, given: Json, again: Again | None, *, is_event: bool) -> Stored:
    compiled = read_plan(plan)
    if again is not None and again.node and again.node not in compiled.steps:
        raise Problem("invalid", _("from: this version has no node %(node)s") % {"node": again.node[:64]})
    checked = check_inputs(compiled, given, is_event=is_event)
    if checked.problems:
        problems = [problem.as_json() for problem in checked.problems]
        raise Problem(
            "invalid", _("The input does not fit: %(why)s") % {"why": problems[0]["message"]}, {"input": problems}
        )
    try:
        return stored(given if is_event and not isinstance(given, dict) else checked.input)
    except TaskFailure as failure:
        code = "too_large" if failure.code == "too_large" else "invalid"
        raise Problem(code, failure.message, status=422) from None


def _check_texts(name: str, key: str | None) -> None:
    if len(name) > LONGEST_NAME or UNSTORABLE.search(name):
        raise Problem("invalid", _("name: at most %(most)d characters") % {"most": LONGEST_NAME})
    if key is not None and not (0 < len(key) <= LONGEST_KEY and key.isprintable()):
        raise Problem("invalid", _("Idempotency-Key: 1 to %(most)d characters") % {"most": LONGEST_KEY})


def _known(principal: Principal, flow_id: UUID, key: str | None) -> Run | None:
    """Return the run that the same actor started with the same key, also one from before keys were each actor's own."""
    if key is None:
        return None
    is_same, actor = Q(idempotency_key=_key_of(principal, key)), user_id_of(principal)
    if actor is not None:
        is_same |= Q(idempotency_key=key, actor=actor)
    return Run.objects.filter(is_same, flow=flow_id).first()


def _key_of(principal: Principal, key: str) -> str:
    """Return how a key is kept: each actor has keys of their own, and the system too."""
    actor = user_id_of(principal)
    return "#" + sha256(f"{'' if actor is None else actor}:{key}".encode()).hexdigest()


def _earlier(flow_id: UUID, again: Again) -> Run:
    earlier = Run.objects.filter(flow=flow_id, pk=again.run).first()
    if earlier is None:
        raise NotFound
    return earlier
