"""When a schedule is due: cron in a time zone, with Debian's rules where clocks are changed."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from cronsim import CronSim, CronSimError

from web.deferred_translation import kept as _
from web.errors import Problem

LONGEST = 200
"""The longest cron text, in characters."""


@dataclass(frozen=True, slots=True)
class Schedule:
    """Times that come again: minute, hour, day, month and day of the week, as a clock in `zone` shows them."""

    cron: str
    zone: ZoneInfo

    def after(self, moment: datetime) -> datetime | None:
        """Return the first time after a moment, in UTC; None if there is none in 50 years."""
        times = CronSim(self.cron, moment.replace(microsecond=0).astimezone(self.zone))
        found = (time.astimezone(UTC) for time in times)
        return next((time for time in found if time > moment), None)  # the first may be before a clock was put back

    def last(self, moment: datetime) -> datetime | None:
        """Return the last time that is not after a moment, in UTC; None if there was none in nine years.

        Looked for forwards from ever further back: backwards the library does not end where clocks are changed.
        """
        for back in _BACK:
            last, times = None, CronSim(self.cron, (moment - back).replace(microsecond=0).astimezone(self.zone))
            for found in times:
                if found > moment:
                    break
                last = found
            if last is not None:
                return last.astimezone(UTC)
        return None


_BACK = tuple(timedelta(minutes=minutes) for minutes in (5, 180, 2 * 1440, 63 * 1440, 740 * 1440, 3300 * 1440))


def read_schedule(cron: object, zone: object) -> Schedule:
    """Read a sensor's `cron` and `time_zone` (UTC if empty). Raises `Problem("invalid")`."""
    if not isinstance(cron, str) or len(cron) > LONGEST or len(cron.split()) != 5:
        raise Problem("invalid", _("cron: five fields, as in “0 9 * * 1-5”"))
    name = "UTC" if zone in (None, "") else zone
    try:
        place = ZoneInfo(name) if isinstance(name, str) and name.isascii() else None
    except (KeyError, OSError, ValueError):  # unknown, no file, or a path
        place = None
    if place is None:
        raise Problem("invalid", _("time_zone: the name of a time zone, as in “Europe/Berlin”"))
    schedule = Schedule(cron, place)
    try:
        is_ever = schedule.after(datetime(2026, 1, 1, tzinfo=UTC)) is not None
    except CronSimError as error:
        raise Problem("invalid", _("cron: %(why)s") % {"why": error}) from None
    if not is_ever:
        raise Problem("invalid", _("cron: there is no such day"))
    return schedule
