"""Who may do what with a flow: the one place that turns a principal into a role.

Pages, REST, sockets, admin and commands all come to `grants_of`: to open a flow (`get_flow_for`), inside a command's
transaction, where the role is read again under the lock (`authorize`), and for all authors of a batch or all sockets of
a live session in one query. `memberships_of` is the same rule for lists. A flow that is unknown, deleted or not yours
is the same `NotFound`.
"""

from collections.abc import Collection
from dataclasses import dataclass
from enum import StrEnum
from typing import assert_never
from uuid import UUID

from django.contrib.auth import get_user_model
from django.db.models import QuerySet

from accounts.colours import colour_of
from accounts.principals import Administrator, Person, Principal, System, TokenBearer, user_id_of
from flows.errors import Forbidden, NotFound
from flows.models import Flow, Membership
from flows.storage.sql import key_value, places, select

VIEW, CHANGE, DELETE = "flows.view_flow", "flows.change_flow", "flows.delete_flow"
"""Django's permissions, by which an administrator stands in for an owner."""

_MEMBERS = """SELECT user_id, role, colour FROM {memberships} JOIN {people} ON {people}.id = user_id
WHERE flow_id = %s AND is_active AND user_id IN ({places})"""


class Role(StrEnum):
    """A role in a flow, from the smallest to the greatest."""

    VIEWER = "viewer"
    COMMENTER = "commenter"
    EDITOR = "editor"
    OWNER = "owner"

    def includes(self, other: "Role") -> bool:
        """Tell whether this role may do what `other` may."""
        return _ORDER.index(self) >= _ORDER.index(other)


_ORDER = tuple(Role)


@dataclass(frozen=True, slots=True)
class Grant:
    """What a principal has in a flow: the role, and the colour (`#rrggbb`) it is drawn in."""

    role: Role
    colour: str


@dataclass(frozen=True, slots=True)
class Access:
    """A flow that a principal may see, and what it has in it."""

    flow: Flow
    role: Role
    colour: str

    @property
    def may_edit(self) -> bool:
        """Whether the role allows to change the flow."""
        return self.role.includes(Role.EDITOR)


def grants_of(flow_id: UUID, principals: Collection[Principal], permission: str = CHANGE) -> dict[Principal, Grant]:
    """Return what each principal has in a flow now, deleted or not; who has nothing is left out.

    Members count if their accounts are active; an administrator with the permission counts as an owner.
    """
    members = _members(flow_id, {user_id for one in principals if (user_id := user_id_of(one)) is not None})
    granted = {one: _grant(one, members, permission) for one in principals}
    return {principal: grant for principal, grant in granted.items() if grant is not None}


def memberships_of(principal: Person | TokenBearer) -> QuerySet[Membership]:
    """Return what a person belongs to, with the role in each flow: the same rule, for lists."""
    return Membership.objects.filter(user_id=principal.user_id, user__is_active=True, flow__deleted_at=None)


def authorize(principal: Principal, flow_id: UUID, role: Role, permission: str = CHANGE) -> Grant:
    """Return what a principal has in a flow now. Raises `NotFound` for nothing, `Forbidden` for less than `role`."""
    grant = grants_of(flow_id, [principal], permission).get(principal)
    if grant is None:
        raise NotFound
    if not grant.role.includes(role):
        raise Forbidden
    return grant


def get_flow_for(principal: Principal, flow_id: UUID | str, role: Role = Role.VIEWER) -> Access:
    """Return the flow for a principal with at least `role`. Raises `NotFound` or `Forbidden`."""
    flow = Flow.objects.filter(pk=read_flow_id(flow_id), deleted_at=None).first()
    if flow is None:
        raise NotFound
    grant = authorize(principal, flow.pk, role, VIEW)
    return Access(flow, grant.role, grant.colour)


def read_flow_id(value: UUID | str) -> UUID:
    """Read a flow's id as it stands in an address. Raises `NotFound` if it is not one."""
    try:
        return value if isinstance(value, UUID) else UUID(value)
    except ValueError:
        raise NotFound from None


def _grant(principal: Principal, members: dict[int, Grant], permission: str) -> Grant | None:
    match principal:
        case Person(user_id) | TokenBearer(user_id):
            return members.get(user_id)
        case Administrator(user_id):
            return _owner(user_id) if _has_permission(user_id, permission) else members.get(user_id)
        case System():
            return _owner(0)
        case _:
            assert_never(principal)


def _members(flow_id: UUID, user_ids: Collection[int]) -> dict[int, Grant]:
    if not user_ids:
        return {}
    statement = _MEMBERS.format(
        memberships=Membership._meta.db_table, people=get_user_model()._meta.db_table, places=places(len(user_ids))
    )
    rows = select(statement, [key_value(flow_id), *user_ids])
    return {user_id: Grant(Role(role), colour_of(colour)) for user_id, role, colour in rows}


def _has_permission(user_id: int, permission: str) -> bool:
    user = get_user_model().objects.filter(pk=user_id, is_active=True, is_staff=True).first()
    return user is not None and user.has_perm(permission)


def _owner(colour: int) -> Grant:
    return Grant(Role.OWNER, colour_of(colour))
