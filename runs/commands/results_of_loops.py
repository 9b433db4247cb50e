"""What a loop gives: the list of its iterations' results, joined from the texts of rows without reading the values."""

from collections import defaultdict
from typing import cast

from flows import limits
from runs.commands.locked_run import LockedRun, State
from runs.errors import TaskFailure
from runs.models import Task
from runs.plan import (
    Closing,
    Result,
    decode_ports,
    result_of_iteration,
    result_steps,
    slot_state,
    spoiling_steps,
)
from runs.plan.paths import inside
from runs.values import load_texts, size_of
from web.deferred_translation import kept as _

_COLUMNS = ("node", "path", "state", "ports", "output")


def results_text(locked: LockedRun, closing: Closing) -> str:
    """Return the results of a loop as JSON, in input order; null for an iteration that failed.

    Raises `TaskFailure` (`too_large`).
    """
    failed, results = _read(locked, closing)
    texts = []
    for index in range(closing.iterations):
        path = inside(closing.path, index)
        texts.append("null" if path in failed else result_of_iteration(locked.plan, closing.loop, results[path]))
    flat = cast("list[str | None]", [text for one in texts for text in (one if isinstance(one, list) else [one])])
    most = limits.current().value_bytes
    if sum(size_of(text) + 1 for text in flat) >= most:
        raise TaskFailure("too_large", _("The value is longer than %(most)d bytes.") % {"most": most})
    whole = iter(load_texts(locked.run.pk, flat, locked.blobs))
    parts = [f"[{','.join(next(whole) for _one in one)}]" if isinstance(one, list) else next(whole) for one in texts]
    return f"[{','.join(parts)}]"


def first_failure(locked: LockedRun, closing: Closing) -> Task | None:
    """Return the task for which a loop fails."""
    found = Task.objects.filter(run=locked.run, node__in=spoiling_steps(locked.plan, closing.loop))
    rows = locked.load(found.filter(path__startswith=f"{closing.path}." if closing.path else "", error_code__gt=""))
    known = [task for task in {task.key: task for task in [*rows, *locked.tasks.values()]}.values() if task.error_code]
    return min((task for task in known if task.state == State.FAILED), key=lambda one: one.priority, default=None)


def _read(locked: LockedRun, closing: Closing) -> tuple[set[str], dict[str, dict[str, Result]]]:
    """Return the paths of iterations that failed, and the results by path and step."""
    plan = locked.plan
    spoiling, giving = set(spoiling_steps(plan, closing.loop)), set(result_steps(plan, closing.loop))
    prefix = f"{closing.path}." if closing.path else ""
    stored = Task.objects.filter(run=locked.run, node__in=spoiling | giving, path__startswith=prefix)
    rows = {(row[0], row[1]): row for row in stored.values_list(*_COLUMNS).iterator(chunk_size=2_000)}
    for (node, path), task in locked.tasks.items():
        if node in spoiling | giving and path.startswith(prefix):
            rows[node, path] = (node, path, task.state, task.ports, task.output)
    failed, results = set[str](), defaultdict[str, dict[str, Result]](dict)
    for node, path, state, ports, output in rows.values():
        if state == State.FAILED and node in spoiling:
            failed.add(path)
        if node in giving and state in (State.DONE, State.FAILED):
            carried, value = decode_ports(ports), output if state == State.DONE else "null"
            results[path][node] = Result(slot_state(state), carried, value)
    return failed, results
