"""Which settings hold expressions, and which language each is in.

A condition is one expression; a template is text with `{{ … }}`; in a setting of free JSON every string is a template.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal, TypeAlias

from flows.document import KINDS, Node, applies, language_of
from flows.expressions import (
    ExpressionError,
    References,
    check_condition,
    check_path,
    check_template,
    references,
    unknown_names,
)
from flows.expressions.language import CONTEXT, KEPT
from flows.expressions.references import NONE

TextLanguage: TypeAlias = Literal["condition", "template", "jsonpath"]
MOST_TEXTS = 200
"""How many strings of one node's JSON are read."""


@dataclass(frozen=True, slots=True)
class Text:
    """One text of a node: where it stands below the node, and its language."""

    names: tuple[str, ...]
    text: str
    language: TextLanguage


@dataclass(frozen=True, slots=True)
class Mention:
    """What one text of a node mentions; `names` lead to it below the node."""

    names: tuple[str, ...]
    references: References


def texts_of(node: Node) -> Iterator[Text]:
    """Yield the expressions that a node holds, as far as they are set."""
    return texts_in(node.kind, node.settings)


def texts_in(kind: str, settings: Mapping[str, object]) -> Iterator[Text]:
    """Yield the expressions that the settings of a node of this kind hold."""
    for name, language in _languages(kind, settings):
        for count, (names, text) in enumerate(_strings(settings.get(name), ("settings", name))):
            if count == MOST_TEXTS:
                break
            if text.strip():
                yield Text(names, text, language)


Judged: TypeAlias = tuple[ExpressionError | None, References, tuple[str, ...]]


def judged(text: str, language: TextLanguage) -> Judged:
    """Return what is wrong with the form of a text, what it mentions, and names that no text may use."""
    return (_kept if len(text) <= KEPT else _judge)(text, language)


def mentions_of(node: Node) -> tuple[Mention, ...]:
    """Return the texts of a node that mention something, and what."""
    return mentions_in(node.kind, node.settings)


def mentions_in(kind: str, settings: Mapping[str, object]) -> tuple[Mention, ...]:
    """Return the texts among the settings of a node of this kind that mention something, and what."""
    found = (Mention(text.names, judged(text.text, text.language)[1]) for text in texts_in(kind, settings))
    return tuple(mention for mention in found if mention.references.names)


def _judge(text: str, language: TextLanguage) -> Judged:
    if language == "jsonpath":
        return check_path(text), NONE, ()
    is_template = language == "template"
    if is_template and "{" not in text:
        return None, NONE, ()
    wrong = (check_template if is_template else check_condition)(text)
    if wrong is not None:
        return wrong, NONE, ()
    strange = unknown_names(text, is_template=is_template) - frozenset(CONTEXT)
    return None, references(text, is_template=is_template), tuple(sorted(strange))


def _languages(name: str, settings: Mapping[str, object]) -> Iterator[tuple[str, TextLanguage]]:
    """Yield the settings of a node that hold expressions and mean something beside the others."""
    kind = KINDS[name]
    for setting in _WITH_LANGUAGE[name]:
        language = language_of(kind, setting, settings)
        is_expression = language in {"condition", "template", "jsonpath"}
        if is_expression and setting.name in settings and applies(kind, setting, settings):
            yield setting.name, language  # type: ignore[misc]


def _strings(value: object, names: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], str]]:
    match value:
        case str():
            yield names, value
        case dict():
            for key, item in value.items():
                yield from _strings(item, (*names, key))
        case list() | tuple():
            for index, item in enumerate(value):
                yield from _strings(item, (*names, str(index)))


_kept = lru_cache(maxsize=4096)(_judge)
_WITH_LANGUAGE = {
    kind.name: tuple(one for one in kind.settings if one.language or one.spoken) for kind in KINDS.values()
}
