"""A node in a picture, measured as `node.css` does: card, chip, label, second line, foot, branches, ports."""

from collections.abc import Iterator, Mapping, Set
from dataclasses import dataclass

from flows.document import KINDS, Node, port_point, ports_of
from flows.interchange.pictures.drawing import (
    Pen,
    aligned,
    box,
    filled,
    frame_of,
    icon,
    line_of_text,
    number,
    printable,
)
from flows.interchange.pictures.text import Font, fit, width, wrap
from flows.interchange.pictures.themes import COLOUR, ThemeName, chip_colours, paint, theme
from flows.rendering.captions import footer, second_line
from flows.rendering.collapsed import is_collapsed

LABEL = Font(13, 600, -0.13)
SMALL = Font(11.5)
GROUP = Font(12, 600, -0.12)
COUNT = Font(12)
CHIP, ICON, SIDE, GAP = 26, 15, 8, 8
FOOT, HEADER = 32, 44
LABEL_LINE, SECOND_LINE = 16, 15
SMALLEST_PITCH = 14
DASHED = ' stroke-dasharray="4 3"'


@dataclass(frozen=True, slots=True)
class Scene:
    """What a node's look depends on besides itself: the theme, and which output ports an edge leaves by."""

    name: ThemeName
    connected: Set[tuple[str, str]]

    @property
    def colours(self) -> Mapping[str, str]:
        """The colours by token."""
        return theme(self.name)


def card(node: Node, scene: Scene) -> Iterator[str]:
    """Draw a node that is neither a note nor a group."""
    colours = scene.colours
    if node.enabled:
        yield _shade(node, scene.name)
        yield box(frame_of(node), 10, f'fill="{colours["node"]}" stroke="{colours["border-2"]}"')
    else:
        look = f'fill="{colours["canvas"]}" stroke="{colours["border-2"]}"{DASHED}'
        yield box(frame_of(node), 10, look)
    yield from _head(node, scene)
    yield from _foot(node, colours, _text_colour(node, colours, "text-2"))
    yield from _outputs(node, scene)


def group(node: Node, members: int, scene: Scene) -> Iterator[str]:
    """Draw a group: frame, title, the arrow that says whether it is open, and how many are in it."""
    colours = scene.colours
    fill = f'fill="{colours["surface-2"]}"' if is_collapsed(node) else paint(colours["group-fill"])
    dashes = "" if node.enabled or is_collapsed(node) else DASHED
    yield box(frame_of(node), 14, f'{fill} stroke="{colours["group-line"]}"{dashes}')
    count = str(members)
    room = node.width - 24 - 28 - width(count, COUNT)
    if room < GROUP.size or node.height < 32:
        return
    label, x, baseline = fit(node.label, room, GROUP), node.x + 12, node.y + 22.4
    wide = width(label, GROUP)
    colour = colours["text-2"] if node.enabled else colours["text-3"]
    yield _whole(node.label, label, aligned(label, (x, x + wide), baseline, Pen(GROUP, colour)))
    x += wide + 6 + 8 if label else 8
    arrow = "M-1.5 -3L1.5 0L-1.5 3" if is_collapsed(node) else "M-3 -1.5L0 1.5L3 -1.5"
    look = f'fill="none" stroke="{colours["text-3"]}" stroke-width="1.5"'
    yield f'<path transform="translate({number(x)} {number(node.y + 18)})" d="{arrow}" {look}/>'
    yield line_of_text(count, (x + 14, baseline), Pen(COUNT, colours["text-3"]))


def _shade(node: Node, name: ThemeName) -> str:
    """Draw what is seen of a card's shadow: a line below it. A whole card in its place takes much longer to fill."""
    colour, opacity = ("#101828", 0.09) if name == "light" else ("#000000", 0.4)
    start = f"M{number(node.x + 2)} {number(node.y + node.height - 5)}"
    curve = f"q0 6 8 6h{number(max(node.width - 20, 0))}q8 0 8 -6"
    return f'<path d="{start}{curve}" fill="none" stroke="{colour}" stroke-opacity="{opacity}" stroke-width="1.5"/>'


