"""Groups in groups as the document holds them: no circle, and at most so many in each other."""

from collections.abc import Mapping, Sequence

from django.utils.translation import gettext as _

from flows.interchange.neutral import NeutralNode
from flows.interchange.report import Report, What


def parents_of(nodes: Sequence[NeutralNode], most: int, report: Report) -> dict[str, str | None]:
    """Return each node's group by key.

    One that is not in the file, is no group or closes a circle is told and left out; a group that lies deeper than
    `most` comes up to where it may lie.
    """
    groups = {node.key for node in nodes if node.kind == "group"}
    wanted = {node.key: node.parent for node in nodes}
    for node in nodes:
        parent = node.parent
        if parent is not None and parent not in groups:
            wanted[node.key] = None
            why = _("The group that it lies in is not in the file.")
            report.approximate(what_of(node), node.key, why)
    for key in _circles(wanted):
        wanted[key] = None
        report.approximate("group", key, _("It lies in itself, so it is taken out."))
    return _flattened(nodes, wanted, most, report)


def what_of(node: NeutralNode) -> What:
    """Say what a node is in a report."""
    match node.kind:
        case "group":
            return "group"
        case "note":
            return "note"
        case _:
            return "node"


def _circles(parents: Mapping[str, str | None]) -> list[str]:
    """Return one key of each circle: without its parent there is no circle left."""
    seen: set[str] = set()
    cut: list[str] = []
    for start in parents:
        path: dict[str, None] = {}
        step: str | None = start
        while step is not None and step not in seen and step not in path:
            path[step] = None
            step = parents[step]
        if step is not None and step in path:
            cut.append(step)
        seen.update(path)
    return cut


def _flattened(
    nodes: Sequence[NeutralNode], parents: dict[str, str | None], most: int, report: Report
) -> dict[str, str | None]:
    """Hang each group that lies too deep into the last one above it that may hold groups."""
    groups = {node.key for node in nodes if node.kind == "group"}
    depths: dict[str, int] = {}
    for start in groups:
        path: list[str] = []
        step: str | None = start
        while step is not None and step not in depths:
            path.append(step)
            step = parents[step]
        for key in reversed(path):
            above = parents[key]
            depth = 1 if above is None else depths[above] + 1
            if depth > most and above is not None:
                parents[key] = parents[above]  # what is above lies at `most`, so its own group may hold one more
                depth = most
                report.approximate("group", key, _("Groups lie too deep in each other, so it comes up."))
            depths[key] = depth
    return parents
