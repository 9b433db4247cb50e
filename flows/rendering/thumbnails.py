"""A flow as small as a card: its shape as an SVG, from a few numbers.

Colours of kinds are attributes, everything else is dressed by `thumb.css`, so one drawing serves light and dark. No
text goes into it, only numbers and colours; a page of cards has thousands of them, so none goes through an escape.
A drawing is kept for the version that it is of.
"""

import re
import zlib
from collections.abc import Mapping
from uuid import UUID

from django.utils.safestring import SafeString

from flows.document import Point, curve_between
from flows.rendering.fragment_cache import PackedCache
from flows.rendering.layers import BEHIND
from flows.thumbnails import Block, Thumbnail, thumbnails

RATIO = 298 / 164
SMALLEST = 620
PADDING = 48
COLOUR = re.compile(r"#[0-9a-fA-F]{6}")
ROOM = 4 << 20
"""Bytes that kept drawings may take, compressed: those of some thousand flows."""
_kept = PackedCache(ROOM)


def thumbnail_svgs(versions: Mapping[UUID, int]) -> dict[UUID, SafeString]:
    """Return a drawing of each flow at its version or a later one; only those that are not kept are read and drawn.

    A bare ground is never kept.
    """
    names = {flow_id: flow_id.bytes + str(version).encode() for flow_id, version in versions.items()}
    found = {}
    for flow_id, name in names.items():
        if (piece := _kept.get(name)) is not None:
            found[flow_id] = SafeString(zlib.decompress(piece).decode())  # our own
    for flow_id, shape in thumbnails([flow_id for flow_id in names if flow_id not in found]).items():
        found[flow_id] = thumbnail_svg(shape)
        if shape.nodes:  # one that is empty may only be so for who reads it
            _kept.put(names[flow_id], zlib.compress(found[flow_id].encode(), 1))
    return found


def thumbnail_svg(thumbnail: Thumbnail) -> SafeString:
    """Draw a thumbnail; the bare ground when there are no nodes."""
    largest_first = sorted(thumbnail.nodes, key=lambda node: -node.width * node.height)
    behind = [node for node in largest_first if node.kind in BEHIND]
    others = [node for node in thumbnail.nodes if node.kind not in BEHIND]
    drawn = (
        *map(_block, behind),
        *(f'<path class="thumb-edge" d="{_curve(*edge)}"/>' for edge in thumbnail.edges),
        *map(_block, others),
    )
    return SafeString(  # numbers, and colours that are six digits
        f'<svg class="thumb" viewBox="{_view(thumbnail.nodes)}" preserveAspectRatio="xMidYMid meet" aria-hidden="true">'
        f"{''.join(drawn)}</svg>"
    )


def _view(nodes: tuple[Block, ...]) -> str:
    if not nodes:
        return "0 0 298 164"
    left, top = min(node.x for node in nodes), min(node.y for node in nodes)
    right, bottom = max(node.x + node.width for node in nodes), max(node.y + node.height for node in nodes)
    width = max(right - left + 2 * PADDING, (bottom - top + 2 * PADDING) * RATIO, SMALLEST)
    height = width / RATIO
    return f"{(left + right - width) / 2:.0f} {(top + bottom - height) / 2:.0f} {width:.0f} {height:.0f}"


def _block(node: Block) -> str:
    x, y, width, height = map(round, (node.x, node.y, node.width, node.height))
    place = f'x="{x}" y="{y}" width="{width}" height="{height}"'
    if node.kind == "group":
        return f'<rect class="thumb-group" {place} rx="14"/>'
    if node.kind == "note":
        return f'<rect class="thumb-note" {place} rx="8"/>{_lines(node)}'
    middle = round(node.y + node.height / 2)
    colour = node.colour if COLOUR.fullmatch(node.colour) else "#94a3b8"
    return (
        f'<rect class="thumb-node" {place} rx="10"/>'
        f'<rect x="{x + 12}" y="{middle - 15}" width="30" height="30" rx="8" fill="{colour}"/>'
        f'<rect class="thumb-bar" x="{x + 50}" y="{middle - 5}" width="{max(width - 66, 12)}" height="10" rx="5"/>'
    )


def _lines(node: Block) -> str:
    x, y, width = round(node.x) + 16, round(node.y), round(node.width) - 32
    shares = ((18, 0.45), (34, 1), (50, 0.8))
    return "".join(
        f'<rect class="thumb-line" x="{x}" y="{y + down}" width="{max(round(width * share), 8)}" height="6" rx="3"/>'
        for down, share in shares
        if down < node.height - 10
    )


def _curve(source: Block, target: Block) -> str:
    start: Point = (source.x + source.width, source.y + source.height / 2)
    return curve_between(start, (target.x + 9, target.y + target.height / 2)).d
