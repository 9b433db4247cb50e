"""A note in a picture: the little Markdown that notes know, as formatted lines, cut where the paper ends."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from flows.document import Node
from flows.interchange.pictures.drawing import Pen, aligned, aligned_runs, box, frame_of
from flows.interchange.pictures.text import Font, Run, shortened, wrap
from flows.rendering.notes import HEADING, ITEM, MARKS

LABEL = Font(12, 600, -0.12)
BODY = Font(12)
HEAD = Font(13, 600, -0.13)
FONTS = {"bold": Font(12, 600), "code": Font(11)}
LINE = 16
SIDE, TOP = 12, 10
INDENT = 12
BASELINE = 12.2
MOST_TEXT = 20_000
"""Characters of a note that are read for a picture: more than any paper shows."""


@dataclass(slots=True)
class _Line:
    runs: list[Run]
    y: float
    font: Font
    whole: str
    indent: int = 0
    has_bullet: bool = False


def note(node: Node, colours: Mapping[str, str]) -> Iterator[str]:
    """Draw a note: its paper, its label, and as much of its text as fits."""
    style = f'fill="{colours["note"]}" stroke="{colours["note-line"]}"'
    yield box(frame_of(node), 8, style if node.enabled else f'{style} stroke-dasharray="4 3"')
    left, right = node.x + SIDE, node.x + node.width - SIDE
    if right - left < 2 * INDENT:
        return
    colour = colours["note-text"]
    for line in _lines(node, right - left):
        sides, baseline = (left + line.indent, right - line.indent), line.y + BASELINE
        if line.has_bullet:
            yield aligned("•", (left + 2, right - 2), baseline, Pen(BODY, colour), line.whole)
        yield aligned_runs(line.runs, sides, baseline, Pen(line.font, colour), line.whole)


def _lines(node: Node, width: float) -> list[_Line]:
    """Return what fits on the paper; the last line ends with an ellipsis if there is more."""
    room = int((node.height - TOP) // LINE)
    labels = wrap(((node.label, LABEL, ""),), width, min(2, room))
    lines = [_Line(line, node.y + TOP + LINE * at, LABEL, node.label) for at, line in enumerate(labels)]
    y, bottom = node.y + TOP + LINE * len(lines), node.y + node.height - 1
    for source, gap in _paragraphs(node):
        y += gap
        room = int((bottom - y) // LINE)
        if room < 1:
            if lines:
                lines[-1].runs = shortened(lines[-1].runs, width - lines[-1].indent)
            break
        item, heading = ITEM.match(source), HEADING.match(source)
        indent, font = INDENT if item else 0, HEAD if heading else BODY
        runs = _runs(item[1] if item else heading["text"] if heading else source, font)
        for at, line in enumerate(wrap(runs, width - indent, room)):
            lines.append(_Line(line, y, font, source, indent, item is not None and not at))
            y += LINE
    return lines


def _paragraphs(node: Node) -> Iterator[tuple[str, int]]:
    """Yield a note's lines that say something, and the space above each."""
    text = node.settings.get("text")
    gap, was_item = 1, None
    for source in (text if isinstance(text, str) else "")[:MOST_TEXT].splitlines():
        if not source.strip():
            gap = 5 if was_item is not None else 1
            continue
        is_item = ITEM.match(source) is not None
        yield source, 5 if was_item not in (None, is_item) else gap
        gap, was_item = 0, is_item


def _runs(text: str, font: Font) -> Iterator[Run]:
    """Yield a line's pieces: what the marks say becomes a look, a link its text."""
    at = 0
    for match in MARKS.finditer(text):
        yield text[at : match.start()], font, ""
        look = {"text": "link"}.get(name := match.lastgroup or "", name)
        if look == "url":
            look, name = "link", "text"
        yield match[name], FONTS.get(look, font), look
        at = match.end()
    yield text[at:], font, ""
