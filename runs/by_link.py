"""What those may run whose role comes from a link alone: guests, and people with an account who came by one.

A run reads the secrets of its flow and its team and reaches what the installation reaches, and who may edit a flow may
say where that goes. Owners chose their members; a link is whoever has it. So those who edit by a link alone start,
carry on and answer only what stays inside, unless an owner allows them more (`Flow.links_can_run`). Every door to a run
asks here: what starts one, what carries one on, and what answers for the flow's editors.
"""

from typing import Final

from django.utils.translation import gettext as _

from flows.access import Access, Grant, Role, has_own_role
from flows.errors import Forbidden
from flows.expressions import Json
from flows.models import Flow
from flows.validation.secrets import secrets_used_by
from runs.plan import Plan, Step
from runs.providers.builtin import PROVIDER

STAYS_INSIDE: Final = frozenset({"input", "transform", "decision", "loop", "sensor"})
"""Kinds that reach nothing outside the flow when a run executes them."""
GOES_OUT: Final = ("file_path", "webhook_url", "destinations")
"""Settings by which an output is delivered."""


def reaches_out(plan: Plan) -> bool:
    """Tell whether a run of this plan may use secrets, call or write anything outside, or ask a model that costs."""
    return any(step.enabled and _reaches_out(step) for step in plan.steps.values())


def expect_may_run(who: Grant | Access, flow: Flow, plan: Plan) -> None:
    """Raise `Forbidden` where a role by a link alone is not enough for a run of this plan."""
    if not edits_itself(who, flow) and reaches_out(plan):
        raise Forbidden(_refusal())


def edits_itself(who: Grant | Access, flow: Flow) -> bool:
    """Tell whether somebody is an editor otherwise than by a link, or by one as good as that."""
    return flow.links_can_run or has_own_role(who, Role.EDITOR)


def hint_for(who: Access, plan: Plan) -> str:
    """Return the sentence that the page says instead of starting a run, or "" where there is nothing to say."""
    return _refusal() if who.edits_by_link_alone and reaches_out(plan) else ""


def _refusal() -> str:
    return _(
        "You came by a link. This flow uses secrets or reaches out when it runs, so only its members may run it, unless"
        " an owner lets people who came by a link do so."
    )


def _reaches_out(step: Step) -> bool:
    settings = step.settings
    if secrets_used_by(step.kind, settings):
        return True
    match step.kind:
        case "agent":
            return settings.get("provider") != PROVIDER or bool(settings.get("tools"))
        case "skill":
            return bool(settings.get("tools"))
        case "memory":
            return _is_set(settings.get("embedding_model"))
        case "output":
            return any(_is_set(settings.get(name)) for name in GOES_OUT)
        case kind:
            return kind not in STAYS_INSIDE


def _is_set(value: Json) -> bool:
    return bool(value.strip()) if isinstance(value, str) else bool(value)
