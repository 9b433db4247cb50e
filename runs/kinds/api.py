"""The kind `api`: one call over HTTP, or one for each page, through the guard of all outgoing calls.

The answer is `{status, headers, body}`. A status of 400 and above is a failure; what is worth another try says so, and
after how long. Each page is a checkpoint, so a call that is tried again begins at the page it was at; its body is then
the list of all pages' bodies, or one list where each page is a list. A page is a request of its own, so each goes out
under a key of its own, the same at every try. Redirects are judged anew, and what proves who we are goes to the first
host alone.
"""

import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Final
from urllib.parse import urlsplit

from django.conf import settings
from django.utils.translation import gettext_noop as noted

from flows import limits
from flows.expressions import Json
from runs.errors import TaskFailure
from runs.kinds.executor import Done, Work
from runs.kinds.request import Request, address, request_of, with_params, without_params
from runs.kinds.response import refused, value_of
from runs.kinds.texts import evaluated, text_setting, whole_setting
from web.deferred_translation import kept as _
from web.egress import REDIRECTS, EgressError, time_left
from web.egress_stream import open_stream

MOST_REDIRECTS: Final = 5
SECONDS: Final = 300.0
"""How long a call may take that says nothing itself."""
PAGES: Final = 10


@dataclass(frozen=True, slots=True)
class _Answer:
    status: int
    headers: dict[str, str]
    body: bytes
    url: str


def execute(work: Work) -> Done:
    """Call, and return what was answered. Raises `TaskFailure`."""
    request = request_of(work.step, work.names, work.secret, task=work.task)
    call = _Call(work)
    next_page = text_setting(work.step.settings, "next_page")
    if not next_page:
        answer = call.answer(request)
        return Done(value_of(answer.status, answer.headers, answer.body, answer.url), usage=call.usage)
    return Done(_joined(list(_pages(work, call, request, next_page))), usage=call.usage)


def _pages(work: Work, call: "_Call", request: Request, next_page: str) -> Iterator[dict[str, Json]]:
    """Yield each page's answer with the address of the one after it as `next`; those saved before are not asked for."""
    most = max(1, whole_setting(work.step.settings, "max_pages", PAGES))
    for number in range(1, most + 1):
        is_saved, saved = work.checkpoints.get(f"page {number}")
        if is_saved and isinstance(saved, dict):
            page: dict[str, Json] = saved
            call.take(len(str(page)))
        else:
            answer = call.answer(_keyed(request, number))
            value = value_of(answer.status, answer.headers, answer.body, answer.url)
            following = _next(evaluated(next_page, {**work.names, "prev": value}), answer.url, request)
            page = {**value, "next": following}
            if following is None or work.mask(following) == following:  # what is masked cannot be called any more
                work.checkpoints.save(f"page {number}", page)
        yield page
        work.progress(number / most)
        if not isinstance(target := page.get("next"), str):
            return
        request = moved(request, target)
        request = replace(request, url=with_params(request.url, request.proofs))


def _keyed(request: Request, page: int) -> Request:
    """Return the request of a page: after the first, its key is followed by the page's number."""
    if page == 1:
        return request
    keyed = {
        name: f"{value}.page.{page}" if name.lower() == "idempotency-key" else value
        for name, value in request.headers.items()
    }
    return replace(request, headers=keyed)


def _next(found: Json, url: str, request: Request) -> str | None:
    """Return the address of the page after, without what proves who we are: it is kept, and goes out anew each time."""
    if not found:
        return None
    if not isinstance(found, str):
        raise TaskFailure("expression", _("“Next page” gives no address."))
    return without_params(address(found, url), request.proofs)


def _joined(pages: list[dict[str, Json]]) -> dict[str, Json]:
    bodies = [page.get("body") for page in pages]
    are_lists = all(isinstance(body, list) for body in bodies)
    items: list[Json] = [item for body in bodies if isinstance(body, list) for item in body] if are_lists else bodies
    return {**pages[-1], "body": items, "pages": len(pages)}


