"""What readers of other tools' JSON share: careful reading of values that may be anything, and settings that fit.

Nothing in such a file has the type that it should have, so every value is asked for by type and a wrong one counts as
missing. Settings are filled only with what our catalogue accepts; the rest stays in `imported`, packed so that it can
be held by a setting: what lies too deep, or has characters that cannot be stored, is kept as JSON text.
"""

import re
from collections.abc import Iterable, Mapping

import orjson
from django.utils.translation import gettext

from flows.document.elements import Node
from flows.document.errors import Rejected
from flows.document.json import LARGEST_NUMBER, PORT_NAME
from flows.document.kinds.catalogue import IMPORTED
from flows.document.kinds.kinds import KINDS
from flows.document.kinds.ports import default_size
from flows.document.kinds.settings import check_setting
from flows.interchange.colours import own_colour, read_colour
from flows.interchange.ids import fresh_key
from flows.interchange.neutral import NeutralNode
from flows.interchange.report import Report
from flows.interchange.text import plain_text
from flows.interchange.values import stored_json

FURTHEST = 10_000_000
LARGEST = 100_000
PACKED = "_json"
NEVER = object()
OWN_NAME = "secret_name"
SETTINGS_BYTES = 50_000
_DEPTH_OF_IMPORTED = 3
_PIXELS = re.compile(r"\s{0,9}(-?\d{1,9}(?:\.\d{1,9})?)\s{0,9}(?:px)?\s{0,9}")
_HTML = re.compile(
    r"(?i)<(?:!--|/?(?:a|b|blockquote|br|center|code|div|em|font|h[1-6]|hr|i|iframe|img|input|label|li|mark|object|ol"
    r"|p|pre|script|small|span|strong|style|sub|sup|svg|table|tbody|td|th|tr|u|ul|video)(?:[\s/][^<>]{0,2000})?>)"
)
_UNSEEN = re.compile("[\x00-\x08\x0b-\x1f\x7f\ud800-\udfff]")


def as_object(value: object) -> dict[str, object]:
    """Return an object, or an empty one."""
    return value if isinstance(value, dict) else {}


def as_list(value: object) -> list[object]:
    """Return a list, or an empty one."""
    return value if isinstance(value, list) else []


def as_text(value: object) -> str:
    """Return a string or number as text, or "" for anything else."""
    if isinstance(value, str):
        return value
    return str(value) if isinstance(value, (int, float)) and not isinstance(value, bool) else ""


def first_text(*values: object) -> str:
    """Return the first of these that is text and not blank, or ""."""
    return next((text for value in values if (text := as_text(value)).strip()), "")


def as_number(value: object) -> float | None:
    """Return a number that a flow can hold, also one written as `"12px"`, or None."""
    if isinstance(value, str) and (match := _PIXELS.fullmatch(value)):
        return float(match[1])
    if isinstance(value, (int, float)) and not isinstance(value, bool) and abs(value) <= LARGEST_NUMBER:
        return value
    return None


def as_place(value: object) -> float | None:
    """Return a coordinate that the canvas can hold, or None."""
    number = as_number(value)
    return number if number is not None and -FURTHEST <= number <= FURTHEST else None


def as_size(*values: object) -> float | None:
    """Return the first of these that is a size, or None."""
    return next(
        (number for value in values if (number := as_number(value)) is not None and 1 <= number <= LARGEST), None
    )


def label_text(value: str) -> str:
    """Return a label as plain text; markup is reduced to what it shows, `a < b` stays."""
    return plain_text(value).strip() if _HTML.search(value) else value


def branch_names(wanted: Iterable[str]) -> list[str]:
    """Make names for ports: short enough, none twice, none `default`, in the order given."""
    taken = {"default": 1}
    names: list[str] = []
    for number, name in enumerate(wanted, start=1):
        short = " ".join(_UNSEEN.sub("", name).split())[:PORT_NAME] or str(number)
        names.append(fresh_key(short if short not in taken else short[: PORT_NAME - 6], taken))
    return names


def kind_with_ends(kind: str, *, has_incoming: bool, has_outgoing: bool, otherwise: str = "transform") -> str:
    """Return a kind that can hold the edges a node has in its file: a start with incoming edges is no start here."""
    if (has_incoming and kind in ("input", "sensor")) or (has_outgoing and kind == "output"):
        return otherwise
    return kind


def tell_unknown(node: NeutralNode, type: str, report: Report) -> None:
    """Tell that a node is a `transform` because its type is of no kind of ours."""
    why = gettext("Its type, %(type)s, is of no kind here, so it is a transform.") % {"type": type[:100]}
    report.approximate("node", node.label or node.key, why)


