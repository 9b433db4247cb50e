"""Plans as rows: a version of a flow is compiled once, kept, and read again as the same value."""

from functools import lru_cache
from uuid import UUID

from flows.errors import NotFound
from flows.log.snapshots import fold
from flows.problem_sentences import encoded
from flows.validation import UNKNOWN, Installation
from runs import models
from runs.plan import COMPILER, Plan, Refused, compile_plan, decode_plan, downstream, encode_plan
from web.deferred_translation import kept as _
from web.errors import Problem

KEPT = 32
COMPILED = 8


def plan_for(flow_id: UUID, version: int, installation: Installation = UNKNOWN) -> models.Plan:
    """Return the row of a version's plan, made if it is not there.

    Raises `NotFound` for a version that never was, and `Problem` (`invalid`, with `detail.problems`) for one that
    cannot run, or not in this installation.
    """
    if not 1 <= version < 2**63:
        raise NotFound
    compiled, digest = _compiled(flow_id, version, installation)
    if isinstance(compiled, Refused):
        problems = [encoded(problem) for problem in compiled.problems]
        raise Problem("invalid", _("This flow cannot run: it has problems."), {"problems": problems})
    kept = models.Plan.objects.filter(flow=flow_id, version=version, compiler=COMPILER).first()
    if kept is None:
        values = {"digest": digest, "body": encode_plan(compiled)}
        kept, _is_new = models.Plan.objects.get_or_create(
            flow_id=flow_id, version=version, compiler=COMPILER, defaults=values
        )
    return kept


def plan_of(run: models.Run) -> Plan:
    """Return the plan of a run."""
    return _read(run.flow_id, run.version, run.plan_id)


def read_plan(row: models.Plan) -> Plan:
    """Return the plan that a row holds."""
    return _read(row.flow_id, row.version, row.pk)


@lru_cache(KEPT)
def _read(flow_id: UUID, version: int, plan_id: int) -> Plan:
    return decode_plan(models.Plan.objects.values_list("body", flat=True).get(pk=plan_id))


@lru_cache(COMPILED)
def _compiled(flow_id: UUID, version: int, installation: Installation) -> tuple[Plan | Refused, str]:
    reached = fold(flow_id, version)
    if reached.version != version:
        raise NotFound
    return compile_plan(reached.document, installation), reached.digest


def made_anew(run: models.Run) -> frozenset[str]:
    """Return the steps of a run made `again` that take nothing from the earlier one: its first, and what follows it."""
    return _made_anew(run.flow_id, run.version, run.plan_id, run.again_from) if run.again_from else frozenset()


@lru_cache(KEPT)
def _made_anew(flow_id: UUID, version: int, plan_id: int, node: str) -> frozenset[str]:
    plan = _read(flow_id, version, plan_id)
    return downstream(plan, node) if node in plan.steps else frozenset()
