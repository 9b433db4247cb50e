"""The catalogue's words in the reader's language.

The document names kinds, settings and choices in plain English and knows no language. Whatever shows them asks here.
The context tells a translator what a word is: "Text" is a setting, a section and a choice.
"""

from collections.abc import Iterator

from django.utils.translation import pgettext

from flows.document import KINDS, Kind, Setting


def kind_title(kind: Kind) -> str:
    """Return a kind's title."""
    return pgettext("node kind", kind.title)


def group_title(title: str) -> str:
    """Return the title of a group of kinds in the palette."""
    return pgettext("palette group", title)


def setting_title(setting: Setting) -> str:
    """Return a setting's title."""
    return pgettext("setting", setting.title)


def setting_help(setting: Setting) -> str:
    """Return a setting's help, or an empty string."""
    return pgettext("setting", setting.help) if setting.help else ""


def section_title(title: str) -> str:
    """Return the title of a section of settings."""
    return pgettext("settings section", title)


def choice_title(title: str) -> str:
    """Return the title of one of a setting's choices."""
    return pgettext("choice", title)


def words() -> Iterator[tuple[str, str]]:
    """Yield every word of the catalogue with its context, for translators."""
    for kind in KINDS.values():
        yield "node kind", kind.title
        yield "palette group", kind.group
        for setting in kind.settings:
            yield "settings section", setting.section
            yield "setting", setting.title
            if setting.help:
                yield "setting", setting.help
            yield from (("choice", title) for _, title in setting.choices)
