"""A flow offered as a tool to the programs of those who may run it, or not any more. It makes no version."""

from uuid import UUID

from accounts.audit import Action
from accounts.principals import Principal
from flows.access import Role, authorize, expect_own_role
from flows.commands.flow_lock import lock_flow
from flows.log import audit
from flows.models import Flow
from flows.rates import count_flow_change
from flows.submission import Via
from web.write_transaction import in_write_transaction


def offer_as_tool(principal: Principal, flow_id: UUID, *, is_offered: bool, via: Via | None = None) -> None:
    """Offer a flow as a tool, or take that back; editors only, and none by a link alone.

    Raises `NotFound`, `Forbidden` and `Problem` (`rate_limited`).
    """
    count_flow_change(principal)
    _offer(principal, flow_id, is_offered, via)


@in_write_transaction
def _offer(principal: Principal, flow_id: UUID, is_offered: bool, via: Via | None) -> None:
    audit.lock_audit()
    lock_flow(flow_id)
    expect_own_role(authorize(principal, flow_id, Role.EDITOR), Role.EDITOR)
    before = Flow.objects.values_list("offer_as_tool", flat=True).get(pk=flow_id)
    if before == is_offered:
        return
    Flow.objects.filter(pk=flow_id).update(offer_as_tool=is_offered)
    detail = {"setting": "offer_as_tool", "before": before, "after": is_offered}
    audit.record_by(principal, Action.SETTING_CHANGED, flow_id, via=via, object=f"flow:{flow_id}", detail=detail)
