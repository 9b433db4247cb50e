"""The texts of a file without what no flow may hold: control characters, and what has the shape of a secret.

Readers take secrets out of what a tool keeps under a name. What people write into a label, a description or a name is
looked at here, once and for all formats; the report is as careful as the flow.
"""

from dataclasses import replace
from typing import cast

from django.utils.translation import gettext as _

from flows.interchange.ids import fresh_key
from flows.interchange.neutral import NeutralFlow, NeutralNode
from flows.interchange.report import Report
from flows.interchange.secrets import masked, without_secrets
from flows.interchange.values import without_controls


def clean(flow: NeutralFlow, report: Report) -> None:
    """Clean a flow from another tool: all its texts, its names, and settings that were labels there."""
    flow.description = without_controls(flow.description)
    for node in flow.nodes:
        node.label, node.description = without_controls(node.label), without_controls(node.description)
    for edge in flow.edges:
        edge.label = without_controls(edge.label)
    found = mask_texts(flow, report)
    for node in flow.nodes:
        found += _mask_settings(node, report)
    renamed = _masked_keys(flow)
    if found or renamed:
        _rename(flow, renamed, report)


def mask_texts(flow: NeutralFlow, report: Report) -> int:
    """Replace what looks secret in titles, labels and descriptions, tell it, and return how many there were."""
    found = 0
    for one in (flow, *flow.nodes, *flow.edges):
        names = ("title", "description") if one is flow else ("label", "description")
        here = 0
        for name in names:
            if text := getattr(one, name, ""):
                text, count = masked(text)
                if count:
                    setattr(one, name, text)
                    here += count
        if here:
            _tell(report, getattr(one, "key", ""), here)
            found += here
    return found


def mask_report(report: Report) -> None:
    """Replace what looks secret in the names that a report tells."""
    for told in (report.approximated, report.dropped):
        for place, one in enumerate(told):
            where, count = masked(one.where)
            if count:
                told[place] = replace(one, where=where)


def _mask_settings(node: NeutralNode, report: Report) -> int:
    """Replace what looks secret in texts and names of ports: a reader may have made them of labels."""
    found = 0
    for name, value in node.settings.items():
        if isinstance(value, str):
            node.settings[name], count = masked(value)
        elif isinstance(value, list) and all(isinstance(item, str) for item in value):
            pairs = [masked(item) for item in cast(list[str], value)]
            node.settings[name], count = [text for text, _count in pairs], sum(count for _text, count in pairs)
        else:
            count = 0
        found += count
    if found:
        _tell(report, node.key, found)
    return found


def _masked_keys(flow: NeutralFlow) -> dict[str, str]:
    """Return another key for each that looks secret: ids are made of them."""
    taken = {node.key: 1 for node in flow.nodes}
    found = {node.key: text for node in flow.nodes for text, count in [masked(node.key)] if count}
    return {key: fresh_key(text, taken) for key, text in found.items()}


def _rename(flow: NeutralFlow, renamed: dict[str, str], report: Report) -> None:
    if renamed:
        _tell(report, "", len(renamed))
    unheard = Report(report.format)
    for node in flow.nodes:
        node.key, node.parent = renamed.get(node.key, node.key), node.parent and renamed.get(node.parent, node.parent)
        node.imported = cast("dict[str, object] | None", without_secrets(node.imported, node.key, unheard))
    for edge in flow.edges:
        edge.source, edge.target = renamed.get(edge.source, edge.source), renamed.get(edge.target, edge.target)
        edge.source_port, edge.key = masked(edge.source_port)[0], masked(edge.key)[0]


def _tell(report: Report, where: str, count: int) -> None:
    report.drop("secret", where, _("Secrets are not imported. Set them here again."), count)
