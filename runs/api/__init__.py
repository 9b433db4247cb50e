"""REST about runs. Every call asks `flows.access` who may, and writes through the commands of its subject alone."""

from runs.api import (
    flow_tools,
    notifications,
    providers,
    runs,
    secrets,
    tasks,
    team_secrets,
    tool_servers,
    triggers,
    workers,
)
from web.router import Router

router = Router()
router.add_router("", runs.router)
router.add_router("", tasks.router)
router.add_router("", flow_tools.router)
router.add_router("", providers.router)
router.add_router("", secrets.router)
router.add_router("", team_secrets.router)
router.add_router("", tool_servers.router)
router.add_router("", triggers.router)
router.add_router("", notifications.router)
router.add_router("", workers.router)

__all__ = ["router"]
