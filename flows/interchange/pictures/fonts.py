"""The fonts that pictures are drawn with, and what of a flow they cannot draw.

Inter holds Latin, Greek and Cyrillic; DejaVu Sans adds Hebrew, Arabic, Armenian, Georgian, many symbols and some emoji.
East Asian and Indic scripts, Thai and coloured emoji have no shapes here: an SVG shows them where the viewer has them.
"""

from pathlib import Path

from django.contrib.staticfiles import finders
from django.utils.translation import gettext as _

from flows.interchange.neutral import ExportedFlow
from flows.interchange.pictures.text import undrawn
from flows.interchange.report import Report

FILES = (
    "vendor/inter-ttf-0.4.2/Inter_400Regular.ttf",
    "vendor/inter-ttf-0.4.2/Inter_600SemiBold.ttf",
    "vendor/dejavu-fonts-ttf-2.37.3/DejaVuSans.ttf",
)


def font_files() -> list[Path]:
    """Return where the fonts lie."""
    return [Path(str(finders.find(name))) for name in FILES]


def font_folders() -> list[Path]:
    """Return the folders the fonts lie in; there are no others in them."""
    return sorted({path.parent for path in font_files()})


def tell_undrawn(flow: ExportedFlow, report: Report) -> None:
    """Tell of each label and note with characters that no font here can draw."""
    for node in flow.nodes:
        text = node.settings.get("text") if node.kind == "note" else ""
        _tell(node.label + (text if isinstance(text, str) else ""), node.id, report)
    for edge in flow.edges:
        _tell(edge.label, edge.id, report)


def _tell(text: str, where: str, report: Report) -> None:
    if not text.isascii() and (count := undrawn(text)):
        report.approximate("label", where, _("The fonts for pictures do not have some characters."), count)
