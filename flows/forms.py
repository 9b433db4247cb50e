"""The inspector's forms, made from the catalogue: one typed field for each setting of each kind.

A form shows what an element is and reads what a person typed back into the difference, as the `set` of an edit. It
converts text to JSON values and no more: what a value may be is for the document to say, so nothing is validated twice.
A form may stand open for long. It carries a mark of each text that it showed, and only what differs from that counts as
typed: what others have changed meanwhile is not put back by somebody who never touched it.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from hashlib import sha256
from typing import Any

from django.http import QueryDict
from django.utils.translation import gettext as _

from flows.document import KINDS, Edge, FlowProperties, Node, Rejected, Setting, canonical_json, parse_json, same_json

WIRE_TYPES = {"text": "string", "long_text": "string", "choice": "string"}
ABSENT = object()


class Typed(str):
    """What a person typed, to be shown again as it is."""

    __slots__ = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Field:
    """One field as a template draws it. `type` is how it looks, `wire` the `data-type` that scripts read it by."""

    name: str
    title: str
    type: str
    value: object
    help: str = ""
    error: str = ""
    choices: tuple[tuple[str, str], ...] = ()
    minimum: float | None = None
    maximum: float | None = None
    step: float | None = None
    length: int | None = None

    @property
    def wire(self) -> str:
        return WIRE_TYPES.get(self.type, self.type)

    @property
    def id(self) -> str:
        return f"field-{self.name.replace('.', '-')}"

    @property
    def text(self) -> str:
        """Return the value as it stands in the field."""
        return written(self.type, self.value)

    @property
    def is_wide(self) -> bool:
        """Whether it needs the panel's whole width."""
        return self.type not in {"choice", "integer", "number"} or self.has_slider

    @property
    def has_slider(self) -> bool:
        return self.type == "number" and self.minimum is not None and self.maximum is not None

    @property
    def described_by(self) -> str:
        """Return the ids of help and error, for aria-describedby."""
        return " ".join(f"{self.id}-{part}" for part in ("help", "error") if getattr(self, part))


@dataclass(frozen=True, slots=True)
class Section:
    """Fields under one title."""

    title: str
    fields: tuple[Field, ...]


@dataclass(frozen=True, slots=True)
class Reading:
    """What a person typed: the difference it makes, and what could not be read, by field."""

    changes: dict[str, Any] = field(default_factory=dict)
    errors: dict[str, str] = field(default_factory=dict)


def node_sections(node: Node, limits: Any) -> tuple[Section, ...]:
    """Return the fields of a node: label and description, then its kind's settings by section."""
    own = Section("", (_label(node.label, limits.label), _description(node.description, limits.description)))
    by_title: dict[str, list[Field]] = {}
    for setting in KINDS[node.kind].settings:
        by_title.setdefault(setting.section, []).append(setting_field(setting, node.settings))
    return own, *(Section(_(title), tuple(fields)) for title, fields in by_title.items())


def edge_sections(edge: Edge, limits: Any) -> tuple[Section, ...]:
    """Return the fields of an edge."""
    animated = Field(name="animated", title=_("Animated"), type="boolean", value=edge.animated)
    return (Section("", (_label(edge.label, limits.label), animated)),)


def flow_sections(flow: FlowProperties, limits: Any) -> tuple[Section, ...]:
    """Return the fields of the flow itself."""
    title = Field(name="title", title=_("Title"), type="text", value=flow.title, length=limits.title)
    return (Section("", (title, _description(flow.description, limits.description))),)


def setting_field(setting: Setting, settings: Mapping[str, object]) -> Field:
    """Return the field of one setting; unset, it shows what that means."""
    return Field(
        name=f"settings.{setting.name}",
        title=_(setting.title),
        type=setting.type,
        value=settings.get(setting.name, setting.default),
        help=_(setting.help) if setting.help else "",
        choices=tuple((value, _(title)) for value, title in setting.choices),
        minimum=setting.minimum if setting.type != "names" else None,
        maximum=setting.maximum if setting.type != "names" else None,
        step=setting.step,
    )


def swatches(nodes: Sequence[Node]) -> dict[str, Any]:
    """Return the kinds' colours to choose from, and the chosen one when all nodes agree."""
    colours = {node.colour.lower() for node in nodes}
    chosen = colours.pop() if len(colours) == 1 else ""
    offered = [(kind.name, kind.colour, _(kind.title)) for kind in KINDS.values()]
    is_own = bool(chosen) and chosen not in {item[1] for item in offered}
    return {"offered": offered, "chosen": chosen, "is_own": is_own}


