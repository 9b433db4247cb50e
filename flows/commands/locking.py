"""The flow's lock, and what a person may do as of this moment. Only called inside a transaction."""

from collections.abc import Collection
from dataclasses import dataclass
from uuid import UUID

from django.contrib.auth import get_user_model

from flows.access import Role
from flows.errors import Forbidden, NotFound
from flows.models import Flow, Membership
from flows.storage.sql import for_update, key_value, places, select
from flows.submission import Via

_FLOW = ("id", "title", "description", "version", "digest", "epoch", "node_count", "edge_count", "deleted_at")
_LOCK = f"SELECT {', '.join(_FLOW)} FROM {Flow._meta.db_table} WHERE id = %s"  # noqa: S608  (our names)
_ROLES = """SELECT user_id, role FROM {memberships} JOIN {people} ON {people}.id = user_id
WHERE flow_id = %s AND is_active AND user_id IN ({places})"""


@dataclass(slots=True)
class LockedFlow:
    """A flow's row while it is ours to write."""

    id: UUID
    title: str
    description: str
    version: int
    digest: str
    epoch: str
    node_count: int
    edge_count: int


def lock_flow(flow_id: UUID, *, deleted: bool = False) -> LockedFlow:
    """Lock a flow's row until the transaction ends. Raises `NotFound`; `deleted` also finds one that was deleted."""
    rows = select(_LOCK + for_update(), [key_value(flow_id)])
    if not rows or (rows[0][-1] is not None and not deleted):
        raise NotFound
    return LockedFlow(flow_id, *rows[0][1:-1])


def roles_of(flow_id: UUID, people: Collection[int]) -> dict[int, Role]:
    """Return the roles of those who are members now and whose accounts are active."""
    if not people:
        return {}
    statement = _ROLES.format(
        memberships=Membership._meta.db_table, people=get_user_model()._meta.db_table, places=places(len(people))
    )
    return {user_id: Role(role) for user_id, role in select(statement, [key_value(flow_id), *people])}


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
