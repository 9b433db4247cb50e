"""What there is to see outside: an address that is polled, files of a pattern, rows beyond a cursor.

A look changes nothing: it returns the events, each with what has been seen once its run is started, and what has been
seen at the end. Who looked writes that, in the transaction of the runs; so nothing is lost and nothing comes twice.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from hashlib import sha256
from typing import cast

from django.conf import settings

from flows import limits
from flows.expressions import Json
from runs import files
from runs.triggers.filters import matches
from runs.triggers.firing import Event
from runs.triggers.formats import UnreadableEvent, read_event
from runs.triggers.queries import QueryFailed, rows_beyond
from runs.triggers.sensors import Sensor
from web.deferred_translation import kept as _
from web.deferred_translation import said, stored

AT_ONCE = 100
"""So many events of one look; the rest is left to the next."""
MOST_FILES = 5_000
SETTLED_NS = 1_000_000_000
"""A file that was changed less than a second ago may still be written."""

Seen = Mapping[str, Json]


class LookFailed(Exception):  # noqa: N818  (a result, not a defect)
    """There was nothing to be seen; `message` says why, `retry_after` is in seconds where the other side named it."""

    def __init__(self, message: str, retry_after: float | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.retry_after = retry_after


@dataclass(frozen=True, slots=True)
class Sight:
    """What a look found: events (with what was seen once they are through, if that can be said shortly), what was seen
    at the end, whether there is more at once, and what was wrong with a part of it."""

    events: list[tuple[Event, Seen | None]] = field(default_factory=list)
    seen: Seen = field(default_factory=dict)
    is_more: bool = False
    wrong: str = ""


def look_at_files(sensor: Sensor, seen: Seen, now: datetime) -> Sight:
    """Find files that are new or changed since `seen`; `now` is by the machine. Raises `LookFailed`."""
    try:
        found = files.find(sensor.text("pattern", "endpoint"))
    except files.FileRefused as refused:
        raise LookFailed(refused.message) from None
    if len(found) > MOST_FILES:
        raise LookFailed(_("More than %(most)d files match the pattern.") % {"most": MOST_FILES})
    known = seen.get("files")
    at: dict[str, Json] = {one.path: known[one.path] for one in found if isinstance(known, dict) and one.path in known}
    events: list[tuple[Event, Seen | None]] = []
    wrong, is_more = "", False
    unread = _still_unread(seen, at, found)
    for one in found:
        mark = _mark(one)
        age = int(now.timestamp() * 1e9) - one.changed_ns
        if at.get(one.path) == mark or 0 <= age < SETTLED_NS:
            continue
        if len(events) == AT_ONCE:
            is_more = True
            break
        try:
            event = _file_event(one, sensor.format)
        except (UnreadableEvent, files.FileRefused) as refused:
            wrong = _("%(what)s: %(why)s") % {"what": one.path, "why": refused.message}
            if not isinstance(refused, files.FileAway):  # what is away is read at the next look
                at[one.path], unread = mark, [one.path, stored(wrong)]
            continue
        at[one.path] = mark
        if matches(sensor.filters, event.value):
            events.append((event, None))
    if unread is None:
        return Sight(events, {"files": at}, is_more, wrong)
    return Sight(events, {"files": at, "unread": cast("Json", unread)}, is_more, wrong or said(unread[1]))


def _still_unread(seen: Seen, at: Mapping[str, Json], found: Sequence[files.Found]) -> list[str] | None:
    """Return the last file that could not be read, and why, while it is there as it was: it is told until then."""
    match seen.get("unread"):
        case [str(path), str(why)] if any(at.get(path) == _mark(one) for one in found if one.path == path):
            return [path, why]
        case _:
            return None


def _mark(found: files.Found) -> Json:
    return [found.size, found.changed_ns, found.inode]


def files_seen(sensor: Sensor) -> Seen:
    """Return what there is of files now, for a trigger that begins with what comes later. Raises `LookFailed`."""
    try:
        found = files.find(sensor.text("pattern", "endpoint"))
    except files.FileRefused as refused:
        raise LookFailed(refused.message) from None
    return {"files": {one.path: _mark(one) for one in found[:MOST_FILES]}}


def look_at_rows(sensor: Sensor, seen: Seen) -> Sight:
    """Find rows beyond the cursor; each is an event. Raises `LookFailed`."""
    url = settings.HELIX_DATABASES.get(sensor.text("database", "endpoint"))
    if url is None:
        raise LookFailed(_("There is no database of this name here."))
    column = sensor.text("cursor")
    try:
        rows = rows_beyond(url, sensor.text("query"), column, seen.get("cursor"), AT_ONCE)
    except QueryFailed as failed:
        raise LookFailed(failed.message) from None
    last: Seen = {"cursor": rows[-1][column]} if rows else seen
    wanted = [row for row in rows if matches(sensor.filters, dict(row))]
    through = [_before(rows, row, column, seen) for row in wanted]
    events: list[tuple[Event, Seen | None]] = [
        (Event(dict(row), _row_name(row, column)), at) for row, at in zip(wanted, through, strict=True)
    ]
    return Sight(events, last, len(rows) == AT_ONCE)


def _before(rows: list[Mapping[str, Json]], row: Mapping[str, Json], column: str, seen: Seen) -> Seen:
    """Return the cursor once a row is through: its own only when no row after it has the same value."""
    place = next(number for number, one in enumerate(rows) if one is row)
    if place + 1 == len(rows) or rows[place + 1][column] != row[column]:
        return {"cursor": row[column]}
    earlier = [one[column] for one in rows[:place] if one[column] != row[column]]
    return {"cursor": earlier[-1]} if earlier else seen


def _row_name(row: Mapping[str, Json], column: str) -> str:
    """Name a row by its cursor and all that it holds, so that one that is read again is known."""
    whole = repr(sorted(row.items(), key=lambda pair: pair[0]))
    return f"{str(row[column])[:80]} {sha256(whole.encode('utf-8', 'surrogatepass')).hexdigest()[:32]}"


def _file_event(found: files.Found, format: str) -> Event:
    content = read_event(files.read(found.path, limits.current().value_bytes), format)
    changed = datetime.fromtimestamp(found.changed_ns / 1e9, tz=UTC).isoformat()
    value: Json = {
        "path": found.path,
        "name": found.path.rpartition("/")[2],
        "size": found.size,
        "changed_at": changed.replace("+00:00", "Z"),
        "content": content,
    }
    return Event(value, f"{found.changed_ns} {found.size} {found.inode} {found.path}")