def with_errors(sections: Iterable[Section], errors: Mapping[str, str], typed: QueryDict) -> tuple[Section, ...]:
    """Return the sections with what was typed still in them, and what is wrong with it beside it."""
    return tuple(
        replace(section, fields=tuple(_again(one, errors, typed) for one in section.fields)) for section in sections
    )


def marks(sections: Iterable[Section], **more: str) -> str:
    """Return marks of all that a form shows, for the form to carry; `more` are texts that are no section's."""
    texts = {one.name: one.text for section in sections for one in section.fields} | more
    return json.dumps({name: _mark(text) for name, text in texts.items()}, separators=(",", ":"))


def is_touched(typed: QueryDict, name: str, text: str) -> bool:
    """Tell whether a field says something else than when it was shown; without a mark it counts as touched."""
    try:
        shown = json.loads(typed.get("shown", "{}"))
    except ValueError:
        return True
    return not isinstance(shown, dict) or shown.get(name) != _mark(text)


def read(sections: Iterable[Section], typed: QueryDict) -> Reading:
    """Read what was typed into the difference to what the fields hold. What was not touched stays as it is."""
    reading = Reading()
    for one in (one for section in sections for one in section.fields):
        if one.name not in typed and not (one.type == "boolean" and f"{one.name}.sent" in typed):
            continue
        if not is_touched(typed, one.name, _said(one, typed)):
            continue
        try:
            value = parsed(one.type, typed.get(one.name, ""))
        except ValueError as error:
            reading.errors[one.name] = str(error)
            continue
        if value is ABSENT and not one.name.startswith("settings."):
            value = ""
        if not _same(one, value):
            _put(reading.changes, one.name, None if value is ABSENT else value)
    return reading


def written(type: str, value: object) -> str:
    """Write a value as text, as a field of this type holds it."""
    match type, value:
        case _, None:
            return ""
        case _, Typed():
            return value
        case "json", _:
            return json.dumps(value, ensure_ascii=False, indent=2)
        case "names", list() | tuple():
            return "\n".join(map(str, value))
        case _, str():
            return value
        case _:
            return canonical_json(value)


def parsed(type: str, text: str) -> object:
    """Read a field's text; `ABSENT` when it is empty. Raises ValueError with a sentence for people."""
    text = text.replace("\r\n", "\n")
    if type == "boolean":
        return text.lower() in {"on", "true", "1"}
    if not text.strip():
        return ABSENT
    match type:
        case "integer" | "number":
            return _number(type, text.strip())
        case "names":
            return [line.strip() for line in text.split("\n") if line.strip()]
        case "json":
            try:
                return parse_json(text)
            except Rejected as rejected:
                raise ValueError(_("This is not JSON: %s") % rejected.message) from None
        case _:
            return text


def _number(type: str, text: str) -> int | float:
    try:
        return int(text) if type == "integer" or text.lstrip("+-").isdecimal() else float(text)
    except ValueError:
        message = _("A whole number belongs here.") if type == "integer" else _("A number belongs here.")
        raise ValueError(message) from None


def _same(one: Field, value: object) -> bool:
    if value is ABSENT:
        return one.text == ""
    held = list(one.value) if isinstance(one.value, tuple) else one.value
    return same_json(held, value)


def _put(changes: dict[str, Any], name: str, value: object) -> None:
    head, _dot, setting = name.partition(".")
    if setting:
        changes.setdefault(head, {})[setting] = value
    else:
        changes[head] = value


def _said(one: Field, typed: QueryDict) -> str:
    """Return a field's text as it would have been shown."""
    text = typed.get(one.name, "").replace("\r\n", "\n")
    return written(one.type, parsed(one.type, text)) if one.type == "boolean" else text


def _mark(text: str) -> str:
    return sha256(text.encode(errors="surrogatepass")).hexdigest()[:16]


def _again(one: Field, errors: Mapping[str, str], typed: QueryDict) -> Field:
    value = one.value if one.type == "boolean" or one.name not in typed else Typed(typed[one.name])
    return replace(one, value=value, error=errors.get(one.name, ""))


def _label(value: str, length: int) -> Field:
    return Field(name="label", title=_("Label"), type="text", value=value, length=length)


def _description(value: str, length: int) -> Field:
    return Field(name="description", title=_("Description"), type="long_text", value=value, length=length)
