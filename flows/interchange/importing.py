"""A file read, checked and placed: a graph of ours with the report of what became of it. Pure; nothing is stored."""

from collections.abc import Sequence
from dataclasses import dataclass

from django.utils.translation import gettext as _

from flows.document import DocumentLimits, Edge, Node
from flows.interchange.assemble import assemble
from flows.interchange.budget import Budget, UnreadableError
from flows.interchange.cleaning import clean, mask_report, mask_texts
from flows.interchange.detect import detect
from flows.interchange.formats import readable
from flows.interchange.placing import placed
from flows.interchange.report import Report

SECONDS = 2.0
"""How long reading and checking may take, of one core."""


class UnknownFormatError(UnreadableError):
    """No format has this name, or none is recognised."""


@dataclass(frozen=True, slots=True)
class Imported:
    """A graph that holds together, and what was lost on the way. `id` is the flow's in the file, if it names one."""

    id: str
    title: str
    description: str
    nodes: Sequence[Node]
    edges: Sequence[Edge]
    report: Report


def read_file(data: bytes, format: str, limits: DocumentLimits, *, seconds: float = SECONDS) -> Imported:
    """Read a file of a format, or of whatever format it turns out to be (`auto`).

    Raises `UnreadableError` and `TooMuchError`; the first has the `format` by which it was read.
    """
    budget = Budget(limits.nodes, limits.edges, seconds)
    name = detect(data) if format == "auto" else format
    found = readable().get(name)
    if found is None:
        raise UnknownFormatError(_("This format cannot be imported."))
    report = Report(name)
    try:
        flow = found.read(data, budget, report)
        (mask_texts if found.is_own else clean)(flow, report)
        graph = assemble(flow, limits, budget, report)
        mask_report(report)
    except UnreadableError as error:
        error.format = name
        raise
    return Imported(graph.id, graph.title, graph.description, placed(graph), graph.edges, report)
