"""A plan as JSON. `COMPILER` is part of a stored plan's name: raise it when the same flow gives another plan, and go on
reading what earlier ones wrote, since runs last."""

import json
from dataclasses import fields
from typing import Any, Final

from runs.plan.plan import Plan
from runs.plan.steps import Ask, Step, Wire

COMPILER: Final = 2
KNOWN: Final = (1, 2)
"""Of 1, a form of bare names or an object was dropped."""

_STEP: Final = tuple(field.name for field in fields(Step))
_WIRE: Final = tuple(field.name for field in fields(Wire))
_ASK: Final = tuple(field.name for field in fields(Ask))
_DEFAULTS: Final = Step("", "", "", {}, (), ())


def encode_plan(plan: Plan) -> str:
    """Return a plan as canonical JSON; what a step has by default is left out."""
    steps = [
        {name: _encoded(getattr(step, name)) for name in _STEP if _is_set(step, name)} for step in plan.steps.values()
    ]
    wires = [[getattr(wire, name) for name in _WIRE] for wire in plan.wires]
    return json.dumps(
        {"compiler": COMPILER, "steps": steps, "wires": wires},
        ensure_ascii=False,
        sort_keys=True,
        separators=(",", ":"),
    )


def decode_plan(text: str) -> Plan:
    """Read a plan. Raises ValueError for one of a compiler that is not known here."""
    body = json.loads(text)
    if body["compiler"] not in KNOWN:
        raise ValueError(f"a plan of compiler {body['compiler']}")
    steps = [_step(given) for given in body["steps"]]
    return Plan({step.id: step for step in steps}, tuple(Wire(*ends) for ends in body["wires"]))


def _step(given: dict[str, Any]) -> Step:
    fields: dict[str, Any] = {**given}
    fields |= {name: tuple(given[name]) for name in ("inputs", "outputs", "runs_on") if name in given}
    if "ask_first" in given:
        fields["ask_first"] = _ask(**given["ask_first"])
    return Step(**fields)


def _ask(question: str, who: Any, form: list[Any], timeout_ms: int | None) -> Ask:
    return Ask(question, "editors" if who == "editors" else tuple(who), tuple(form), timeout_ms)


def _is_set(step: Step, name: str) -> bool:
    return name in ("id", "kind", "label", "settings", "inputs", "outputs") or getattr(step, name) != getattr(
        _DEFAULTS, name
    )


def _encoded(value: object) -> object:
    if isinstance(value, Ask):
        return {name: getattr(value, name) for name in _ASK}
    return value
