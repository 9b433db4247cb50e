"""The one place that knows the markup of what is on the canvas.

The page, the canvas over HTTP, broadcasts and refusals all join the same fragments, so a flow built from fragments
reads exactly as one freshly rendered. They are the same for all readers of a language: what is mine is added in the
browser. A fragment depends on its value and the active language and is kept by them; a Django template would cost
fifteen times as much (149 µs: measured). Nodes and edges hold words, labels none.

Everything is escaped by `format_html`. There are no inline styles: places stand in `layout` until scripts take over.
"""

from flows.rendering.captions import footer_settings, second_line, second_line_settings
from flows.rendering.changes import fragments, state_html
from flows.rendering.collapsed import stand_ins
from flows.rendering.edges import edge_html, label_html
from flows.rendering.layers import Canvas, canvas, whole
from flows.rendering.layout import bounds, layout_css
from flows.rendering.nodes import blanks, fresh, node_html, spoken_name
from flows.rendering.outline import ROWS, Outline, outline
from flows.rendering.thumbnails import thumbnail_svg, thumbnail_svgs

__all__ = [
    "ROWS",
    "Canvas",
    "Outline",
    "blanks",
    "bounds",
    "canvas",
    "edge_html",
    "footer_settings",
    "fragments",
    "fresh",
    "label_html",
    "layout_css",
    "node_html",
    "outline",
    "second_line",
    "second_line_settings",
    "spoken_name",
    "stand_ins",
    "state_html",
    "thumbnail_svg",
    "thumbnail_svgs",
    "whole",
]
