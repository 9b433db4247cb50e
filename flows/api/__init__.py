"""REST about flows. Every call asks `flows.access` who may, and writes through `flows.commands` alone."""

from flows.api import (
    actions,
    audit,
    edits,
    flows,
    interchange,
    leaving,
    links,
    members,
    overwrites,
    templates,
    tokens,
    validation,
    webhooks,
)
from web.router import Router

router = Router()
router.add_router("", interchange.router)
router.add_router("", flows.router)
router.add_router("", edits.router)
router.add_router("", overwrites.router)
router.add_router("", members.router)
router.add_router("", links.router)
router.add_router("", templates.router)
router.add_router("", tokens.router)
router.add_router("", validation.router)
router.add_router("", actions.router)
router.add_router("", webhooks.router)
router.add_router("", audit.router)

__all__ = ["leaving", "router"]
