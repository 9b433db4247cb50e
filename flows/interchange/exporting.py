"""A flow written as a file of one of the formats. Pure: what is written is given."""

from collections import Counter
from dataclasses import dataclass
from uuid import UUID

from flows.document import Document
from flows.interchange.formats import Format, Theme
from flows.interchange.neutral import ExportedFlow
from flows.interchange.report import Report, counts


@dataclass(frozen=True, slots=True)
class Exported:
    """The file's bytes, and what they do not say of the flow."""

    body: bytes
    report: Report


def exported_flow(flow_id: UUID, version: int, document: Document) -> ExportedFlow:
    """Return a flow as writers take it, its elements sorted by id."""
    title, description = document.properties.title, document.properties.description
    nodes = sorted(document.nodes(), key=lambda node: node.id)
    return ExportedFlow(
        str(flow_id), version, title, description, nodes, sorted(document.edges(), key=lambda edge: edge.id)
    )


def write_file(flow: ExportedFlow, format: Format, *, theme: Theme = "light", scale: int = 1) -> Exported:
    """Write a flow in a format; `theme` and `scale` are for pictures."""
    report = Report(format.name)
    body = format.write(flow, report, theme=theme, scale=scale) if format.is_picture else format.write(flow, report)
    lost = Counter[str]()
    for told in report.dropped:
        lost[f"{told.what}s"] += told.count
    report.kept = {what: count - lost[what] for what, count in counts(flow.nodes, len(flow.edges)).items()}
    return Exported(body, report)