def _head(node: Node, scene: Scene) -> Iterator[str]:
    colours = scene.colours
    height = _head_height(node)
    middle = node.y + 1 + (height - 2) / 2
    x = node.x + SIDE
    if height < CHIP or node.width < SIDE + CHIP:
        return
    chip, ink = _chip(node, scene)
    dim = "" if node.enabled else ' opacity="0.7"'
    yield filled((x, middle - CHIP / 2, CHIP, CHIP), 7, f'fill="{chip}"{dim}')
    inset = (CHIP - ICON) / 2
    yield icon(KINDS[node.kind].icon, (x + inset, middle - CHIP / 2 + inset), ICON, ink)
    left, right = x + CHIP + GAP, node.x + node.width - SIDE
    if right - left < LABEL.size:
        return
    lines = ["".join(text for text, _, _ in line) for line in wrap(((node.label, LABEL, ""),), right - left, 2)]
    second = fit(second_line(node), right - left, SMALL) if len(lines) < 2 else ""
    y = middle - (len(lines) * LABEL_LINE + (SECOND_LINE if second else 0)) / 2
    pen = Pen(LABEL, _text_colour(node, colours, "text"))
    drawn = "".join(
        aligned(line, (left, right), y + at * LABEL_LINE + 12.7, pen, node.label) for at, line in enumerate(lines)
    )
    yield _whole(node.label, lines[-1] if lines else "", drawn)
    baseline = y + len(lines) * LABEL_LINE + 11.7
    yield aligned(second, (left, right), baseline, Pen(SMALL, _text_colour(node, colours, "text-2")))


def _head_height(node: Node) -> float:
    if node.kind == "decision":
        return min(HEADER + 1, node.height)
    return node.height - FOOT if footer(node) else node.height


def _foot(node: Node, colours: Mapping[str, str], colour: str) -> Iterator[str]:
    values = footer(node)
    if not values:
        return
    top = node.y + node.height - 1 - FOOT
    yield f'<path d="M{number(node.x + 1)} {number(top + 0.5)}h{number(node.width - 2)}" stroke="{colours["border"]}"/>'
    left, right, baseline = node.x + 10, node.x + node.width - 10, top + 20.7
    name, value = values
    room = right - left - 8 - width(value, SMALL)
    pen = Pen(SMALL, colour)
    if room > SMALL.size:
        yield aligned(fit(name, room, SMALL), (left, left + room), baseline, pen)
    yield line_of_text(value, (right, baseline), pen, "end")


def _outputs(node: Node, scene: Scene) -> Iterator[str]:
    """Draw the ports that edges begin at, with the names of a decision's branches where they have room."""
    colours, names = scene.colours, ports_of(node).outputs
    points = [(name, *port_point(node, name, "out")) for name in names]
    pitch = points[1][2] - points[0][2] if len(points) > 1 else SMALLEST_PITCH
    if node.kind == "decision" and pitch >= SMALLEST_PITCH:
        pen = Pen(SMALL, _text_colour(node, colours, "text-2"))
        for name, x, y in points:
            yield line_of_text(fit(name, node.width - 22, SMALL), (x - 11, y + 4), pen, "end")
    for name, x, y in points:
        fill = colours["control" if (node.id, name) in scene.connected else "node"]
        place = f'cx="{number(x)}" cy="{number(y)}"'
        yield f'<circle {place} r="3.75" fill="{fill}" stroke="{colours["control"]}" stroke-width="1.5"/>'


def _chip(node: Node, scene: Scene) -> tuple[str, str]:
    colours = scene.colours
    if not node.enabled:
        return colours["surface-3"], colours["text-3"]
    if node.colour.lower() != KINDS[node.kind].colour and COLOUR.fullmatch(node.colour):
        return chip_colours(node.colour.lower(), scene.name)
    return colours[f"chip-{node.kind}"], colours[f"ink-{node.kind}"]


def _text_colour(node: Node, colours: Mapping[str, str], token: str) -> str:
    return colours[token if node.enabled else "text-3"]


def _whole(text: str, last: str, drawn: str) -> str:
    """Add the whole text, which a viewer shows under the pointer, to a label that was cut."""
    return f"<g><title>{printable(text)}</title>{drawn}</g>" if last.endswith("…") and not text.endswith("…") else drawn
