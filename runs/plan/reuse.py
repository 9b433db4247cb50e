"""What a run made again may take from the earlier one: results whose key is the same.

A key is made of all that a result depends on: the kind, the settings that matter, the version of the executor and of
the secrets it uses, and the hashes of what it reads. Labels, places and how a step is tried are not in it.
"""

import hashlib
import json
from collections.abc import Mapping
from typing import Final

from flows.document import IMPORTED
from flows.expressions import Json
from runs.plan.layout import Layout, loops_around
from runs.plan.plan import Plan
from runs.plan.steps import Step, Wire

BESIDE: Final = frozenset(
    {
        "join",
        "criticality",
        "runs_on",
        "timeout_ms",
        "retries",
        "retry_count",
        "retry_attempts",
        "max_retries",
        "on_error",
        "reuse",
        "ask_first",
        IMPORTED.name,
    }
)
"""Settings that say how a step is run, not what it gives."""


def result_key(step: Step, *, version: int | str, secrets: Mapping[str, int | str], inputs: Mapping[str, str]) -> str:
    """Return the key of a result: SHA-256 in hex.

    `version` is the executor's; `secrets` holds the versions of those the step uses by name; `inputs` the hashes of the
    names its expressions see, of `prev` and of the item.
    """
    settings: dict[str, Json] = {name: value for name, value in step.settings.items() if name not in BESIDE}
    parts = [step.kind, settings, str(version), dict(secrets), dict(inputs)]
    text = json.dumps(parts, sort_keys=True, separators=(",", ":"), ensure_ascii=True)
    return hashlib.sha256(text.encode()).hexdigest()


def downstream(plan: Plan, node: str) -> frozenset[str]:
    """Return a step with all that follows from it, and the loops it is in with all that follows from those.

    What stands before it in its own loop's body is not among them.
    """
    layout, found, waiting = plan.layout, {node, *loops_around(plan.steps, node)}, [node]
    waiting += [wire.target for loop in loops_around(plan.steps, node) for wire in _after(layout, loop)]
    while waiting:
        id = waiting.pop()
        found.add(id)
        wires = (*_after(layout, id), *layout.entries[id])
        waiting += [wire.target for wire in wires if wire.target not in found]
    return frozenset(found)


def _after(layout: Layout, id: str) -> tuple[Wire, ...]:
    return (*layout.onward[id], *layout.inward[id])
