"""A form's fields as a template draws them, one for each property and each setting of a kind."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _

from flows.document import KINDS, Edge, FlowProperties, Node, Setting, canonical_json
from flows.pages.forms.numbers import write_number
from flows.titles import choice_title, kind_title, section_title, setting_help, setting_title

WIRE_TYPES = {"text": "string", "long_text": "string", "choice": "string"}


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
    makes_ports: bool = False

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
        return self.type not in {"integer", "number"} or self.has_slider

    @property
    def has_slider(self) -> bool:
        return self.type == "number" and self.minimum is not None and self.maximum is not None

    @property
    def position(self) -> str:
        """Return where the slider stands, as browsers read it."""
        return "" if isinstance(self.value, Typed) else canonical_json(self.value)

    @property
    def described_by(self) -> str:
        """Return the ids of help and error, for aria-describedby."""
        return " ".join(f"{self.id}-{part}" for part in ("help", "error") if getattr(self, part))


@dataclass(frozen=True, slots=True)
class Section:
    """Fields under one title."""

    title: str
    fields: tuple[Field, ...]


def node_sections(node: Node, limits: Any) -> tuple[Section, ...]:
    """Return the fields of a node: label and description, then its kind's settings by section."""
    own = Section("", (_label(node.label, limits.label), _description(node.description, limits.description)))
    by_title: dict[str, list[Field]] = {}
    for setting in KINDS[node.kind].settings:
        by_title.setdefault(setting.section, []).append(setting_field(setting, node.settings))
    return own, *(Section(section_title(title), tuple(fields)) for title, fields in by_title.items())


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
        title=setting_title(setting),
        type=setting.type,
        value=settings.get(setting.name, setting.default),
        help=setting_help(setting),
        choices=tuple((value, choice_title(title)) for value, title in setting.choices),
        minimum=setting.minimum if setting.type != "names" else None,
        maximum=setting.maximum if setting.type != "names" else None,
        step=setting.step,
        makes_ports=setting.makes_ports,
    )


def swatches(nodes: Sequence[Node]) -> dict[str, Any]:
    """Return the kinds' colours to choose from, and the chosen one when all nodes agree."""
    colours = {node.colour.lower() for node in nodes}
    chosen = colours.pop() if len(colours) == 1 else ""
    offered = [(kind.name, kind.colour, kind_title(kind)) for kind in KINDS.values()]
    is_own = bool(chosen) and chosen not in {item[1] for item in offered}
    return {"offered": offered, "chosen": chosen, "is_own": is_own}


def written(type: str, value: object) -> str:
    """Write a value as text, as a field of this type holds it."""
    match type, value:
        case _, None:
            return ""
        case "json", _ if not isinstance(value, Typed):
            return json.dumps(value, ensure_ascii=False, indent=2)
        case _, str():
            return value
        case "integer" | "number", int() | float():
            return write_number(value)
        case "names", list() | tuple():
            return "\n".join(map(str, value))
        case _:
            return canonical_json(value)


def _label(value: str, length: int) -> Field:
    return Field(name="label", title=_("Label"), type="text", value=value, length=length)


def _description(value: str, length: int) -> Field:
    return Field(name="description", title=_("Description"), type="long_text", value=value, length=length)
