"""An address that is asked again and again: by `ETag` and `Last-Modified`, or by a cursor in what it answers.

Without a cursor the whole answer is an event whenever it is another than the last. With one, the answer is a list (or
an object with a list in `items`), and each object in it whose cursor lies beyond the last is an event; `{cursor}` in
the address stands for that last one. A secret is sent as a bearer token, and taken out of what is answered.
"""

from hashlib import sha256
from typing import Final, cast
from urllib.parse import quote, urlsplit

from django.conf import settings

from flows import limits
from flows.expressions import Json
from runs.secrets import masked
from runs.triggers.filters import matches
from runs.triggers.firing import Event
from runs.triggers.formats import UnreadableEvent, read_event
from runs.triggers.looking import AT_ONCE, LookFailed, Seen, Sight
from runs.triggers.sensors import Sensor
from web import egress
from web.deferred_translation import kept as _

REDIRECTS: Final = 3
LONGEST_WAIT: Final = 3600.0


def look_at_address(sensor: Sensor, seen: Seen, secret: str) -> Sight:
    """Ask an address. Raises `LookFailed`."""
    answer = _asked(sensor, seen, secret)
    if answer is None:
        return Sight(seen=seen)
    marks: Seen = {
        **{name: answer.headers[key] for name, key in _MARKS if key in answer.headers},
        **{name: seen[name] for name in ("cursor", "digest", "count") if name in seen},
    }
    try:
        value = read_event(answer.body, sensor.format)
    except UnreadableEvent as unreadable:
        raise LookFailed(unreadable.message) from None
    if secret:
        value = masked(value, [secret])
    if sensor.text("cursor"):
        return _beyond(sensor, value, marks, seen)
    digest = sha256(answer.body).hexdigest()
    if digest == seen.get("digest"):
        return Sight(seen=marks)
    count = seen.get("count")
    number = count + 1 if isinstance(count, int) else 1
    after: Seen = {**marks, "digest": digest, "count": number}
    events: list[tuple[Event, Seen | None]] = (
        [(Event(value, f"{number} {digest}"), after)] if matches(sensor.filters, value) else []
    )
    return Sight(events, after)


_MARKS: Final = (("etag", "etag"), ("modified", "last-modified"))


def _asked(sensor: Sensor, seen: Seen, secret: str) -> egress.Answer | None:
    """Return the answer, None if nothing has changed."""
    cursor = seen.get("cursor")
    url = sensor.text("endpoint").replace("{cursor}", quote("" if cursor is None else str(cursor), safe=""))
    headers = {"User-Agent": "Helix", "Accept": _ACCEPT.get(sensor.format, "*/*")}
    for header, name in (("If-None-Match", "etag"), ("If-Modified-Since", "modified")):
        if isinstance(mark := seen.get(name), str):
            headers[header] = mark
    if secret:
        headers["Authorization"] = f"Bearer {secret}"
    try:
        answer = egress.send(
            "GET",
            url,
            headers=headers,
            allow=settings.HELIX_EGRESS_ALLOW,
            most_bytes=limits.current().response_bytes,
            redirects=REDIRECTS,
        )
    except egress.EgressError as failed:
        raise LookFailed(_("%(host)s: %(why)s") % {"host": urlsplit(url).hostname, "why": failed.why}) from None
    if answer.status == 304:
        return None
    if not 200 <= answer.status < 300:
        wait = answer.headers.get("retry-after", "")
        after = min(float(wait), LONGEST_WAIT) if wait.isdecimal() and len(wait) < 10 else None
        raise LookFailed(_("The address answered %(status)d.") % {"status": answer.status}, after)
    return answer


_ACCEPT: Final = {"json": "application/json", "xml": "application/xml, text/xml", "csv": "text/csv", "text": "text/*"}


def _beyond(sensor: Sensor, value: Json, marks: Seen, seen: Seen) -> Sight:
    name, last = sensor.text("cursor"), seen.get("cursor")
    items = value.get("items") if isinstance(value, dict) else value
    if not isinstance(items, list):
        raise LookFailed(_("With a cursor the answer must be a list, or an object with a list in “items”."))
    having = [item for item in items if isinstance(item, dict) and isinstance(item.get(name), (int, float, str))]
    if len({isinstance(one, str) for one in (*(item[name] for item in having), *([] if last is None else [last]))}) > 1:
        raise LookFailed(_("The values of the cursor cannot be compared."))
    fresh = [item for item in having if last is None or _place(item, name) > cast(float, last)]
    fresh.sort(key=lambda item: _place(item, name))
    taken = [item for number, item in enumerate(fresh) if number < AT_ONCE or item[name] == fresh[AT_ONCE - 1][name]]
    events: list[tuple[Event, Seen | None]] = []
    kept: Seen = {"cursor": last} if last is not None else {}
    for number, item in enumerate(taken):
        if number and item[name] != taken[number - 1][name]:
            kept = {"cursor": taken[number - 1][name]}
        if matches(sensor.filters, item):
            events.append((Event(item, _item_name(item, name)), kept))
    is_more = len(taken) < len(fresh)
    end: Seen = {"cursor": taken[-1][name]} if taken else kept
    return Sight(events, end if is_more else {**marks, **end}, is_more)


def _place(item: dict[str, Json], cursor: str) -> float:
    return cast(float, item[cursor])  # or texts, all of them


def _item_name(item: dict[str, Json], cursor: str) -> str:
    whole = repr(sorted(item.items(), key=lambda pair: pair[0]))
    return f"{str(item[cursor])[:80]} {sha256(whole.encode('utf-8', 'surrogatepass')).hexdigest()[:32]}"
