"""Rows of a run as the commands write them, for tests of what is shown of it. Real rows; nothing executes."""

import json
from dataclasses import dataclass, field
from datetime import timedelta
from uuid import UUID

from asgiref.sync import sync_to_async
from channels.layers import get_channel_layer
from django.utils import timezone

from flows.models import Flow
from flows.publish import group_name
from runs.models import Plan, Run, RunEvent, Task
from runs.plan import COMPILER, encode_plan
from runs.plan import Plan as Compiled
from runs.plans import plan_for
from web.errors import Problem


@dataclass
class Written:
    """One run and the writing of its events."""

    flow: UUID
    id: UUID
    seq: int = 0
    states: dict[str, str] = field(default_factory=dict)

    def event(self, kind: str, node: str = "", path: str = "", **data: object) -> None:
        """Write one event, and what it makes of its task."""
        self.seq += 1
        key = f"{self.id.hex}.{node}.{path}" if node else ""
        RunEvent.objects.create(
            run_id=self.id, seq=self.seq, kind=kind, task=key, node=node, data=json.dumps(data), at=timezone.now()
        )
        if node:
            error = data.get("error")
            columns = {name: data[name] for name in ("state", "attempt", "done", "total", "reason") if name in data}
            if isinstance(error, dict):
                columns |= {"error_code": error["code"], "error_message": error["message"]}
            Task.objects.update_or_create(
                key=key,
                defaults={"kind": "agent", "label": node, **columns},
                create_defaults={"run_id": self.id, "node": node, "path": path, "kind": "agent", **columns},
            )
        changed = {"state": data["state"]} if not node and "state" in data else {}
        Run.objects.filter(pk=self.id).update(seq=self.seq, **changed)

    def task(self, node: str, *states: str, path: str = "", **data: object) -> None:
        """Write one event for each state that a task comes to."""
        for state in states:
            kind = {"running": "task_started"}.get(state, f"task_{state}")
            self.event(kind, node, path, state=state, attempt=1, **data)

    async def hint(self) -> None:
        """Tell the flow's sessions that there is something to read."""
        message = {"type": "flow.run", "flow": str(self.flow), "run": str(self.id), "seq": self.seq}
        await get_channel_layer().group_send(group_name(self.flow), message)

    async def happens(self, node: str, *states: str, **data: object) -> None:
        """Write what happened to a task, and tell of it."""
        await sync_to_async(self.task)(node, *states, **data)
        await self.hint()


def written(flow: Flow, *, version: int | None = None, minutes_ago: int = 0) -> Written:
    """Write a run that has just begun."""
    version = flow.version if version is None else version
    try:
        plan = plan_for(flow.pk, version)
    except Problem:  # what cannot run has a plan without steps here
        body = {"digest": "", "body": encode_plan(Compiled({}, ()))}
        plan, _new = Plan.objects.get_or_create(flow=flow, version=version, compiler=COMPILER, defaults=body)
    at = timezone.now() - timedelta(minutes=minutes_ago)
    run = Run.objects.create(flow=flow, plan=plan, version=version, created_at=at, started_at=at)
    made = Written(flow.pk, run.pk)
    made.event("run_created", state="waiting")
    made.event("run_started", state="running")
    return made
