"""Services that notices can go to besides our own ways: those whose host is the service's own and nobody's to choose.

The library behind them calls out by itself, past the guard of `web.egress`; so people enter tokens and places, never an
address, and each is checked here by its letters before it is used. A service's own webhook address is taken apart.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from web.errors import Problem

Parts = Mapping[str, object]


@dataclass(frozen=True, slots=True)
class Service:
    """One service. `secret` is what its secret must be and `target` its place; the words say so to people."""

    secret: re.Pattern[str]
    target: re.Pattern[str]
    words: str
    parts: Callable[[Mapping[str, str], str], Parts]


def _service(secret: str, target: str, words: str, parts: Callable[[Mapping[str, str], str], Parts]) -> Service:
    return Service(re.compile(secret, re.ASCII), re.compile(target, re.ASCII), words, parts)


SERVICES: Final[Mapping[str, Service]] = {
    "slack": _service(
        r"(?:https://hooks\.slack\.com/services/)?(?P<a>[A-Z0-9]{1,40})/(?P<b>[A-Z0-9]{1,40})/(?P<c>\w{1,80})",
        r"(?:[#@+]?[\w-]{1,80})?",
        gettext_noop("the address of a Slack webhook as secret, and a channel (#ops) or nothing as target"),
        lambda key, place: {
            "schema": "slack",
            "token_a": key["a"],
            "token_b": key["b"],
            "token_c": key["c"],
            "targets": [place] if place else None,
        },
    ),
    "discord": _service(
        r"(?:https://discord(?:app)?\.com/api/webhooks/)?(?P<id>\d{1,30})/(?P<token>[\w-]{1,120})",
        r"",
        gettext_noop("the address of a Discord webhook as secret, and no target"),
        lambda key, _place: {"schema": "discord", "webhook_id": key["id"], "webhook_token": key["token"]},
    ),
    "telegram": _service(
        r"(?P<token>\d{1,20}:[\w-]{1,80})",
        r"-?\d{1,20}|@?[A-Za-z][\w-]{1,60}",
        gettext_noop("a bot’s token as secret, and a chat as target"),
        lambda key, place: {
            "schema": "tgram",
            "bot_token": key["token"],
            "targets": [place],
            "detect_owner": False,
        },
    ),
    "google_chat": _service(
        r"https://chat\.googleapis\.com/v1/spaces/(?P<space>[\w-]{1,60})/messages"
        r"\?key=(?P<key>[\w-]{1,120})&token=(?P<token>[\w%-]{1,200})",
        r"",
        gettext_noop("the address of a webhook of Google Chat as secret, and no target"),
        lambda key, _place: {
            "schema": "gchat",
            "workspace": key["space"],
            "webhook_key": key["key"],
            "webhook_token": key["token"].replace("%3D", "="),
        },
    ),
    "pushover": _service(
        r"(?P<token>[A-Za-z0-9]{30})",
        r"[A-Za-z0-9]{30}",
        gettext_noop("an application’s token as secret, and a user’s key as target"),
        lambda key, place: {"schema": "pover", "token": key["token"], "user_key": place},
    ),
    "pushbullet": _service(
        r"(?P<token>[\w.]{1,100})",
        r"(?:#?[\w-]{1,80}|[\w.+-]{1,60}@[\w.-]{1,100})?",
        gettext_noop("an access token as secret, and a channel, an address or nothing as target"),
        lambda key, place: {
            "schema": "pbul",
            "accesstoken": key["token"],
            "targets": [place] if place else None,
        },
    ),
    "ntfy": _service(
        r"(?P<token>tk_\w{1,60})?",
        r"[\w-]{1,64}",
        gettext_noop("a topic of ntfy.sh as target, and an access token or nothing as secret"),
        lambda key, place: {
            "schema": "ntfys",
            "mode": "cloud",
            "targets": [place],
            **({"token": key["token"], "auth": "token"} if key.get("token") else {}),
        },
    ),
    "opsgenie": _service(
        r"(?P<key>[0-9a-fA-F-]{1,60})",
        r"(?:[#@]?[\w-]{1,80})?",
        gettext_noop("an API key as secret, and a team (#ops) or nothing as target"),
        lambda key, place: {
            "schema": "opsgenie",
            "apikey": key["key"],
            "targets": [place] if place else None,
        },
    ),
}


def check_service(channel: str, target: str, secret: str) -> None:
    """Refuse a place or a secret that a service cannot have. Raises `Problem("invalid")`."""
    if parts_of(channel, target, secret) is None:
        message = _("%(channel)s: needs %(words)s") % {"channel": channel, "words": _(SERVICES[channel].words)}
        raise Problem("invalid", message)


def parts_of(channel: str, target: str, secret: str) -> Parts | None:
    """Return what the library takes for a service; None if place or secret do not fit."""
    service = SERVICES[channel]
    key, place = service.secret.fullmatch(secret.strip()), service.target.fullmatch(target.strip())
    if key is None or place is None:
        return None
    return service.parts(key.groupdict(), target.strip())


def send_by(parts: Parts, title: str, text: str) -> bool:
    """Tell a service, within its own few seconds; False if it did not take it."""
    import apprise  # takes a second to load, which only who uses it waits for

    plugin = apprise.Apprise.instantiate(dict(parts), suppress_exceptions=True)
    return bool(plugin and plugin.notify(title=title, body=text))
