"""YAML in general, read from the parser's events, so that nothing is built before it is judged.

Anchors, aliases, tags, directives, merge keys, keys that are no text, doubled keys and a second document are refused,
and so is what lies too deep: a file of a kilobyte could unfold into gigabytes. What a plain scalar means is decided by
where it stands (`Plain`), not by its looks: `no` is a label, and `012` is no number.
"""

from collections.abc import Iterable
from typing import Any

from django.utils.translation import gettext as _
from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.events import (
    AliasEvent,
    DocumentStartEvent,
    Event,
    MappingEndEvent,
    MappingStartEvent,
    ScalarEvent,
    SequenceEndEvent,
    SequenceStartEvent,
)

from flows.interchange.budget import Budget, UnreadableError
from flows.interchange.yaml_format.lines import Plain, Value

_CHUNK = 2_048


class _Metered:
    """The text in small parts, so that the budget is asked even inside one endless scalar."""

    def __init__(self, text: str, budget: Budget) -> None:
        self._text, self._budget, self._at = text, budget, 0

    def read(self, size: int = _CHUNK) -> str:
        """Return the next part."""
        self._budget.step(256)
        part = self._text[self._at : self._at + _CHUNK]
        self._at += _CHUNK
        return part


def read_events(text: str, budget: Budget) -> Value:
    """Return what a YAML text holds. Raises `UnreadableError` with the line, and `TooMuchError`."""
    try:
        return _read(YAML(typ="safe", pure=True).parse(_Metered(text, budget)), budget)
    except MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        why = _("This is not valid YAML: %(problem)s.") % {"problem": error.problem or error.context or "?"}
        raise UnreadableError(why, line=mark and mark.line + 1, column=mark and mark.column + 1) from None
    except YAMLError:
        raise UnreadableError(_("This is not valid YAML.")) from None


def _read(events: Iterable[Event], budget: Budget) -> Value:
    open_ones: list[_Open] = []
    root: list[Value] = []
    documents = 0
    for event in events:
        budget.step()
        _refuse_the_dangerous(event)
        match event:
            case DocumentStartEvent():
                documents += 1
                if documents > 1:
                    raise _unreadable(event, _("There is more than one document in this file."))
            case ScalarEvent():
                _put(open_ones, root, _scalar(event), event)
            case MappingStartEvent() | SequenceStartEvent():
                held: Value = {} if isinstance(event, MappingStartEvent) else []
                _put(open_ones, root, held, event)
                open_ones.append(_Open(held))
                if len(open_ones) > budget.depth:
                    raise _unreadable(event, _("This is nested too deep."))
            case MappingEndEvent() | SequenceEndEvent():
                open_ones.pop()
    return root[0] if root else None


class _Open:
    """A mapping or list that is being read; `key` waits for its value."""

    __slots__ = ("held", "key")

    def __init__(self, held: Value) -> None:
        self.held = held
        self.key: str | None = None


def _put(open_ones: list[_Open], root: list[Value], value: Value, event: Event) -> None:
    if not open_ones:
        root.append(value)
        return
    around = open_ones[-1]
    if isinstance(around.held, list):
        around.held.append(value)
    elif isinstance(around.held, dict):
        if around.key is None:
            around.key = _key(value, around.held, event)
        else:
            around.held[around.key], around.key = value, None


def _key(value: Value, held: dict[str, Value], event: Event) -> str:
    if not isinstance(value, str):
        raise _unreadable(event, _("A key must be text."))
    if isinstance(value, Plain) and value == "<<":
        raise _unreadable(event, _("Merge keys (<<) are not read."))
    if value in held:
        raise _unreadable(event, _("The key %(name)s is there twice.") % {"name": value[:60]})
    return str(value)


def _scalar(event: ScalarEvent) -> str:
    return Plain(event.value) if event.style in (None, "") else str(event.value)


def _refuse_the_dangerous(event: Any) -> None:
    if isinstance(event, AliasEvent) or getattr(event, "anchor", None):
        raise _unreadable(event, _("Anchors and aliases are not read."))
    if getattr(event, "tag", None):
        raise _unreadable(event, _("Tags are not read."))
    if isinstance(event, DocumentStartEvent) and (event.tags or event.version not in (None, (1, 2))):
        raise _unreadable(event, _("Directives are not read."))


def _unreadable(event: Any, message: str) -> UnreadableError:
    mark = event.start_mark
    return UnreadableError(message, line=mark.line + 1, column=mark.column + 1)