def fill(node: NeutralNode, settings: Mapping[str, object], report: Report, marks: Mapping[str, object] = {}) -> None:
    """Set what fits the node's kind and is not blank; tell a `property` dropped that is too long to be kept.

    `marks` are what `marks_of` wrote beside: they win over what the tool's own words say.
    """
    own = read_own_settings(marks.get("settings"))
    unset = as_object(marks.get("unset"))
    said = {
        name: value for name, value in settings.items() if not is_blank(value) and (value != unset.get(name, NEVER))
    }
    room = SETTINGS_BYTES
    for name, value in {**said, **own}.items():
        setting = KINDS[node.kind].setting(name)
        if setting is None or setting is IMPORTED or value is None:
            continue
        try:
            clean = stored_json(_cleaned(value), name, 2)
            check_setting(setting, clean)
            size = len(orjson.dumps(clean))
        except (Rejected, orjson.JSONEncodeError):
            continue
        if size > room:
            report.drop("property", node.label or node.key, gettext("Longer than a setting may be."))
            continue
        room -= size
        node.settings[name] = clean


def is_blank(value: object) -> bool:
    """Tell whether a value says nothing."""
    return value is None or (isinstance(value, (str, list, dict)) and not value)


def pack(imported: Mapping[str, object], node: NeutralNode, report: Report) -> dict[str, object]:
    """Make `imported` fit to be stored, whatever is in it; how much of it may be kept is for `assemble` to say."""
    packed: dict[str, object] = {}
    for name, value in imported.items():
        if value is None or value in ({}, []):
            continue
        try:
            packed[name] = stored_json(value, name, _DEPTH_OF_IMPORTED)
        except Rejected:
            try:
                packed[name + PACKED] = orjson.dumps(value).decode()
            except orjson.JSONEncodeError:
                report.drop("property", node.label or node.key, gettext("Nested too deep to be kept."))
    return packed


def unpack(imported: object, format: str) -> dict[str, object]:
    """Return what `pack` was given if it came from this format, else nothing."""
    held = as_object(imported)
    if held.get("format") != format:
        return {}
    found: dict[str, object] = {}
    for name, value in held.items():
        if name.endswith(PACKED) and isinstance(value, str):
            try:
                found[name.removesuffix(PACKED)] = orjson.loads(value)
            except orjson.JSONDecodeError:
                continue
        else:
            found.setdefault(name, value)
    return found


def tell_foreign(nodes: Iterable[Node], format: str, report: Report) -> None:
    """Tell of an export how many nodes hold what another format said, which this one has no place for."""
    held = (as_object(node.settings.get("imported")) for node in nodes)
    if count := sum(1 for imported in held if imported and imported.get("format") != format):
        report.drop("property", "imported", gettext("What another format said is not written here."), count)


def own_settings(node: Node) -> dict[str, object]:
    """Return a node's settings as they are written beside another tool's. A secret's name is not called `secret`."""
    settings = {name: value for name, value in node.settings.items() if name != "imported"}
    if "secret" in settings:
        settings[OWN_NAME] = settings.pop("secret")
    return settings


def read_own_settings(value: object) -> dict[str, object]:
    """Return the settings that `own_settings` wrote."""
    settings = {name: held for name, held in as_object(value).items() if name != "imported"}
    if OWN_NAME in settings:
        settings["secret"] = settings.pop(OWN_NAME)
    return settings


def marks_of(node: Node, *, kind: str, settings: Mapping[str, object], has_size: bool = False) -> dict[str, object]:
    """Return what a format cannot say of a node in its own words, to be written beside it and read by us alone.

    `kind` and `settings` are what its own words are read as; only what differs is said. `unset` is what they say
    without need, so that it is set here only if it has been changed there.
    """
    own = own_settings(node)
    differing = {name: value for name, value in own.items() if is_blank(value) or settings.get(name, NEVER) != value}
    unset = {name: value for name, value in settings.items() if name not in node.settings and not is_blank(value)}
    usual = default_size(node.kind, node.settings)
    size = [] if has_size or (node.width, node.height) == usual else [node.width, node.height]
    said = {
        "kind": node.kind if node.kind != kind else "",
        "settings": differing,
        "unset": unset,
        "size": size,
        "colour": own_colour(node),
    }
    return {name: value for name, value in said.items() if value}


def own_kind(marks: Mapping[str, object]) -> str:
    """Return the kind that `marks_of` wrote, or ""."""
    kind = as_text(marks.get("kind"))
    return kind if kind in KINDS else ""


def apply_marks(node: NeutralNode, marks: Mapping[str, object]) -> None:
    """Read what `marks_of` wrote, but for kind and settings."""
    size = as_list(marks.get("size"))
    if len(size) == 2:
        node.width, node.height = as_size(size[0]), as_size(size[1])
    node.colour = read_colour(marks.get("colour")) or node.colour


def _cleaned(value: object) -> object:
    return _UNSEEN.sub("", value) if isinstance(value, str) else value
