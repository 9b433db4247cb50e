"""What people keep about a flow for themselves: whether they starred it, and when they last opened it.

Nobody else sees it, it makes no version, and a viewer may do it.
"""

from datetime import timedelta
from uuid import UUID

from django.utils import timezone

from accounts.principals import Caller, Guest, Person, Principal, Scope, TokenBearer
from flows.access import Role, authorize
from flows.commands.visits import note_visit
from flows.errors import Forbidden, NotFound
from flows.models import Flow, Opening, Star
from flows.rates import count_flow_change
from web.write_transaction import in_write_transaction

NOTED_EVERY = timedelta(minutes=1)


def star_flow(principal: Principal, flow_id: UUID, *, is_starred: bool) -> None:
    """Star a flow for oneself, or no longer.

    Raises `NotFound`, and `Forbidden` for tokens that only read and for who has no library: guests, the system.
    """
    count_flow_change(principal)
    _star(principal, flow_id, is_starred)


def note_opening(principal: Caller, flow_id: UUID) -> None:
    """Note that a person opened a flow just now, at most every minute; of a guest only that the visit goes on."""
    if isinstance(principal, Guest):
        note_visit(principal)
        return
    now = timezone.now()
    known = Opening.objects.filter(user=principal.user_id, flow=flow_id).values_list("at", flat=True).first()
    if known is None or known < now - NOTED_EVERY:
        _note(Opening(user_id=principal.user_id, flow_id=flow_id, at=now))


@in_write_transaction
def _star(principal: Principal, flow_id: UUID, is_starred: bool) -> None:
    if not Flow.objects.filter(pk=flow_id, deleted_at=None).exists():
        raise NotFound
    authorize(principal, flow_id, Role.VIEWER)
    user_id = _owner_of_stars(principal)
    if is_starred:
        Star.objects.bulk_create([Star(user_id=user_id, flow_id=flow_id)], ignore_conflicts=True)
    else:
        Star.objects.filter(user=user_id, flow=flow_id).delete()


def _owner_of_stars(principal: Principal) -> int:
    match principal:
        case Person(user_id) | TokenBearer(user_id, scope=Scope.WRITE | Scope.ADMIN):
            return user_id
        case _:
            raise Forbidden


@in_write_transaction
def _note(opening: Opening) -> None:
    Opening.objects.bulk_create([opening], update_conflicts=True, unique_fields=["flow", "user"], update_fields=["at"])
