"""What a kind of node is.

One catalogue feeds the palette, the inspector's forms, validation, the API and the blank nodes that a browser clones,
so that a new kind is written down once: in `kinds`. Titles are plain English here; templates translate them.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, TypeAlias

SettingType: TypeAlias = Literal["text", "long_text", "choice", "integer", "number", "boolean", "names", "json"]
Look: TypeAlias = Literal["", "pairs", "fields", "destinations", "names", "branch", "provider", "zone", "ask"]
"""How a form draws a setting beyond its type: rows of keys and values, of form fields, of destinations or of names; one
of the node's branches, a provider, a time zone, or what people are asked."""
Language: TypeAlias = Literal["", "condition", "template", "jsonpath", "python", "cron", "sql", "schema"]
"""What a setting's text is written in; plain words, if nothing is said."""
Fold: TypeAlias = Literal["", "more", "kept"]
"""Where a form has it: at once, behind "More", or only where it is set."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    """One typed setting of a kind.

    `choices` are pairs of value and title, those in `retired` are taken and not offered any more; `offers` are pairs
    that a text is usually one of. `default` is what an unset setting means, shown in forms and never stored; None says
    nothing. `minimum` and `maximum` are enforced; for `names` they count the names, a choice that has them takes whole
    numbers too. `step`, `example`, `look` and `fold` are for the form alone. Edges hang on the names of one that
    `makes_ports`. `shown_when` names other settings and the values of theirs with which this one means anything. Where
    the language depends on another setting, `spoken` says how.
    """

    name: str
    title: str
    type: SettingType
    default: object = None
    choices: tuple[tuple[str, str], ...] = ()
    retired: frozenset[str] = frozenset()
    offers: tuple[tuple[str, str], ...] = ()
    minimum: float | None = None
    maximum: float | None = None
    step: float | None = None
    section: str = "Settings"
    help: str = ""
    example: str = ""
    language: Language = ""
    spoken: tuple[str, Mapping[str, Language]] | None = field(default=None, hash=False)
    look: Look = ""
    fold: Fold = ""
    shown_when: Mapping[str, tuple[str, ...]] = field(default_factory=dict, hash=False)
    makes_ports: bool = False


IMPORTED = Setting(name="imported", title="Imported", type="json")
"""What another tool said of a node beyond our settings. Every kind has it by name, and none lists it: no form shows it,
no run reads it. An export to the tool's own format brings it back."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """One kind of node. `outputs` are those of a fresh node; an edge that does not say begins at `default_output`.

    `settings` are those that forms show; `by_name` also finds what is kept from an import.
    """

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
        object.__setattr__(self, "by_name", {setting.name: setting for setting in (*self.settings, IMPORTED)})

    def setting(self, name: str) -> Setting | None:
        """Return a setting by its name, or None."""
        return self.by_name.get(name)


def applies(kind: Kind, setting: Setting, settings: Mapping[str, object]) -> bool:
    """Tell whether a setting means anything beside the others: forms show it then, and only then it is judged."""
    return all(_says(kind, name, settings) in values for name, values in setting.shown_when.items())


def language_of(kind: Kind, setting: Setting, settings: Mapping[str, object]) -> Language:
    """Return what a setting's text is written in."""
    if setting.spoken is None:
        return setting.language
    name, languages = setting.spoken
    return languages.get(str(_says(kind, name, settings)), setting.language)


def _says(kind: Kind, name: str, settings: Mapping[str, object]) -> object:
    value = settings.get(name)
    return kind.by_name[name].default if value is None else value


def choice_setting(name: str, title: str, default: str, section: str, /, **choices: str) -> Setting:
    """Describe a setting that is one of several values."""
    return Setting(
        name=name, title=title, type="choice", default=default, choices=tuple(choices.items()), section=section
    )


def text_setting(name: str, title: str, section: str, **more: Any) -> Setting:
    """Describe a setting that is a line of text."""
    return Setting(**{"name": name, "title": title, "type": "text", "default": "", "section": section, **more})


def long_setting(name: str, title: str, section: str, **more: Any) -> Setting:
    """Describe a setting that is text of many lines."""
    return text_setting(name, title, section, type="long_text", **more)


def json_setting(name: str, title: str, section: str, **more: Any) -> Setting:
    """Describe a setting that is free JSON."""
    return Setting(name=name, title=title, type="json", section=section, **more)


def names_setting(name: str, title: str, section: str, **more: Any) -> Setting:
    """Describe a setting that is a list of names."""
    return Setting(name=name, title=title, type="names", default=(), maximum=100, section=section, look="names", **more)


def whole_setting(
    name: str, title: str, section: str, *, default: int | None, low: int = 0, high: int, **more: Any
) -> Setting:
    """Describe a setting that is an integer."""
    bounds = {"minimum": low, "maximum": high, "step": 1}
    return Setting(
        **{"name": name, "title": title, "type": "integer", "default": default, "section": section, **bounds, **more}
    )


def share_setting(name: str, title: str, section: str, default: float, step: float, **more: Any) -> Setting:
    """Describe a setting that is a number from 0 to 1."""
    bounds = {"minimum": 0, "maximum": 1, "step": step}
    return Setting(
        **{"name": name, "title": title, "type": "number", "default": default, "section": section, **bounds, **more}
    )
