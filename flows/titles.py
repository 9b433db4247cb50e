"""The catalogue's words in the reader's language.

The document names kinds, settings and choices in plain English and knows no language. Whatever shows them asks here.
The context tells a translator what a word is: "Text" is a setting, a section and a choice.
"""

from collections.abc import Iterator, Mapping

from django.utils.translation import pgettext

from flows.document import KINDS, Kind, Node, Setting
from flows.templates import builtin

CATEGORIES: Mapping[str, str] = {
    "start-here": "Start here",
    "business-automation": "Business automation",
    "customer-service": "Customer service",
    "content-creation": "Content",
    "data-analysis": "Data",
    "healthcare": "Healthcare",
    "finance": "Finance",
    "e-commerce": "Shop",
}


def kind_title(kind: Kind) -> str:
    """Return a kind's title."""
    return pgettext("node kind", kind.title)


def node_title(node: Node) -> str:
    """Return a node's label, or its kind's title if it has none."""
    return node.label or kind_title(KINDS[node.kind])


def group_title(title: str) -> str:
    """Return the title of a group of kinds in the palette."""
    return pgettext("palette group", title)


def setting_title(setting: Setting) -> str:
    """Return a setting's title."""
    return pgettext("setting", setting.title)


def setting_help(setting: Setting) -> str:
    """Return a setting's help, or an empty string."""
    return pgettext("setting", setting.help) if setting.help else ""


def setting_example(setting: Setting) -> str:
    """Return what an empty field shows as an example; code is the same in every language."""
    if not setting.example or setting.language not in ("", "template") or not _has_words(setting.example):
        return setting.example
    return pgettext("setting example", setting.example)


def _has_words(example: str) -> bool:
    return "://" not in example and example.count(" ") > 1


def section_title(title: str) -> str:
    """Return the title of a section of settings."""
    return pgettext("settings section", title)


def choice_title(title: str) -> str:
    """Return the title of one of a setting's choices."""
    return pgettext("choice", title)


def category_title(category: str) -> str:
    """Return the title of a category of templates; one that a person made up stands for itself."""
    title = CATEGORIES.get(category)
    return pgettext("template category", title) if title else category


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
            if setting.language in ("", "template") and _has_words(setting.example):
                yield "setting example", setting.example
            yield from (("choice", title) for _, title in setting.choices)
    yield from (("template category", title) for title in CATEGORIES.values())
    for template in builtin().values():
        yield "template", template.title
        yield "template", template.description
        yield from (("template", parameter.title) for parameter in template.parameters)
