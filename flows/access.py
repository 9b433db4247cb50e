"""Who may do what with a flow: the one place where a role is asked for.

Pages, REST, sockets and admin call `get_flow_for`; whatever writes asks again inside its own transaction
(`flows.commands`), because a role may be gone by then. A flow that is unknown, deleted or not yours is the same
`NotFound`.
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Union
from uuid import UUID

from accounts.colours import colour_of
from flows.errors import Forbidden, NotFound
from flows.models import Flow, Membership

if TYPE_CHECKING:
    from django.contrib.auth.models import AnonymousUser

    from accounts.models import User

__all__ = ["Access", "Forbidden", "NotFound", "Role", "get_flow_for", "read_flow_id"]


class Role(StrEnum):
    """A person's role in a flow, from the smallest to the greatest."""

    VIEWER = "viewer"
    COMMENTER = "commenter"
    EDITOR = "editor"
    OWNER = "owner"

    def includes(self, other: "Role") -> bool:
        """Tell whether this role may do what `other` may."""
        return _ORDER.index(self) >= _ORDER.index(other)


_ORDER = tuple(Role)


@dataclass(frozen=True, slots=True)
class Access:
    """A flow somebody may see, in which role, and the colour (`#rrggbb`) they have in it."""

    flow: Flow
    role: Role
    colour: str

    @property
    def may_edit(self) -> bool:
        """Whether the role allows to change the flow."""
        return self.role.includes(Role.EDITOR)


def get_flow_for(user: Union["User", "AnonymousUser"], flow_id: UUID | str, role: Role = Role.VIEWER) -> Access:
    """Return the flow for a person with at least `role`. Raises `NotFound` or `Forbidden`."""
    if user.pk is None:
        raise NotFound
    membership = (
        Membership.objects.select_related("flow")
        .filter(flow_id=read_flow_id(flow_id), user_id=user.pk, user__is_active=True, flow__deleted_at=None)
        .first()
    )
    if membership is None:
        raise NotFound
    held = Role(membership.role)
    if not held.includes(role):
        raise Forbidden
    return Access(membership.flow, held, colour_of(membership.colour))


def read_flow_id(value: UUID | str) -> UUID:
    """Read a flow's id as it stands in an address. Raises `NotFound` if it can be none."""
    try:
        return value if isinstance(value, UUID) else UUID(value)
    except ValueError:
        raise NotFound from None
