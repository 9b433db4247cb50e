"""REST about flows. Every call asks `flows.access` who may, and writes through `flows.commands` alone."""

from flows.api import edits, flows, members, overwrites
from web.router import Router

router = Router()
router.add_router("", flows.router)
router.add_router("", edits.router)
router.add_router("", overwrites.router)
router.add_router("", members.router)

__all__ = ["router"]
