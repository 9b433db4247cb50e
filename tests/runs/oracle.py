"""How a run must end, worked out without any order: each task from the ends of those before it, as the contract says.

It shares no code with the planner but the plan itself.
"""

from dataclasses import dataclass, field

from runs.plan import Json, Key, Plan, Step, Wire
from tests.runs.driver import Fate

Ended = tuple[str, tuple[str, ...]]


@dataclass
class Oracle:
    """The ends of one run. `optional` are iterations whose being opened depends on the order, and what is in them."""

    plan: Plan
    fate: Fate
    ends: dict[Key, Ended] = field(default_factory=dict)
    values: dict[Key, Json] = field(default_factory=dict)
    optional: set[Key] = field(default_factory=set)

    def all(self) -> dict[Key, Ended]:
        """Return how every task ends."""
        for step in self.plan.steps.values():
            if step.loop is None:
                self.end(step.id, "")
        return self.ends

    def end(self, node: str, path: str) -> Ended:
        """Return how one task ends, and by which ports."""
        if (node, path) not in self.ends:
            self.ends[node, path] = self._end(self.plan.steps[node], path)
        return self.ends[node, path]

    def _end(self, step: Step, path: str) -> Ended:
        if not self._starts(step, path):
            return "skipped", ()
        if step.kind == "loop":
            return self._loop(step, path)
        end = self.fate.end(self.plan, (step.id, path))
        if end.outcome == "done":
            self.values[step.id, path] = f"{step.id}/{path}"
            return "done", tuple(port for port in step.outputs if end.ports is None or port in end.ports)
        self.values[step.id, path] = None
        if step.on_error in ("null", "go_on"):
            return ("done" if step.on_error == "null" else "failed"), (
                ("default",) if step.kind == "decision" else step.outputs
            )
        return "failed", ()

    def _starts(self, step: Step, path: str) -> bool:
        wires = [wire for wire in self.plan.wires if wire.target == step.id and not self._is_back(wire)]
        if not step.enabled or not wires:
            return step.enabled
        live = sum(self._is_live(wire, step, path) for wire in wires)
        match step.join:
            case "arrived" | "any":
                return live >= 1
            case "every":
                return live == len(wires)
            case int(wanted):
                return live >= min(wanted, len(wires))

    def _is_live(self, wire: Wire, step: Step, path: str) -> bool:
        source = self.plan.steps[wire.source]
        if not source.enabled:
            return False
        if source.id == step.loop:
            return True
        depth = len(self._around(source.id))
        return wire.source_port in self.end(source.id, ".".join(path.split(".")[:depth]) if depth else "")[1]

    def _around(self, id: str) -> list[str]:
        loop = self.plan.steps[id].loop
        return [] if loop is None else [*self._around(loop), loop]

    def _is_back(self, wire: Wire) -> bool:
        return wire.target in self._around(wire.source)

    def _loop(self, step: Step, path: str) -> Ended:
        body = [one for one in self.plan.steps.values() if one.loop == step.id]
        results, failed = list[Json](), list[int]()
        for index in range(self._iterations(step, path) if body else 0):
            inner = f"{path}.{index}" if path else str(index)
            ended = {one.id: self.end(one.id, inner) for one in body}
            if failed and step.on_error != "go_on":
                self.optional |= {key for key in self.ends if f"{key[1]}.".startswith(f"{inner}.")}
                continue
            if any(ended[one.id][0] == "failed" and self._is_failure(one) for one in body):
                failed.append(index)
                results.append(None)
            else:
                results.append(self._result(step, body, inner))
        if step.on_error == "leave" and failed:
            results = results[: failed[0]]
        if step.on_error == "stop" and failed:
            return "failed", ()
        self.values[step.id, path] = results
        return "done", ("out",)

    def _iterations(self, step: Step, path: str) -> int:
        count = self.fate.iterations((step.id, path))
        return max(count, 1) if step.settings["type"] == "until" else count

    def _is_failure(self, step: Step) -> bool:
        return step.criticality != "optional" and step.on_error not in ("null", "go_on", "leave")

    def _result(self, loop: Step, body: list[Step], inner: str) -> Json:
        back = [wire for wire in self.plan.wires if wire.target == loop.id and self._is_back(wire)]
        leads = {wire.source for wire in self.plan.wires if not self._is_back(wire) and self._is_on(wire.target)}
        found = list[Json]()
        for step in body:
            ports = self.end(step.id, inner)[1]
            state = self.end(step.id, inner)[0]
            if back:
                is_result = any(wire.source == step.id and wire.source_port in ports for wire in back)
            else:
                is_last = step.id not in leads or (step.kind == "loop" and not self._leads_out(step.id))
                is_result = (is_last and state == "done") or (
                    is_last and state == "failed" and step.on_error == "go_on"
                )
            if is_result:
                found.append(self.values.get((step.id, inner)))
        return None if not found else found[0] if len(found) == 1 else found

    def _is_on(self, id: str) -> bool:
        return self.plan.steps[id].enabled

    def _leads_out(self, id: str) -> bool:
        return any(
            wire.source == id and self._is_on(wire.target) and self.plan.steps[wire.target].loop != id
            for wire in self.plan.wires
            if not self._is_back(wire)
        )
