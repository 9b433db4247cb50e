"""Makes deliveries of what happens, in the transaction in which it happens; registered with `runs.hooks`."""

from collections.abc import Iterator, Mapping
from hashlib import sha256
from typing import Final
from uuid import UUID, uuid5

from django.utils.translation import override

from flows.expressions import Json
from flows.webhooks.deliveries import deliver_later, notify, room_left
from runs.commands.attempts import UNSTORABLE
from runs.errors import TaskFailure
from runs.kinds import OutputDelivery, deliveries_of
from runs.models import Run, Task
from runs.notices.channels import is_address
from runs.plan import Step
from runs.values import encode
from web.database_time import database_time
from web.deferred_translation import Kept, parts_of, said
from web.deferred_translation import kept as _

OUTPUT: Final = "output"
MOST: Final = 20
"""So many places one output goes to."""
_NAMESPACE: Final = UUID("6c1b0f0e-8f0d-4f4e-9a53-2f3b6f6f0a01")


def tell(run: Run, event: str, fields: Mapping[str, Json]) -> None:
    """Tell webhooks and rules of a flow what happened to a run."""
    with override("en"):
        reason = said(run.reason)
    told: dict[str, Json] = {
        "run": str(run.pk),
        "version": run.version,
        "name": run.name,
        "state": run.state,
        "reason": str(reason),
    }
    if isinstance(reason, Kept):
        told["reason_parts"] = parts_of(reason)
    notify(run.flow_id, event, **{**told, **fields})


def deliver(run: Run, task: Task, step: Step, names: Mapping[str, Json], value: Json) -> None:
    """Have an output's value delivered wherever it is to go; the same value of the same task goes there once.

    Raises `TaskFailure` for an address that cannot be filled in, and where too much waits in the flow already.
    """
    found = [place for one in deliveries_of(step, names, value) for place in places_of(one)]
    places = list(dict.fromkeys((channel, UNSTORABLE.sub("\ufffd", target)) for channel, target in found))[:MOST]
    if not places:
        return
    if room_left(run.flow_id) < len(places):
        raise TaskFailure("limit_reached", _("Too many deliveries of this flow wait already."))
    body, person, now = encode(value), run.responsible_id, database_time()
    for channel, target in places:
        about = f"{task.key} {channel} {target} {sha256(body.encode()).hexdigest()}"
        id = uuid5(_NAMESPACE, about)
        deliver_later(
            run.flow_id,
            id=id,
            channel=channel,
            target=target,
            event=OUTPUT,
            body=body,
            now=now,
            person=person,
        )


def places_of(delivery: OutputDelivery) -> Iterator[tuple[str, str]]:
    """Yield channel and target of a delivery. A destination that is a mere word, such as "E-mail", is none.

    One that is a text is an address of the web or of mail; one that is an object has `channel` and `target`, or one of
    `url`, `email`, `file`.
    """
    target = delivery.target
    if delivery.channel != "destination":
        if isinstance(target, str) and target.strip():
            yield delivery.channel, target.strip()
    elif isinstance(target, str):
        yield from _of_text(target.strip())
    elif isinstance(target, Mapping):
        yield from _of_object(target)


_KEYS: Final = {"url": "webhook", "email": "mail", "file": "file"}


def _of_text(text: str) -> Iterator[tuple[str, str]]:
    address = text.removeprefix("mailto:")
    if text.startswith(("https://", "http://")):
        yield "webhook", text
    elif is_address(address):
        yield "mail", address


def _of_object(given: Mapping[str, Json]) -> Iterator[tuple[str, str]]:
    for key, channel in _KEYS.items():
        if isinstance(found := given.get(key), str) and found.strip():
            yield channel, found.strip()
    named, target = given.get("channel"), given.get("target")
    if named in ("webhook", "mail", "file", "in_app") and isinstance(target, str):
        yield str(named), target.strip()
