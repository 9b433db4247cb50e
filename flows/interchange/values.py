"""Single values from other tools, made to fit the document's rules; what has to change is told.

A reader passes on what the file says. Here it is bounded: texts, numbers, colours, settings and what is kept of a
format in `settings.imported`.
"""

import math
import re
from collections.abc import Mapping

import orjson
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from flows.document import IMPORTED, KINDS, DocumentLimits, Rejected, check_setting
from flows.document.json import COORDINATE, DEPTH, LARGEST_SIZE, read_json, round_coordinate
from flows.interchange.neutral import NeutralNode
from flows.interchange.report import Report
from web.text import hides_something, shows_something

_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")
_CONTROL = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff]")
_READ_OTHERWISE = re.compile(rb"\\u0000|[0-9]\.0(?![0-9])|[0-9]{16}|[0-9]e|null")
_COLOUR = re.compile(r"#[0-9a-fA-F]{6}")
_SHORT_COLOUR = re.compile(r"#[0-9a-fA-F]{3}")
LABEL, DESCRIPTION = gettext_noop("The label"), gettext_noop("The description")


def clean_text(text: str, longest: int, where: str, report: Report, what: str) -> str:
    """Return a text as the document can hold it, at most `longest` characters long; `what` names it untranslated."""
    cleaned = _UNSTORABLE.sub("", text)
    if len(cleaned) <= longest:
        return cleaned
    report.approximate(
        "label", where, _("%(what)s is cut to %(most)d characters.") % {"what": _(what), "most": longest}
    )
    return cleaned[: longest - 1].rstrip() + "…"


def without_controls(text: str) -> str:
    """Return a text of another tool without control characters, its lines ended by line feeds."""
    return _CONTROL.sub("", text.replace("\r\n", "\n").replace("\r", "\n"))


def clean_title(text: str, longest: int) -> str:
    """Return a title as one line of which all can be seen, or "" if nothing can; one that is such a line stays."""
    line = text
    if len(line) > longest or hides_something(line):
        shown = (character for character in " ".join(text[: 4 * longest].split()) if not hides_something(character))
        line = "".join(shown)[:longest].strip()
    return line if shows_something(line) else ""


def coordinate(value: float | None) -> float | None:
    """Return a coordinate within the canvas, or None for none and for what is no number."""
    if value is None or not math.isfinite(value):
        return None
    return round_coordinate(min(max(value, -COORDINATE), COORDINATE))


def size(value: float | None) -> float | None:
    """Return a width or height within its bounds, or None for none and for what is no size."""
    if value is None or not math.isfinite(value) or value < 1:
        return None
    return round_coordinate(min(value, LARGEST_SIZE))


def colour(value: str, default: str) -> str:
    """Return a colour as `#rrggbb`, or `default` for anything else."""
    if _COLOUR.fullmatch(value):
        return value.lower()
    if _SHORT_COLOUR.fullmatch(value):
        return "#" + "".join(2 * digit for digit in value[1:].lower())
    return default


def stored_json(value: object, name: str, depth: int = 1) -> object:
    """Return JSON as the document holds it, like `read_json`; what is so already is given back as it is.

    One look at its spelling tells most: there is nothing to normalise, and too few brackets to be too deep.
    """
    return value if _is_stored_so(value, depth) else read_json(value, name, depth)


def clean_settings(node: NeutralNode, kind: str, limits: DocumentLimits, report: Report) -> dict[str, object]:
    """Return those settings that the kind has and that fit it, and what is kept of the format."""
    settings: dict[str, object] = {}
    known = KINDS[kind].by_name
    for name, value in node.settings.items():
        setting = known.get(name)
        try:
            if setting is None or setting is IMPORTED:
                raise ValueError
            read = stored_json(value, name, 2)
            if read is None:
                continue
            check_setting(setting, read)
        except (Rejected, ValueError):
            report.drop("property", node.key, _("The setting %(name)s does not fit here.") % {"name": name[:60]})
        else:
            settings[name] = read
    kept = imported(node, limits, report)
    room = limits.settings_bytes - (_bytes(kept) + 16 if kept else 0)
    while settings and _bytes(settings) > room:
        longest = max(settings, key=lambda name: _bytes(settings[name]))
        del settings[longest]
        report.drop("property", node.key, _("The setting %(name)s is too long.") % {"name": longest})
    return settings | ({IMPORTED.name: kept} if kept else {})


def imported(node: NeutralNode, limits: DocumentLimits, report: Report) -> Mapping[str, object] | None:
    """Return what is kept of the format, without what is too deep or too long; `format` is never left out."""
    if not node.imported:
        return None
    kept = dict(node.imported)
    if not _is_stored_so(kept, 2):
        kept = _readable(kept, node.key, report)
    if _bytes(kept) > limits.imported_bytes:
        _shorten(kept, limits.imported_bytes, node.key, report)
    return kept or None


def _readable(imported: Mapping[str, object], where: str, report: Report) -> dict[str, object]:
    kept: dict[str, object] = {}
    for name, value in imported.items():
        try:
            kept[str(read_json(name, "imported"))] = read_json(value, "imported", 3)
        except Rejected:
            report.drop("property", where, _("%(name)s is nested too deep.") % {"name": name[:60]})
    return kept


def _shorten(kept: dict[str, object], most: int, where: str, report: Report) -> None:
    """Leave out the longest values until the rest takes at most `most` bytes."""
    sizes = {name: _bytes(name) + _bytes(value) + 2 for name, value in kept.items()}
    total = sum(sizes.values()) + 2
    for name in sorted(sizes, key=lambda name: (name == "format", -sizes[name])):
        if total <= most:
            return
        total -= sizes[name]
        del kept[name]
        report.drop("property", where, _("%(name)s is too long to keep.") % {"name": name[:60]})


def _is_stored_so(value: object, depth: int) -> bool:
    """Tell whether `read_json` would return the same; False is no answer."""
    if type(value) is str:
        return _UNSTORABLE.search(value) is None
    try:
        text = orjson.dumps(value)
    except orjson.JSONEncodeError:
        return False
    return _READ_OTHERWISE.search(text) is None and text.count(b"[") + text.count(b"{") <= DEPTH - depth + 1


def _bytes(value: object) -> int:
    return len(orjson.dumps(value))
