"""A flow as a PDF of one page: our SVG set by Typst, with its text as text, in the fonts that ship."""

import json

from django.utils.translation import gettext as _

from flows.interchange.neutral import ExportedFlow
from flows.interchange.pictures import svg
from flows.interchange.pictures.drawing_process import drawn_in_process
from flows.interchange.pictures.fonts import font_folders, tell_undrawn
from flows.interchange.pictures.themes import ThemeName
from flows.interchange.report import Report

POINTS = 0.75
"""Points of one pixel."""
LONGEST = 14_400
"""Points of a side, the most that readers of PDF open."""


def write(flow: ExportedFlow, report: Report, *, theme: ThemeName = "light", scale: float = 1) -> bytes:
    """Draw a flow on one page of its size; smaller, and told, where a page cannot be that large.

    Raises `ValueError` outside `svg.SCALES`, and `TooMuchError`.
    """
    svg.check(theme, scale)
    picture = svg.draw(flow, report, theme=theme)
    tell_undrawn(flow, report)
    points = min(scale * POINTS, LONGEST / max(picture.width, picture.height))
    if points < scale * POINTS:
        report.approximate("page", flow.title, _("The picture was made smaller, to fit on one page."))
    source = _SOURCE.format(
        title=json.dumps(flow.title, ensure_ascii=False),
        width=f"{max(picture.width * points, 1):.2f}pt",
        height=f"{max(picture.height * points, 1):.2f}pt",
        picture=json.dumps(picture.svg, ensure_ascii=False),
    )
    return drawn_in_process("pdf", source=source, fonts=[str(path) for path in font_folders()])


_SOURCE = """#set document(title: {title}, date: none)
#set page(width: {width}, height: {height}, margin: 0pt)
#image(bytes({picture}), format: "svg", width: 100%, height: 100%, alt: {title})
"""
