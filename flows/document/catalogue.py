"""What a kind of node is.

One catalogue feeds the palette, the inspector's forms, validation, the API and the blank nodes that a browser clones, so
that a new kind is written down once: in `kinds`. Titles are plain English here; templates translate them.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal, TypeAlias

SettingType: TypeAlias = Literal["text", "long_text", "choice", "integer", "number", "boolean", "names", "json"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    """One typed setting of a kind.

    `choices` are pairs of value and title. `default` is what an unset setting means, shown in forms and never stored.
    `minimum` and `maximum` are enforced; for `names` they count the names. `step` is for the form alone.
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


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """One kind of node. `outputs` are those of a fresh node: the first is where an edge begins if it does not say."""

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
