"""Where edges may begin and end, by a node's kind and settings."""

from collections.abc import Mapping
from dataclasses import dataclass

from flows.document.elements import Node
from flows.document.kinds.kinds import KINDS

FIRST_BRANCH = 58
BRANCH_PITCH = 20
BRANCH_MARGIN = 10


@dataclass(frozen=True, slots=True)
class Ports:
    """The names of a node's ports, from top to bottom."""

    inputs: tuple[str, ...]
    outputs: tuple[str, ...]


_PORTS = {name: Ports(kind.inputs, kind.outputs) for name, kind in KINDS.items()}


def ports_of(node: Node) -> Ports:
    """Return a node's ports. A decision has one output for each of its branches, and `default`."""
    return ports_for(node.kind, node.settings)


def ports_for(kind: str, settings: Mapping[str, object]) -> Ports:
    """Return the ports that a node of this kind with these settings has."""
    ports = _PORTS[kind]
    branches = settings.get("branches")
    if kind != "decision" or not isinstance(branches, (list, tuple)):
        return ports
    return Ports(ports.inputs, tuple(dict.fromkeys((*branches, "default"))))


def default_output(node: Node) -> str:
    """Return the output where an edge begins that does not say."""
    return KINDS[node.kind].default_output


def default_size(kind: str, settings: Mapping[str, object]) -> tuple[int, int]:
    """Return width and height of a fresh node. A decision is as high as its branches need."""
    entry = KINDS[kind]
    if kind != "decision":
        return entry.width, entry.height
    count = len(ports_for(kind, settings).outputs)
    return entry.width, max(entry.height, FIRST_BRANCH + BRANCH_PITCH * (count - 1) + BRANCH_MARGIN)
