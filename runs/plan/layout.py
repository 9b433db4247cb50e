"""How the steps of a plan hang together, looked up while a run goes on: worked out once for each plan in memory.

A wire counts for its target's join unless it is the way back to a loop from its own body. Wires from a step that is not
enabled are dead from the beginning; wires into one do not matter.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from runs.plan.steps import Step, Wire


@dataclass(frozen=True, slots=True)
class Layout:
    """The wires between enabled steps, by where they lead, and the steps right inside each loop (None: the run).

    `before` are all that count for a step's join, those from disabled steps too. `onward` stay in the source's body;
    `entries` lead from a loop's `each` into its body, `inward` from before a loop into it, `back` from its body to it.
    """

    before: Mapping[str, tuple[Wire, ...]]
    onward: Mapping[str, tuple[Wire, ...]]
    inward: Mapping[str, tuple[Wire, ...]]
    entries: Mapping[str, tuple[Wire, ...]]
    back: Mapping[str, tuple[Wire, ...]]
    bodies: Mapping[str | None, tuple[str, ...]]
    sizes: Mapping[str | None, int]
    """How many enabled steps each body has."""
    places: Mapping[str, int]
    """The number of each step in the plan's order."""

    def sorted(self, ids: Iterable[str]) -> list[str]:
        """Return steps in the plan's order."""
        return sorted(ids, key=self.places.__getitem__)


def layout_of(steps: Mapping[str, Step], wires: tuple[Wire, ...]) -> Layout:
    """Work out the layout."""
    before, onward, inward, entries, back = ({id: list[Wire]() for id in steps} for _ in range(5))
    for wire in wires:
        source, target = steps[wire.source], steps[wire.target]
        if not target.enabled:
            continue
        if target.id in loops_around(steps, source.id):
            back[target.id].append(wire)
            continue
        before[target.id].append(wire)
        if source.enabled:
            is_entry = source.id == target.loop and wire.source_port == "each"
            found = entries if is_entry else onward if source.loop == target.loop else inward
            found[source.id].append(wire)
    bodies = _bodies(steps)
    sizes = {id: sum(steps[one].enabled for one in body) for id, body in bodies.items()}
    places = {id: place for place, id in enumerate(steps)}
    return Layout(
        before=_frozen(before),
        onward=_frozen(onward),
        inward=_frozen(inward),
        entries=_frozen(entries),
        back=_frozen(back),
        bodies=bodies,
        sizes=sizes,
        places=places,
    )


def loops_around(steps: Mapping[str, Step], id: str) -> Iterator[str]:
    """Yield the loops whose bodies a step is in, the innermost first."""
    around = steps[id].loop
    while around is not None:
        yield around
        around = steps[around].loop


def _bodies(steps: Mapping[str, Step]) -> dict[str | None, tuple[str, ...]]:
    bodies: dict[str | None, list[str]] = {None: []}
    for id, step in steps.items():
        bodies.setdefault(step.loop, []).append(id)
        if step.kind == "loop":
            bodies.setdefault(id, [])
    return {id: tuple(body) for id, body in bodies.items()}


def _frozen(wires: Mapping[str, list[Wire]]) -> dict[str, tuple[Wire, ...]]:
    return {id: tuple(found) for id, found in wires.items()}
