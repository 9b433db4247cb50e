"""On whose behalf this thread or task asks the database, as the database is told it.

PostgreSQL's row-level security shows only what that one may see (`flows.storage.row_level_security`); "" sees no row of
a flow at all. It goes with the context, so a task or thread begins with what it is given, and a thread that is given
nothing begins with nothing. `accounts.acting` has the words for it; `web.postgresql` tells the database.
"""

from contextvars import ContextVar

NOBODY, SYSTEM = "", "system"

acting: ContextVar[str] = ContextVar("acting", default=NOBODY)
