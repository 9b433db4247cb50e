"""A flow as a PNG: our SVG, drawn by resvg with the fonts that ship."""

from django.utils.translation import gettext as _

from flows import limits
from flows.interchange.neutral import ExportedFlow
from flows.interchange.pictures import svg
from flows.interchange.pictures.drawing_process import drawn_in_process
from flows.interchange.pictures.fonts import font_files, tell_undrawn
from flows.interchange.pictures.themes import ThemeName
from flows.interchange.report import Report

LONGEST = 32_767
"""Pixels of a side, the most that common programs open."""


def write(flow: ExportedFlow, report: Report, *, theme: ThemeName = "light", scale: float = 1) -> bytes:
    """Draw a flow as a PNG, `scale` pixels to one of the canvas; smaller, and told, where that would be too many.

    Raises `ValueError` outside `svg.SCALES`, and `TooMuchError`.
    """
    svg.check(theme, scale)
    picture = svg.draw(flow, report, theme=theme)
    tell_undrawn(flow, report)
    most = limits.current().picture_pixels
    fitting = min(scale, (most / (picture.width * picture.height)) ** 0.5, LONGEST / max(picture.width, picture.height))
    if fitting < scale:
        report.approximate("page", flow.title, _("The picture was made smaller, to have no more pixels than allowed."))
    return drawn_in_process(
        "png",
        svg=picture.svg,
        width=max(int(picture.width * fitting), 1),
        height=max(int(picture.height * fitting), 1),
        fonts=[str(path) for path in font_files()],
    )
