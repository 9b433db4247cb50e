"""One model of one provider over HTTP, through the guard: asks in its dialect, reads the answer as it comes.

An answer without a reason for its end is a failure: a stream that was cut looks like a short answer to who does not
check. No key is ever in a message: what a provider says is shown without it.
"""

import json
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from threading import Event
from typing import Any, Final

import orjson
from django.conf import settings

from flows import limits
from runs.providers.anthropic import ANTHROPIC
from runs.providers.dialect import Body, Dialect, Reader, Request, cut, parsed
from runs.providers.events import events
from runs.providers.openai import OPENAI
from runs.providers.values import Ask, Call, ProviderFailure, Reply
from runs.secrets import masked
from web.deferred_translation import changed
from web.deferred_translation import kept as _
from web.egress import EgressError, time_left
from web.egress_stream import Streamed, open_stream

DIALECTS: Final[dict[str, Dialect]] = {"openai": OPENAI, "anthropic": ANTHROPIC}
SNIPPET: Final = 300
AWAY: Final = frozenset({408, 425})
_ERROR_BYTES: Final = 65_536


@dataclass(frozen=True, slots=True)
class HttpModel:
    """A model at an address; `base_url` is what stands before `/chat/completions` or `/messages`."""

    title: str
    dialect: str
    base_url: str
    name: str
    key: str = field(repr=False)

    def answer(self, ask: Ask, call: Call) -> Reply:
        """Ask, and say the words as they come. Raises `ProviderFailure`."""
        dialect = DIALECTS[self.dialect]
        request, deadline = dialect.request(ask, self.name, self.key), time.monotonic() + call.seconds
        with self._failing(call) as begun:
            while True:
                with self._sent(request, call, time_left(deadline)) as answer:
                    begun.set()
                    if answer.status == 200:
                        return self._read(dialect, answer, call)
                    said = _said(answer)
                    slimmer = _slimmer(request, said) if answer.status == 400 else None
                    if slimmer is None:
                        raise self._refused(answer, said)
                    request, call = slimmer, replace(call, key=call.key and f"{call.key}.less")

    def embeddings(self, texts: Sequence[str], call: Call) -> Any:
        """Have texts embedded, and return the answer's JSON. Raises `ProviderFailure`."""
        body: Body = {"model": self.name, "input": list(texts)}
        headers = {"Authorization": f"Bearer {self.key}"} if self.key else {}
        request = Request("/embeddings", headers, body)
        with self._failing(call) as begun, self._sent(request, call, call.seconds) as answer:
            begun.set()
            if answer.status != 200:
                raise self._refused(answer, _said(answer))
            return parsed(b"".join(answer.parts).decode("utf-8", "replace"))

    @contextmanager
    def _failing(self, call: Call) -> Iterator[Event]:
        """Raise what goes wrong as a `ProviderFailure`; who is inside says when an answer has begun."""
        begun = Event()
        try:
            yield begun
        except (EgressError, ProviderFailure) as error:
            if call.cancelled.is_set():
                raise _cancelled() from None
            if isinstance(error, ProviderFailure):
                raise
            raise self._unreached(error, counts=call.is_fair and not begun.is_set()) from None

    @contextmanager
    def _sent(self, request: Request, call: Call, seconds: float) -> Iterator[Streamed]:
        if call.cancelled.is_set():
            raise _cancelled()
        headers = {
            "Content-Type": "application/json",
            "Accept": "text/event-stream, application/json",
            "User-Agent": "Helix",
            **({"Idempotency-Key": call.key} if call.key else {}),
            **request.headers,
        }
        with open_stream(
            "POST",
            self.base_url.rstrip("/") + request.path,
            headers=headers,
            body=json.dumps(request.body).encode(),
            allow=settings.HELIX_EGRESS_ALLOW,
            seconds=seconds,
            most_bytes=limits.current().response_bytes,
            on_open=call.on_cancel,
        ) as answer:
            yield answer

    def _read(self, dialect: Dialect, answer: Streamed, call: Call) -> Reply:
        reader = dialect.reader()
        try:
            for text in _words(reader, answer):
                if call.cancelled.is_set():
                    raise _cancelled()
                if text:
                    call.say(text)
            return reader.reply()
        except ProviderFailure as failure:
            failure.message = changed(failure.message, self._without_key)
            raise
        except (AttributeError, KeyError, TypeError, ValueError):  # what should be an object is none
            raise cut() from None

    def _refused(self, answer: Streamed, said: str) -> ProviderFailure:
        values = {"title": self.title, "status": answer.status, "said": self._without_key(said)}
        wait = _retry_after(answer)
        if answer.status == 429:
            message = _("{title} is asked too often: {said}").format(**values)
            return ProviderFailure("rate_limited", message, goes_on=True, retry_after=wait)
        message = _("{title} answered {status}: {said}").format(**values)
        return ProviderFailure(
            "provider", message, goes_on=answer.status in AWAY or answer.status >= 500, retry_after=wait
        )

    def _without_key(self, said: str) -> str:
        """Return what a provider says without the key, and not more than is shown of it."""
        return str(masked(said, [self.key] if self.key else []))[:SNIPPET]

    def _unreached(self, error: EgressError, *, counts: bool) -> ProviderFailure:
        """Return what an error of the network comes to; `counts` is for one that time ended."""
        match error.why:
            case "forbidden" | "address":
                text = _("The address of {title} may not be called. HELIX_EGRESS_ALLOW names networks that may.")
                return ProviderFailure("http_refused", text.format(title=self.title))
            case "timeout":
                text = _("{title} took too long.").format(title=self.title)
                return ProviderFailure("timeout", text, goes_on=True, counts=counts)
            case "too_large":
                return ProviderFailure("too_large", _("The answer of {title} is too long.").format(title=self.title))
            case "protocol":
                text = _("The answer of {title} broke off.").format(title=self.title)
                return ProviderFailure("provider", text, goes_on=True)
            case _:
                text = _("{title} cannot be reached.").format(title=self.title)
                return ProviderFailure("connection", text, goes_on=True)


def _cancelled() -> ProviderFailure:
    return ProviderFailure("cancelled", _("The run was cancelled."))


def _words(reader: Reader, answer: Streamed) -> Iterator[str]:
    if "text/event-stream" in answer.headers.get("content-type", ""):
        yield from (reader.event(event) for event in events(answer.parts))
    else:
        yield reader.whole(parsed(b"".join(answer.parts).decode("utf-8", "replace")))


def _slimmer(request: Request, said: str) -> Request | None:
    """Return the request without what the server names as unknown to it; None if it says nothing of the kind."""
    body, known = dict(request.body), request.body
    for name in request.spare:
        if name in known and name in said:
            del body[name]
    if "max_completion_tokens" in said and "max_tokens" in known:
        body["max_completion_tokens"] = body.pop("max_tokens")
    return Request(request.path, request.headers, body, request.spare) if body.keys() != known.keys() else None


def _said(answer: Streamed) -> str:
    """Return what a refusal says, as a line."""
    held = b""
    for part in answer.parts:
        held += part
        if len(held) > _ERROR_BYTES:
            break
    text = held.decode("utf-8", "replace")
    try:
        body = orjson.loads(text)
    except ValueError:
        return " ".join(text.split())
    error = body.get("error", body) if isinstance(body, dict) else body
    said = error.get("message", error) if isinstance(error, dict) else error
    return " ".join(str(said).split())


def _retry_after(answer: Streamed) -> float | None:
    text = answer.headers.get("retry-after", "")
    return min(float(text), 3600.0) if text.isascii() and text.replace(".", "", 1).isdecimal() else None
