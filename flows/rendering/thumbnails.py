"""A flow as small as a card: its shape as an SVG, from a few numbers.

Colours of kinds are attributes, everything else is dressed by `library.css`, so one drawing serves light and dark.
"""

import re

from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from flows.document import Point, curve_between
from flows.thumbnails import Block, Thumbnail

RATIO = 298 / 164
SMALLEST = 620
PADDING = 48
COLOUR = re.compile(r"#[0-9a-fA-F]{6}")


def thumbnail_svg(thumbnail: Thumbnail) -> SafeString:
    """Draw a thumbnail; the bare ground when there are no nodes."""
    groups = [node for node in thumbnail.nodes if node.kind == "group"]
    others = [node for node in thumbnail.nodes if node.kind != "group"]
    return format_html(
        '<svg class="thumb" viewBox="{}" preserveAspectRatio="xMidYMid meet" aria-hidden="true">{}{}{}</svg>',
        _view(thumbnail.nodes),
        format_html_join("", "{}", ((_block(node),) for node in groups)),
        format_html_join("", '<path class="thumb-edge" d="{}"/>', ((_curve(*edge),) for edge in thumbnail.edges)),
        format_html_join("", "{}", ((_block(node),) for node in others)),
    )


def _view(nodes: tuple[Block, ...]) -> str:
    if not nodes:
        return "0 0 298 164"
    left, top = min(node.x for node in nodes), min(node.y for node in nodes)
    right, bottom = max(node.x + node.width for node in nodes), max(node.y + node.height for node in nodes)
    width = max(right - left + 2 * PADDING, (bottom - top + 2 * PADDING) * RATIO, SMALLEST)
    height = width / RATIO
    return f"{(left + right - width) / 2:.0f} {(top + bottom - height) / 2:.0f} {width:.0f} {height:.0f}"


def _block(node: Block) -> SafeString:
    place = format_html('x="{}" y="{}" width="{}" height="{}"', *map(round, (node.x, node.y, node.width, node.height)))
    if node.kind == "group":
        return format_html('<rect class="thumb-group" {} rx="14"/>', place)
    if node.kind == "note":
        return format_html('<rect class="thumb-note" {} rx="8"/>{}', place, _lines(node))
    x, middle = round(node.x), round(node.y + node.height / 2)
    colour = node.colour if COLOUR.fullmatch(node.colour) else "#94a3b8"
    return format_html(
        '<rect class="thumb-node" {} rx="10"/><rect x="{}" y="{}" width="30" height="30" rx="8" fill="{}"/>'
        '<rect class="thumb-bar" x="{}" y="{}" width="{}" height="10" rx="5"/>',
        place,
        *(x + 12, middle - 15, colour),
        *(x + 50, middle - 5, max(round(node.width) - 66, 12)),
    )


def _lines(node: Block) -> SafeString:
    x, y, width = round(node.x) + 16, round(node.y), round(node.width) - 32
    shares = ((18, 0.45), (34, 1), (50, 0.8))
    rows = ((x, y + down, max(round(width * share), 8)) for down, share in shares if down < node.height - 10)
    return format_html_join("", '<rect class="thumb-line" x="{}" y="{}" width="{}" height="6" rx="3"/>', rows)


def _curve(source: Block, target: Block) -> str:
    start: Point = (source.x + source.width, source.y + source.height / 2)
    return curve_between(start, (target.x + 9, target.y + target.height / 2)).d
