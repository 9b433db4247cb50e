"""Unfold subflows: each instance becomes a group with a copy of the definition's nodes, wired through.

Ids are unique in the file alone, so a copy's key is its path, `instance/node`. A subflow inside itself, or nested
deeper than the budget's depth, stays one node. What an unfolded flow may hold is counted while it grows: a file of
1 KB can mean 2^25 nodes. Wires at an instance are followed to the nodes inside that are wired to its input and
outputs, without recursion.
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from flows.interchange.budget import Budget
from flows.interchange.foreign_json import as_list, as_number, as_object, as_text

SUBFLOW = "subflow:"
MOST_OUTPUTS = 1000


@dataclass(slots=True)
class Placed:
    """A node as it will stand in the flow: `prefix` is the path of its instance, `scope` its tab or subflow."""

    key: str
    id: str
    raw: Mapping[str, object]
    prefix: str
    scope: str
    frame: str | None = None
    unfolds: str = ""
    name: str = ""
    dx: float = 0
    dy: float = 0


@dataclass(slots=True)
class File:
    """The entries of a file by what they are."""

    tabs: dict[str, dict[str, object]] = field(default_factory=dict)
    subflows: dict[str, dict[str, object]] = field(default_factory=dict)
    scopes: dict[str, dict[str, dict[str, object]]] = field(default_factory=lambda: defaultdict(dict))


def unfold(file: File, scope: str, budget: Budget) -> dict[str, Placed]:
    """Return everything in a tab, or in a subflow that is shown by itself, unfolded. Raises `TooMuchError`."""
    placed: dict[str, Placed] = {}
    stack: list[tuple[str, str, str | None, tuple[str, ...]]] = [(scope, "", None, (scope,))]
    while stack:
        where, prefix, frame, path = stack.pop()
        for id, raw in file.scopes.get(where, {}).items():
            budget.add_node()
            one = Placed(prefix + id, id, raw, prefix, where, frame, name=as_text(raw.get("name")))
            wanted = as_text(raw.get("type")).removeprefix(SUBFLOW)
            if _is_instance(raw) and wanted in file.subflows and wanted not in path and len(path) < budget.depth:
                one.unfolds = wanted
                one.name = one.name or as_text(file.subflows[wanted].get("name"))
                stack.append((wanted, f"{one.key}/", one.key, (*path, wanted)))
            placed[one.key] = one
    return placed


def wires(file: File, placed: Mapping[str, Placed], budget: Budget) -> Iterator[tuple[Placed, int, str, str]]:
    """Yield source, output, target key and the id the wire names, for each connection between unfolded nodes."""
    exits = {id: _exits(subflow) for id, subflow in file.subflows.items()}
    last = {(scope, id): port for scope, found in exits.items() for id, port in sorted(found)}
    for one in placed.values():
        if one.unfolds:
            continue
        inside = last.get((one.scope, one.id), -1) if one.frame is not None else -1
        for port in range(max(len(as_list(one.raw.get("wires"))), 1 + min(inside, MOST_OUTPUTS))):
            budget.step()
            for target, said in _targets(one, port, file, placed, exits, budget):
                budget.add_edge()
                yield one, port, target, said


def lost_wires(file: File, placed: Mapping[str, Placed]) -> Iterator[tuple[Placed, str]]:
    """Yield source and target id of the wires at instances whose subflow connects nothing to them."""
    exits = {id: _exits(subflow) for id, subflow in file.subflows.items()}
    for one in placed.values():
        for port, ids in enumerate(as_list(one.raw.get("wires"))):
            left = not one.unfolds or any(port in ports for ports in exits[one.unfolds].values())
            for id in map(as_text, as_list(ids)):
                target = placed.get(one.prefix + id)
                if not left or (target is not None and target.unfolds and not _has_entry(file, target.unfolds)):
                    yield one, id


def entries(subflow: Mapping[str, object]) -> list[str]:
    """Return the ids inside that a subflow's input is wired to."""
    first = as_object(next(iter(as_list(subflow.get("in"))), None))
    return list(dict.fromkeys(as_text(as_object(wire).get("id")) for wire in as_list(first.get("wires"))))


def _targets(  # noqa: PLR0917
    one: Placed,
    port: int,
    file: File,
    placed: Mapping[str, Placed],
    exits: Mapping[str, Mapping[tuple[str, int], list[int]]],
    budget: Budget,
) -> Iterator[tuple[str, str]]:
    """Follow one output through the borders of subflows."""
    sources, seen = [(one, port)], {(one.key, port)}
    while sources:
        source, output = sources.pop()
        lists = as_list(source.raw.get("wires"))
        ids = [as_text(id) for id in as_list(lists[output])] if output < len(lists) else []
        targets = [(source.prefix, id) for id in reversed(dict.fromkeys(ids))]
        further: list[tuple[Placed, int]] = []
        if source.frame is not None:
            further = [(placed[source.frame], out) for out in exits[source.scope].get((source.id, output), ())]
        entered: set[str] = set()
        while targets:
            budget.step()
            prefix, id = targets.pop()
            target = placed.get(prefix + id)
            if target is None or not target.unfolds:
                yield prefix + id, id
                continue
            if target.key in entered:
                continue
            entered.add(target.key)
            targets.extend((f"{target.key}/", inner) for inner in entries(file.subflows[target.unfolds]) if inner)
            further += [(target, out) for out in exits[target.unfolds].get((target.unfolds, 0), ())]
        for step in further:
            if (step[0].key, step[1]) not in seen:
                seen.add((step[0].key, step[1]))
                sources.append(step)


def _exits(subflow: Mapping[str, object]) -> dict[tuple[str, int], list[int]]:
    """Map a node inside and its output to the outputs of the subflow that it feeds."""
    found: dict[tuple[str, int], list[int]] = defaultdict(list)
    for number, output in enumerate(as_list(subflow.get("out"))):
        for wire in map(as_object, as_list(as_object(output).get("wires"))):
            source = as_text(wire.get("id")), int(as_number(wire.get("port")) or 0)
            if number not in found[source]:
                found[source].append(number)
    return found


def _has_entry(file: File, id: str) -> bool:
    subflow = file.subflows[id]
    return bool(entries(subflow)) or any(source == id for source, _ in _exits(subflow))


def _is_instance(raw: Mapping[str, object]) -> bool:
    return as_text(raw.get("type")).startswith(SUBFLOW)
