"""What a server answered, as a value of a run: its status, its headers, and its body as JSON, text or a file. Pure."""

import base64
import time
from collections.abc import Callable, Mapping
from email.utils import parsedate_to_datetime
from typing import Final
from urllib.parse import urlsplit

from flows.document import Rejected
from flows.document.json import parse_json
from flows.expressions import Json
from runs.errors import TaskFailure
from web.deferred_translation import kept as _

SNIPPET: Final = 300
HIDDEN: Final = frozenset({"set-cookie", "www-authenticate"})
"""Headers that are not kept."""
LONGEST_WAIT: Final = 3_600.0
_TEXTS: Final = ("text/", "application/xml", "application/javascript", "application/x-www-form-urlencoded")


def value_of(status: int, headers: Mapping[str, str], body: bytes, url: str) -> dict[str, Json]:
    """Return an answer as `{status, headers, body}`."""
    kept: dict[str, Json] = {name: value for name, value in headers.items() if name not in HIDDEN}
    return {"status": status, "headers": kept, "body": body_of(headers.get("content-type", ""), body, url)}


def body_of(content_type: str, body: bytes, url: str) -> Json:
    """Read a body: JSON as its value, text as text, all else as a file `{name, type, data: <base64>}`."""
    kind, charset = _type(content_type)
    if not body:
        return None
    if kind == "application/json" or kind.endswith("+json"):
        try:
            return parse_json(body)  # type: ignore[return-value]
        except Rejected:
            return body.decode(errors="replace")
    if not kind or kind.startswith(_TEXTS) or kind.endswith("+xml"):
        text = _text(body, charset)
        if text is not None:
            return _json_or(text) if not kind else text
    name = urlsplit(url).path.rpartition("/")[2][:255] or "file"
    return {"name": name, "type": kind or "application/octet-stream", "data": base64.b64encode(body).decode()}


def refused(status: int, headers: Mapping[str, str], body: bytes, mask: Callable[[str], str]) -> TaskFailure:
    """Return the failure that a status of 400 and above is; secrets go before it is cut, or half of one would stay."""
    said = " ".join(mask(body.decode(errors="replace"))[: 4 * SNIPPET].split())[:SNIPPET]
    values = {"status": status, "said": said}
    message = _("The server answered %(status)s: %(said)s") if said else _("The server answered %(status)s.")
    return TaskFailure(
        "rate_limited" if status == 429 else "http_status",
        message % values,
        is_retryable=status in (408, 425, 429) or status >= 500,
        retry_after=wait_of(headers),
    )


def wait_of(headers: Mapping[str, str], *, now: float | None = None) -> float | None:
    """Return for how many seconds a server asks to wait (`Retry-After`: seconds or a date), at most an hour."""
    text = headers.get("retry-after", "").strip()
    if not text:
        return None
    try:
        wait = float(text) if text.isdecimal() else parsedate_to_datetime(text).timestamp() - (now or time.time())
    except (ValueError, TypeError, OverflowError):
        return None
    return min(max(wait, 0.0), LONGEST_WAIT)


def _type(content_type: str) -> tuple[str, str]:
    kind, _semicolon, rest = content_type.partition(";")
    charset = next(
        (part.partition("=")[2] for part in rest.split(";") if part.strip().lower().startswith("charset")), ""
    )
    return kind.strip().lower(), charset.strip().strip('"') or "utf-8"


def _text(body: bytes, charset: str) -> str | None:
    """Return a body as text; None if it is none."""
    try:
        text = body.decode(charset)
    except (LookupError, UnicodeError):
        try:
            text = body.decode()
        except UnicodeError:
            return None
    return None if "\0" in text else text


def _json_or(text: str) -> Json:
    try:
        return parse_json(text)  # type: ignore[return-value]
    except Rejected:
        return text
