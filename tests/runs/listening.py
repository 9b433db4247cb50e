"""Sensors that tests listen with: flows of one sensor, and what its triggers started."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import orjson
from django.utils import timezone

from accounts.principals import Person
from flows import commands
from flows import limits as helix_limits
from flows.document import AddNode, EditNode
from flows.document.element_json import decode_node
from flows.models import Flow
from flows.parsing import parse_flow
from flows.submission import Submission
from runs.models import Trigger, TriggerEvent
from runs.triggers.commands import create_trigger


def sensing(owner: int, *, stays_open: bool = False, **settings: object) -> Flow:
    """Make a flow whose sensor `s` has these settings; its runs end at once, or wait for a worker (`stays_open`)."""
    last = {"kind": "skill", "settings": {"code": "def run(**given): return 1"}} if stays_open else {"kind": "output"}
    graph: dict[str, Any] = {
        "nodes": [
            {"id": "s", "kind": "sensor", "x": 0, "y": 0, "settings": settings},
            {"id": "o", "x": 200, "y": 0, **last},
        ],
        "edges": [{"id": "e", "source": "s", "target": "o"}],
    }
    return commands.create_flow(Person(owner), parse_flow(title="Sensing", **graph), via="api")


def add_sensor(owner: int, flow: Flow) -> None:
    """Add a sensor `s` to a flow."""
    node = decode_node({"id": "s", "kind": "sensor", "x": 0, "y": 200}, helix_limits.current())
    commands.submit(flow.pk, [Submission(operation=AddNode(node), principal=Person(owner), via="api")])


def set_sensor(owner: int, flow: Flow, **settings: object) -> int:
    """Change the sensor's settings; return the version."""
    operation = EditNode("s", {"settings": settings})
    commands.submit(flow.pk, [Submission(operation=operation, principal=Person(owner), via="api")])
    flow.refresh_from_db()
    return flow.version


def listen(owner: int, flow: Flow, **options: Any) -> Trigger:
    """Make a trigger of the sensor."""
    return create_trigger(Person(owner), flow.pk, node="s", **options)


def due_now(trigger: Trigger, now: datetime | None = None) -> Trigger:
    """Let a trigger be looked at now, whatever it waits for."""
    Trigger.objects.filter(pk=trigger.pk).update(due_at=now or timezone.now())
    trigger.refresh_from_db()
    return trigger


def inputs(flow: Flow) -> list[Any]:
    """Return what the runs of a flow were given, in the order of their events."""
    events = TriggerEvent.objects.filter(trigger__flow=flow).order_by("pk")
    return [orjson.loads(event.run.input) for event in events.select_related("run") if event.run is not None]


def named(events: list[Any], *names: str) -> list[Mapping[str, Any]]:
    """Return some parts of each event."""
    return [{name: event[name] for name in names} for event in events]
