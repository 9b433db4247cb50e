"""What stands around a chart's statements: front matter, directives, comments and the first line.

Each is blanked out, so that places in the text stay what they were. Front matter is YAML: it is read by its events,
never built, so that aliases cannot grow and tags cannot make anything; both are refused.
"""

import re
from dataclasses import dataclass

from django.utils.translation import gettext as _
from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError
from ruamel.yaml.events import (
    AliasEvent,
    MappingEndEvent,
    MappingStartEvent,
    ScalarEvent,
    SequenceEndEvent,
    SequenceStartEvent,
)

from flows.interchange.budget import Budget, UnreadableError
from flows.interchange.report import Report
from flows.interchange.text import unreadable

_FRONT_MATTER = re.compile(r"\s*---[ \t]*\n(?P<yaml>.*?)^---[ \t]*(?:\n|\Z)", re.DOTALL | re.MULTILINE)
_LONGEST_YAML = 16_384
_DEEPEST_YAML = 20
_FENCE = re.compile(r"^[ \t]{0,3}`{3,}+[ \t]*+mermaid[ \t]*$", re.MULTILINE)
_FENCE_END = re.compile(r"^[ \t]{0,3}`{3,}+[ \t]*$", re.MULTILINE)
_COMMENT = re.compile(r"^[ \t]*%%(?!\{)[^\n]*", re.MULTILINE)
_TYPE = re.compile(r"\s*(?:(?P<chart>flowchart-elk|flowchart|graph)(?![\w-])|(?P<other>[A-Za-z][\w-]*))")
_DIRECTION = re.compile(r"[ \t]*(?P<direction>LR|RL|TB|BT|TD|BR|[<>^v])(?![\w-])|[ \t]*(?=\n|;|\Z)")
_MEANT = {"TD": "TB", "BR": "TB", "<": "RL", ">": "LR", "^": "BT", "v": "TB", None: "TB"}
_OTHERS = """
    sequencediagram classdiagram classdiagram-v2 statediagram statediagram-v2 erdiagram journey gantt pie
    quadrantchart requirementdiagram requirement gitgraph c4context c4container c4component c4dynamic
    c4deployment mindmap timeline zenuml sankey sankey-beta xychart xychart-beta block block-beta packet packet-
    beta kanban architecture architecture-beta radar radar-beta treemap treemap-beta info ishikawa venn treeview
"""


@dataclass(frozen=True, slots=True)
class Preamble:
    """A chart without what stands around it: `text` has the places of the file, statements begin at `start`."""

    text: str
    start: int
    title: str
    direction: str


def preamble(text: str, budget: Budget, report: Report) -> Preamble:
    """Take off what stands around the statements. Raises `UnreadableError`."""
    title = ""
    text = _out_of_a_document(text, report)
    if found := _FRONT_MATTER.match(text):
        title = _title(found["yaml"], text, found.start("yaml"), budget, report)
        text = _blank(found[0]) + text[found.end() :]
    text = _COMMENT.sub(lambda comment: " " * len(comment[0]), _without_directives(text, report))
    found = _TYPE.match(text)
    if found is None or found["chart"] is None:
        raise _no_flowchart(found and found["other"], text, found.start("other") if found else 0)
    direction = _DIRECTION.match(text, found.end())
    if direction is None:
        raise unreadable(_("A direction is one of LR, RL, TB, TD and BT."), text, found.end() + 1)
    name = direction["direction"]
    return Preamble(text, direction.end(), title, _MEANT.get(name, name))


def _out_of_a_document(text: str, report: Report) -> str:
    """Return the first chart of a Markdown document at its place, or the text itself if it is none."""
    opening, begins = _FENCE.search(text), _TYPE.match(text)
    if opening is None or (begins and begins["chart"]):
        return text
    closing = _FENCE_END.search(text, opening.end())
    end = closing.start() if closing else len(text)
    for number, _more in enumerate(_FENCE.finditer(text, end), 2):
        report.drop("page", str(number), _("Only the first chart of a document is read."))
    return _blank(text[: opening.end()]) + text[opening.end() : end]


def _no_flowchart(name: str | None, text: str, position: int) -> UnreadableError:
    if name and name.lower() in _OTHERS.split():
        message = _("Only flowcharts can be read, and this is a diagram of type %(type)s.") % {"type": name}
    else:
        message = _("A flowchart begins with “flowchart” or “graph”.")
    return unreadable(message, text, position)


def _without_directives(text: str, report: Report) -> str:
    parts, position, count = [], 0, 0
    while (start := text.find("%%{", position)) >= 0:
        end = text.find("}%%", start)
        if end < 0:
            raise unreadable(_("The directive does not end."), text, start)
        parts += [text[position:start], _blank(text[start : end + 3])]
        position = end + 3
        count += 1
    if count:
        report.drop("style", "%%{…}%%", _("Settings of the drawing are not read."), count)
    return "".join([*parts, text[position:]])


def _title(yaml: str, text: str, position: int, budget: Budget, report: Report) -> str:
    """Return the title in front matter; tell what else is in it."""
    if len(yaml) > _LONGEST_YAML:
        raise unreadable(_("The front matter is too long."), text, position)
    first_line = text.count("\n", 0, position)
    title, others = "", 0
    depth, is_key, key = 0, True, ""
    try:
        for event in YAML(typ="safe", pure=True).parse(yaml):
            budget.step(16)
            if isinstance(event, AliasEvent) or getattr(event, "anchor", None) or _has_tag(event):
                message = _("Front matter with aliases, anchors or tags is not read.")
                raise UnreadableError(message, line=first_line + event.start_mark.line + 1)
            if isinstance(event, ScalarEvent) and depth == 1 and is_key:
                key, is_key = event.value, False
                others += key != "title"
                continue
            if isinstance(event, ScalarEvent) and depth == 1 and key == "title":
                title = event.value
            if isinstance(event, MappingStartEvent | SequenceStartEvent):
                depth += 1
            elif isinstance(event, MappingEndEvent | SequenceEndEvent):
                depth -= 1
            is_key = depth == 1
            if depth > _DEEPEST_YAML:
                raise unreadable(_("The front matter is nested too deep."), text, position)
    except YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        line = first_line + (mark.line if mark else 0) + 1
        raise UnreadableError(_("The front matter is not YAML."), line=line) from None
    if others:
        report.drop("style", "---", _("Settings of the drawing are not read."), others)
    return title


def _has_tag(event: object) -> bool:
    return getattr(event, "tag", None) is not None


def _blank(text: str) -> str:
    return re.sub(r"[^\n]", " ", text)
