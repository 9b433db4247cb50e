"""What a kind of node is.

One catalogue feeds the palette, the inspector's forms, validation, the API and the blank nodes that a browser clones,
so that a new kind is written down once: in `kinds`. Titles are plain English here; templates translate them.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal, TypeAlias

SettingType: TypeAlias = Literal["text", "long_text", "choice", "integer", "number", "boolean", "names", "json"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    """One typed setting of a kind.

    `choices` are pairs of value and title. `default` is what an unset setting means, shown in forms and never stored.
    `minimum` and `maximum` are enforced; for `names` they count the names. `step` is for the form alone. Edges hang on
    the names of one that `makes_ports`.
    """

    name: str
    title: str
    type: SettingType
    default: object = None
    choices: tuple[tuple[str, str], ...] = ()
    minimum: float | None = None
    maximum: float | None = None
    step: float | None = None
    section: str = "Settings"
    help: str = ""
    makes_ports: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """One kind of node. `outputs` are those of a fresh node; an edge that does not say begins at `default_output`."""

    name: str
    title: str
    group: str
    icon: str
    colour: str
    width: int
    height: int
    inputs: tuple[str, ...] = ("in",)
    outputs: tuple[str, ...] = ("out",)
    default_output: str = "out"
    settings: tuple[Setting, ...] = ()
    by_name: Mapping[str, Setting] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "by_name", {setting.name: setting for setting in self.settings})

    def setting(self, name: str) -> Setting | None:
        """Return a setting by its name, or None."""
        return self.by_name.get(name)


def choice_setting(name: str, title: str, default: str, section: str, /, **choices: str) -> Setting:
    """Describe a setting that is one of several values."""
    return Setting(
        name=name, title=title, type="choice", default=default, choices=tuple(choices.items()), section=section
    )


def text_setting(name: str, title: str, section: str, help: str = "", type: SettingType = "text") -> Setting:
    """Describe a setting that is a line of text."""
    return Setting(name=name, title=title, type=type, default="", section=section, help=help)


def long_setting(name: str, title: str, section: str, help: str = "") -> Setting:
    """Describe a setting that is text of many lines."""
    return text_setting(name, title, section, help, "long_text")


def json_setting(name: str, title: str, section: str, help: str = "") -> Setting:
    """Describe a setting that is free JSON."""
    return Setting(name=name, title=title, type="json", section=section, help=help)


def names_setting(name: str, title: str, section: str, help: str = "", *, makes_ports: bool = False) -> Setting:
    """Describe a setting that is a list of names."""
    return Setting(
        name=name,
        title=title,
        type="names",
        default=(),
        maximum=100,
        section=section,
        help=help,
        makes_ports=makes_ports,
    )


def whole_setting(name: str, title: str, section: str, *, default: int, low: int = 0, high: int) -> Setting:
    """Describe a setting that is an integer."""
    return Setting(
        name=name, title=title, type="integer", default=default, minimum=low, maximum=high, step=1, section=section
    )


def share_setting(name: str, title: str, section: str, default: float, step: float) -> Setting:
    """Describe a setting that is a number from 0 to 1."""
    return Setting(
        name=name, title=title, type="number", default=default, minimum=0, maximum=1, step=step, section=section
    )