def moved(request: Request, url: str) -> Request:
    """Return a request that goes to another address: to another host without what proves who we are."""
    if _origin(url) == _origin(request.url):
        return replace(request, url=url)
    if request.is_secret:
        raise TaskFailure("http_refused", _("The call was sent on to another host, and holds a secret."))
    headers = {name: value for name, value in request.headers.items() if name.lower() not in request.private}
    return replace(request, url=url, headers=headers, proofs=())


class _Call:
    """The requests of one attempt: all together in one time and so many bytes."""

    def __init__(self, work: Work) -> None:
        self._work = work
        self._deadline = time.monotonic() + work.seconds_left(SECONDS)
        self._left = limits.current().response_bytes
        self._received = self._requests = 0

    @property
    def usage(self) -> dict[str, Json]:
        """What was used."""
        return {"requests": self._requests, "bytes": self._received}

    def take(self, count: int) -> None:
        """Count bytes that a page had."""
        self._left -= count
        if self._left < 0:
            raise _too_large()

    def answer(self, request: Request) -> _Answer:
        """Send a request, follow where it is sent on, and return what is answered. Raises `TaskFailure`."""
        for _turn in range(MOST_REDIRECTS + 1):
            answer = self._once(request)
            target = answer.headers.get("location")
            if answer.status not in REDIRECTS or target is None:
                if answer.status >= 400:
                    raise refused(answer.status, answer.headers, answer.body, self._work.mask)
                return answer
            request = _redirected(request, answer.status, address(target, request.url))
        raise TaskFailure("http_refused", _("The call was sent on too often."))

    def _once(self, request: Request) -> _Answer:
        if self._work.cancelled.is_set():
            raise _cancelled()
        self._requests += 1
        body = bytearray()
        try:
            with open_stream(
                request.method,
                request.url,
                headers=request.headers,
                body=request.body,
                allow=settings.HELIX_EGRESS_ALLOW,
                seconds=time_left(self._deadline),
                most_bytes=self._left,
                on_open=self._work.on_cancel,
            ) as answer:
                for part in answer.parts:
                    body += part
                self._received += len(body)
                self.take(len(body))
                return _Answer(answer.status, dict(answer.headers), bytes(body), request.url)
        except EgressError as error:
            raise _cancelled() if self._work.cancelled.is_set() else _unreached(error) from None


def _redirected(request: Request, status: int, url: str) -> Request:
    if status not in (307, 308) and request.method not in ("GET", "HEAD"):
        headers = {name: value for name, value in request.headers.items() if not name.lower().startswith("content-")}
        request = replace(request, method="GET", body=b"", headers=headers, is_secret=False)
    return moved(request, url)


def _origin(url: str) -> tuple[str, str | None, int | None]:
    parts = urlsplit(url)
    try:
        port = parts.port
    except ValueError:
        return parts.scheme, None, None
    return parts.scheme, parts.hostname, port or {"http": 80, "https": 443}.get(parts.scheme)


def _unreached(error: EgressError) -> TaskFailure:
    if error.why == "too_large":
        return _too_large()
    code, sentence = _UNREACHED.get(error.why, ("connection", noted("The connection to the server broke off.")))
    return TaskFailure(code, _(sentence), is_retryable=code != "http_refused")


_UNREACHED: Final = {
    "forbidden": ("http_refused", noted("This address may not be called. HELIX_EGRESS_ALLOW names networks that may.")),
    "address": ("http_refused", noted("This is no address that can be called.")),
    "timeout": ("timeout", noted("The server did not answer in time.")),
    "resolve": ("connection", noted("There is no server of this name.")),
    "tls": ("connection", noted("The server could not prove who it is.")),
}


def _too_large() -> TaskFailure:
    most = limits.current().response_bytes
    return TaskFailure("too_large", _("The answer is longer than %(most)s bytes.") % {"most": most})


def _cancelled() -> TaskFailure:
    return TaskFailure("cancelled", _("The run was cancelled."))
