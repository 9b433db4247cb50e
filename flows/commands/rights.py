"""How a command that changes rights begins: it locks the audit log's head, then the flow, and reads the role as it is.

One order for all is free of deadlocks; those who edit never wait for the head.
"""

from uuid import UUID

from accounts.principals import Principal
from flows.access import CHANGE, Role, authorize
from flows.commands.flow_lock import LockedFlow, lock_flow
from flows.log.audit import lock_audit


def lock_rights(principal: Principal, flow_id: UUID, *, permission: str = CHANGE, deleted: bool = False) -> LockedFlow:
    """Lock a flow and the audit log for an owner; `deleted` also finds a flow in the trash.

    Raises `NotFound` and `Forbidden`.
    """
    lock_audit()
    flow = lock_flow(flow_id, deleted=deleted)
    authorize(principal, flow_id, Role.OWNER, permission)
    return flow
