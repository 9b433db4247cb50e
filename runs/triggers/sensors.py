"""A sensor's settings as a trigger needs them, checked before it listens."""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from django.conf import settings as installation
from django.utils.translation import gettext as _

from flows.expressions import Json
from runs.files import FileRefused, files_dir, parts_of
from runs.models import Trigger
from runs.triggers.filters import check_filters
from runs.triggers.queries import check_query
from runs.triggers.schedules import read_schedule
from web.egress import EgressError, check_url
from web.errors import Problem

FORMATS = frozenset({"json", "xml", "text", "csv"})
DEFAULT_INTERVAL, SHORTEST_INTERVAL = 30_000, 1_000
DEFAULT_QUEUE = 100


@dataclass(frozen=True, slots=True)
class Sensor:
    """What a trigger listens to. `interval` is in seconds; `secret` is a name."""

    source: str
    settings: Mapping[str, Json]

    @property
    def format(self) -> str:
        """Return "json", "xml", "text" or "csv"."""
        return self.text("format") or "json"

    @property
    def interval(self) -> float:
        """Return the seconds between two looks."""
        given = self.settings.get("interval_ms")
        return max(given if isinstance(given, (int, float)) else DEFAULT_INTERVAL, SHORTEST_INTERVAL) / 1000

    @property
    def queue_size(self) -> int:
        """Return how many runs may be unfinished."""
        given = self.settings.get("queue_size")
        return given if isinstance(given, int) and given > 0 else DEFAULT_QUEUE

    @property
    def filters(self) -> Json:
        """Return what an event must be."""
        return self.settings.get("filters")

    @property
    def secret(self) -> str:
        """Return the name of the secret, or ""."""
        given = self.settings.get("secret")
        return str(given["$secret"]) if isinstance(given, Mapping) and "$secret" in given else self.text("secret")

    def text(self, name: str, instead: str = "") -> str:
        """Return a setting that is a text, or the one that older flows have in its place."""
        given = self.settings.get(name) or (self.settings.get(instead) if instead else None)
        return given.strip() if isinstance(given, str) else ""


def check_sensor(sensor: Sensor) -> None:
    """Refuse what cannot be listened to. Raises `Problem("invalid")`."""
    if sensor.format not in FORMATS:
        raise Problem("invalid", _("format: one of %(known)s") % {"known": ", ".join(sorted(FORMATS))})
    check_filters(sensor.filters)
    match sensor.source:
        case Trigger.Source.WEBHOOK:
            pass
        case Trigger.Source.SCHEDULE:
            read_schedule(sensor.settings.get("cron"), sensor.settings.get("time_zone"))
        case Trigger.Source.POLLING:
            _check_url(sensor.text("endpoint"))
        case Trigger.Source.FILE:
            _check_pattern(sensor.text("pattern", "endpoint"))
        case Trigger.Source.DATABASE:
            check_database(sensor)
        case _:
            raise Problem("invalid", _("source: this sensor’s source is not offered"))


def check_database(sensor: Sensor) -> None:
    """Refuse a database that is not there, or a query that cannot be asked. Raises `Problem("invalid")`."""
    if sensor.text("database", "endpoint") not in installation.HELIX_DATABASES:
        raise Problem("invalid", _("database: none of this name here; HELIX_DATABASES names them"))
    if not re.fullmatch(r"\w{1,63}", sensor.text("cursor")):
        raise Problem("invalid", _("cursor: the name of the column that grows"))
    check_query(sensor.text("query"))


def _check_url(url: str) -> None:
    try:
        check_url(url, installation.HELIX_EGRESS_ALLOW)
    except EgressError as refused:
        if refused.why == "forbidden":
            message = _("endpoint: this address is not public; HELIX_EGRESS_ALLOW names networks that may be called.")
        else:
            message = _("endpoint: an address that begins with https:// or http://, without a login in it")
        raise Problem("invalid", message) from None


def _check_pattern(pattern: str) -> None:
    try:
        files_dir()
        parts_of(pattern)
    except FileRefused as refused:
        raise Problem("invalid", _("pattern: %(why)s") % {"why": refused.message}) from None
