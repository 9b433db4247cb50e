"""What happened, in words, for people: made of the body that programs get, when it is sent."""

from collections.abc import Callable, Mapping
from typing import Any, Final

from django.conf import settings
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from runs.values import decode
from web.deferred_translation import joined
from web.text import sendable, unlinked

LONGEST_TITLE: Final = 200
LONGEST_TEXT: Final = 4_000
SENTENCES: Final[Mapping[str, str]] = {
    "changed": gettext_noop("“%(flow)s” was changed"),
    "run.done": gettext_noop("A run of “%(flow)s” is done"),
    "run.failed": gettext_noop("A run of “%(flow)s” has failed"),
    "question.asked": gettext_noop("A run of “%(flow)s” asks"),
    "worker.lost": gettext_noop("A run of “%(flow)s” has lost a worker and goes on"),
    "trigger.paused": gettext_noop("A trigger of “%(flow)s” was paused"),
    "notification.paused": gettext_noop("A notification of “%(flow)s” was paused"),
    "comment.added": gettext_noop("There is a new comment in “%(flow)s”"),
    "comment.mention": gettext_noop("You are mentioned in “%(flow)s”"),
}
OTHER: Final = gettext_noop("Something happened in “%(flow)s”")


def title_of(event: str, body: str, title: str = "", *, shown: Callable[[str], str] = str) -> str:
    """Return one line: what happened, and where. The value of an output says nothing here; its flow has a `title`.

    `shown` says how names stand in it.
    """
    told: Any = None if event == "output" else decode(body)
    flow = told.get("flow") if isinstance(told, dict) else None
    name = flow.get("title", "") if isinstance(flow, dict) else title
    return _line(_(SENTENCES.get(event, OTHER)) % {"flow": shown(name)}, LONGEST_TITLE)


def text_of(event: str, body: str, *, shown: Callable[[str], str] = str) -> str:
    """Return the same with its reason or its question, and where it can be seen; of an output, its value."""
    told: Any = decode(body)
    if event == "output" or not isinstance(told, dict):
        return sendable(told if isinstance(told, str) else body)[:LONGEST_TEXT]
    reason = joined(told["reason_parts"]) if "reason_parts" in told else None
    said = {**told, "reason": told.get("reason") if reason is None else reason}
    if isinstance(told.get("name"), str):
        said["name"] = shown(told["name"])
    lines = [title_of(event, body, shown=shown)]
    lines += [
        str(said[name]) for name in ("name", "question", "reason") if isinstance(said.get(name), str) and said[name]
    ]
    if address := address_of(told):
        lines.append(address)
    return "\n".join(lines)[:LONGEST_TEXT]


def sender_of(person: str, flow: str) -> str:
    """Return one line for mails: who sent this, and by which flow."""
    if not person:
        return _("Sent by the flow “%(flow)s”.") % {"flow": unlinked(flow)}
    return _("Sent by %(who)s with the flow “%(flow)s”.") % {"who": unlinked(person), "flow": unlinked(flow)}


def address_of(told: Mapping[str, object]) -> str:
    """Return the address of the flow's page, with the run if there is one; "" if it is not known."""
    flow = told.get("flow")
    if not isinstance(flow, dict) or not settings.HELIX_ORIGINS:
        return ""
    run = f"?run={told['run']}" if isinstance(told.get("run"), str) else ""
    return f"{settings.HELIX_ORIGINS[0]}{reverse('flows:editor', args=[flow['id']])}{run}"


def _line(text: str, most: int) -> str:
    return " ".join("".join(letter if letter.isprintable() else " " for letter in text).split())[:most]
