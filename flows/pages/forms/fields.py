"""A form's fields as a template draws them, one for each property and each setting of a kind.

What depends on another setting carries what it depends on (`shown_when`) and is hidden while that says otherwise; what
is seldom used stands under one fold at the end. Scripts follow the same words (`inspector/shown_fields.js`).
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.utils.formats import number_format
from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from flows.document import KINDS, Edge, FlowProperties, Kind, Node, Setting, applies, canonical_json
from flows.pages.forms.numbers import write_number
from flows.titles import choice_title, kind_title, section_title, setting_example, setting_help, setting_title

WIRE_TYPES = {"text": "string", "long_text": "string", "choice": "string"}


class Typed(str):
    """What a person typed, to be shown again as it is."""

    __slots__ = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Field:
    """One field as a template draws it. `type` is how it looks, `wire` the `data-type` that scripts read it by.

    `choices` make it a list to choose from, whatever its type; of them `retired` are shown only where one is chosen.
    Of what is `is_bounded` the form itself refuses what lies outside its bounds; of all else the document judges.
    """

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
    example: str = ""
    language: str = ""
    spoken: str = ""
    look: str = ""
    retired: frozenset[str] = frozenset()
    shown_when: str = ""
    is_kept: bool = False
    is_set: bool = False
    is_hidden: bool = False
    is_bounded: bool = False

    @property
    def wire(self) -> str:
        return "choice" if self.type == "choice" and self.minimum is not None else WIRE_TYPES.get(self.type, self.type)

    @property
    def options(self) -> list[tuple[str, str, bool]]:
        """Return the choices with their titles and whether each is retired; a value that is none of them is one too."""
        offered = [(value, title, value in self.retired) for value, title in self.choices]
        return (
            offered
            if self.text in {value for value, _title in self.choices}
            else [*offered, (self.text, self.text, False)]
        )

    @property
    def is_chosen(self) -> bool:
        """Whether it is a list to choose from."""
        return bool(self.choices) or self.look == "branch"

    @property
    def is_code(self) -> bool:
        """Whether every sign in it counts."""
        return bool(self.language or self.spoken) or self.type == "json"

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
    def bounds(self) -> str:
        """Say what a bounded field takes."""
        low, high = (number_format(bound or 0, force_grouping=True) for bound in (self.minimum, self.maximum))
        return _("Enter a whole number from {low} to {high}.").format(low=low, high=high)

    def is_outside(self, value: object) -> bool:
        """Tell whether a value lies outside the bounds; nothing at all does, too."""
        if not self.is_bounded or self.minimum is None or self.maximum is None:
            return False
        return not isinstance(value, int) or not self.minimum <= value <= self.maximum

    @property
    def described_by(self) -> str:
        """Return the ids of help and error, for aria-describedby."""
        return " ".join(f"{self.id}-{part}" for part in ("help", "error") if getattr(self, part))


@dataclass(frozen=True, slots=True)
class Section:
    """Fields under one title. `opens_more` and `closes_more` are the first and the last under the fold.

    `is_position` has a fold of its own, at the form's end.
    """

    title: str
    fields: tuple[Field, ...]
    opens_more: bool = False
    closes_more: bool = False
    is_folded: bool = False
    is_position: bool = False

    @property
    def has_errors(self) -> bool:
        return any(one.error for one in self.fields)

    @property
    def is_hidden(self) -> bool:
        """Whether none of its fields is shown."""
        return all(one.is_hidden for one in self.fields)


def node_sections(node: Node, limits: Any) -> tuple[Section, ...]:
    """Return the fields of a node: label and description, then its kind's settings by section."""
    own = Section("", (_label(node.label, limits.label), _description(node.description, limits.description)))
    shown, folded = dict[str, list[Field]](), dict[str, list[Field]]()
    kind = KINDS[node.kind]
    for setting in kind.settings:
        by_title = folded if setting.fold else shown
        by_title.setdefault(setting.section, []).append(setting_field(kind, setting, node.settings))
    last = len(folded) - 1
    more = (
        Section(section_title(title), tuple(fields), opens_more=at == 0, closes_more=at == last, is_folded=True)
        for at, (title, fields) in enumerate(folded.items())
    )
    return own, *(Section(section_title(title), tuple(fields)) for title, fields in shown.items()), *more


def edge_sections(edge: Edge, limits: Any) -> tuple[Section, ...]:
    """Return the fields of an edge."""
    animated = Field(name="animated", title=_("Animated"), type="boolean", value=edge.animated)
    return (Section("", (_label(edge.label, limits.label), animated)),)


def flow_sections(flow: FlowProperties, limits: Any) -> tuple[Section, ...]:
    """Return the fields of the flow itself."""
    title = Field(name="title", title=_("Title"), type="text", value=flow.title, length=limits.title)
    return (Section("", (title, _description(flow.description, limits.description))),)


def setting_field(kind: Kind, setting: Setting, settings: Mapping[str, object]) -> Field:
    """Return the field of one setting; unset, it shows what that means."""
    is_kept, is_set = setting.fold == "kept", settings.get(setting.name) is not None
    return Field(
        name=f"settings.{setting.name}",
        title=setting_title(setting),
        type=setting.type,
        value=settings.get(setting.name, setting.default),
        help=setting_help(setting),
        choices=_choices(setting, settings),
        retired=setting.retired,
        minimum=setting.minimum if setting.type != "names" else None,
        maximum=setting.maximum if setting.type != "names" else None,
        step=setting.step,
        makes_ports=setting.makes_ports,
        example=setting_example(setting),
        language=setting.language,
        spoken=canonical_json(setting.spoken) if setting.spoken else "",
        look=setting.look,
        shown_when=canonical_json(setting.shown_when) if setting.shown_when else "",
        is_kept=is_kept,
        is_set=is_set,
        is_hidden=(is_kept and not is_set) or not applies(kind, setting, settings),
    )


def _choices(setting: Setting, settings: Mapping[str, object]) -> tuple[tuple[str, str], ...]:
    """Return what a setting's list offers, in the reader's language; nothing if it is no list."""
    if setting.look == "branch":
        branches = settings.get("branches")
        names = [name for name in branches if name != "default"] if isinstance(branches, (list, tuple)) else []
        return ("", pgettext("branch", "The default output")), *((str(name), str(name)) for name in names)
    offered = tuple((value, choice_title(title)) for value, title in setting.choices or setting.offers)
    if setting.look == "provider":
        return ("", _("The default of this installation")), *offered
    if setting.offers and setting.default == "":
        return ("", _("As it is")), *offered
    if setting.type == "choice" and setting.minimum is not None:
        return *offered, *((str(count), _("With {count} inputs").format(count=count)) for count in _COUNTS)
    return offered


_COUNTS = range(2, 6)


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
    example = pgettext("setting example", "What it is for")
    return Field(
        name="description", title=_("Description"), type="long_text", value=value, length=length, example=example
    )
