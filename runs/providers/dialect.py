"""What a dialect has to offer: a request for what is asked, and a reader of what comes back."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol, TypeAlias

import orjson

from flows.expressions import Json
from runs.providers.events import Event
from runs.providers.values import Ask, ProviderFailure, Reply, ToolCall
from web.deferred_translation import kept as _

Body: TypeAlias = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Request:
    """What goes out. `spare` are keys of the body that a server may not know: refused by name, they are left away."""

    path: str
    headers: Mapping[str, str]
    body: Body
    spare: tuple[str, ...] = ()


class Reader(Protocol):
    """Reads one answer."""

    def event(self, event: Event) -> str:
        """Take one event of a stream; return the words in it."""

    def whole(self, body: Any) -> str:
        """Take an answer that came at once; return the words in it."""

    def reply(self) -> Reply:
        """Return the whole answer. Raises `ProviderFailure` if it did not come to its end."""


@dataclass(frozen=True, slots=True)
class Dialect:
    """One way to speak to a model over HTTP."""

    request: Callable[[Ask, str, str], Request]
    reader: Callable[[], Reader]


def parsed(text: str) -> Any:
    """Read the JSON of an event; anything else ends the answer. Raises `ProviderFailure`."""
    try:
        return orjson.loads(text)
    except ValueError:
        raise cut() from None


def tool_call(id: str, name: str, arguments: str) -> ToolCall:
    """Return what a model wants called. Arguments that are no object are a broken answer: `ProviderFailure`.

    It is the model's, who writes what it was asked to, up to `max_tokens`; the provider did its part.
    """
    try:
        found: Json = orjson.loads(arguments or "{}")
    except ValueError:
        found = None
    if not isinstance(found, dict) or not name:
        raise cut(counts=False)
    return ToolCall(id or name, name, found)


def cut(*, counts: bool = True) -> ProviderFailure:
    """Return the failure of an answer that broke off, or cannot be read."""
    return ProviderFailure("provider", _("The provider's answer broke off."), goes_on=True, counts=counts)


def told_by_provider(error: Any) -> ProviderFailure:
    """Return the failure that a provider told in the middle of an answer; who knows the key takes it out and cuts."""
    said = error.get("message", "") if isinstance(error, dict) else error
    is_ours = isinstance(error, dict) and error.get("type") == "invalid_request_error"
    text = _("The provider broke off: {said}").format(said=said)
    return ProviderFailure("provider", text, goes_on=True, counts=not is_ours)


def withheld() -> ProviderFailure:
    """Return the failure of an answer that the provider would not give."""
    return ProviderFailure("provider", _("The provider declined to answer this."))
