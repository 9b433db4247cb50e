"""The flow's lock, and what a person may do as of this moment. Only called inside a transaction."""

from collections.abc import Collection
from uuid import UUID

from django.contrib.auth import get_user_model

from flows.access import Role
from flows.errors import Forbidden, NotFound
from flows.models import Flow, Membership
from flows.submission import Via


def lock_flow(flow_id: UUID, *, deleted: bool = False) -> Flow:
    """Lock a flow's row until the transaction ends (SQLite has begun by locking all). Raises `NotFound`.

    `deleted` also finds one that was deleted.
    """
    flow = Flow.objects.select_for_update().filter(pk=flow_id).first()
    if flow is None or (flow.deleted_at is not None and not deleted):
        raise NotFound
    return flow


def roles_of(flow_id: UUID, people: Collection[int]) -> dict[int, Role]:
    """Return the roles of those who are members now and whose accounts are active."""
    if not people:
        return {}
    rows = Membership.objects.filter(flow_id=flow_id, user_id__in=people, user__is_active=True)
    return {user_id: Role(role) for user_id, role in rows.values_list("user_id", "role")}


def is_administrator(user_id: int, permission: str) -> bool:
    """Tell whether a person is active staff with a permission."""
    user = get_user_model().objects.filter(pk=user_id, is_active=True, is_staff=True).first()
    return user is not None and user.has_perm(permission)


def require(flow_id: UUID, actor: int | None, role: Role, via: Via, permission: str = "flows.change_flow") -> None:
    """Insist that a person has at least a role now. The system may all; staff may through the admin.

    Raises `NotFound` for a stranger, `Forbidden` for too small a role.
    """
    if actor is None:
        return
    held = roles_of(flow_id, [actor]).get(actor)
    if held is not None and held.includes(role):
        return
    if via == "admin" and is_administrator(actor, permission):
        return
    raise NotFound if held is None else Forbidden
