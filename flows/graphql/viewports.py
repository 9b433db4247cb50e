"""Where people last looked in their flows: a row for each, which makes no version and concerns nobody else."""

import math
from collections.abc import Collection
from uuid import UUID

from django.utils.translation import gettext as _

from accounts.principals import Caller
from flows.access import get_flow_for
from flows.graphql.types import Viewport
from flows.models import Viewport as Row
from web.errors import Problem
from web.write_transaction import write_transaction

FARTHEST, LARGEST_ZOOM = 1_000_000_000, 1_000


def viewports_of(person: Caller, flows: Collection[UUID]) -> dict[UUID, Viewport]:
    """Return where a person last looked in some flows; those in which that is not known are left out."""
    rows = Row.objects.filter(user_id=person.user_id, flow_id__in=list(flows))
    return {flow: Viewport(x=x, y=y, zoom=zoom) for flow, x, y, zoom in rows.values_list("flow_id", "x", "y", "zoom")}


def keep_viewport(person: Caller, flow_id: UUID, x: float, y: float, zoom: float) -> None:
    """Keep where a person looks in a flow that they may see. Raises `NotFound`, and `Problem` for what is no place."""
    numbers_fit = all(math.isfinite(value) and abs(value) <= FARTHEST for value in (x, y))
    if not (numbers_fit and math.isfinite(zoom) and 0 < zoom <= LARGEST_ZOOM):
        raise Problem("invalid", _("viewport: numbers that can be looked at, and a zoom above 0"))
    with write_transaction():
        get_flow_for(person, flow_id)
        place = {"x": x, "y": y, "zoom": zoom}
        Row.objects.update_or_create(flow_id=flow_id, user_id=person.user_id, defaults=place)
