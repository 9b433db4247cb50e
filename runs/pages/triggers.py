"""What starts runs of a flow by itself: a page for owners that works without scripts, a form for each sensor."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from flows.access import Access, Role, read_id
from flows.errors import NotFound
from flows.pages.decorators import PageRequest, flow_view, principal
from flows.storage.store import read_nodes
from runs.models import Trigger
from runs.triggers import commands
from runs.triggers.tokens import Hook, token_of
from web.errors import Problem, as_failure


@dataclass(frozen=True, slots=True)
class ShownSensor:
    """A sensor of the flow as it is now, or one that only a trigger remembers; and its trigger, if it has one."""

    node: str
    label: str
    source: str
    is_here: bool
    trigger: Trigger | None = None
    url: str = ""
    next_at: datetime | None = None


@require_http_methods(["GET", "HEAD", "POST"])
@flow_view(Role.OWNER)
def triggers(request: PageRequest, access: Access) -> HttpResponse:
    """Show the sensors and what listens; begin, stop, move to the version of now, give another address, remove."""
    if request.method == "POST":
        try:
            _act(request, access)
        except Problem as problem:
            return as_failure(_page(request, access, error=problem.message), problem)
        except NotFound:
            pass  # it is gone already; the page shows it
        return redirect("runs:triggers", access.flow.pk)
    return _page(request, access)


def _act(request: PageRequest, access: Access) -> None:
    """Do what a button says. Raises `Problem` and `NotFound`."""
    who, flow, given = principal(request), access.flow, request.POST
    action = given.get("action", "")
    if action == "create":
        commands.create_trigger(who, flow.pk, node=given.get("node", "")[:64])
        return
    trigger = read_id(given.get("trigger", ""))
    match action:
        case "enable" | "disable":
            commands.change_trigger(who, flow.pk, trigger, enabled=action == "enable")
        case "move":
            commands.change_trigger(who, flow.pk, trigger, version=flow.version)
        case "rotate":
            commands.change_trigger(who, flow.pk, trigger, rotate=True)
        case "delete":
            commands.delete_trigger(who, flow.pk, trigger)


def _page(request: PageRequest, access: Access, *, error: str = "") -> HttpResponse:
    context: dict[str, Any] = {"flow": access.flow, "sensors": _sensors(request, access), "error": error}
    return render(request, "flows/runs/triggers.html", context)


def _sensors(request: PageRequest, access: Access) -> list[ShownSensor]:
    held = {one.node: one for one in commands.triggers_of(principal(request), access.flow.pk)}
    names = dict(Trigger.Source.choices)
    shown = []
    for node in read_nodes(access.flow.pk):
        if node.kind == "sensor":
            source = str(node.settings.get("source") or Trigger.Source.WEBHOOK)
            label = node.label or _("Sensor")
            shown.append(_shown(request, node.id, label, str(names.get(source, source)), held.pop(node.id, None)))
    gone = [
        _shown(request, one.node, one.node, str(one.get_source_display()), one, is_here=False) for one in held.values()
    ]
    return [*shown, *gone]


def _shown(
    request: PageRequest, node: str, label: str, source: str, trigger: Trigger | None, *, is_here: bool = True
) -> ShownSensor:
    url = ""
    if trigger is not None and trigger.source == Trigger.Source.WEBHOOK:
        url = request.build_absolute_uri(f"/hooks/{token_of(Hook(trigger.pk, trigger.rotation))}")
    next_at = trigger.next_at if trigger is not None and trigger.enabled else None
    return ShownSensor(node, label, source, is_here, trigger, url, next_at)
