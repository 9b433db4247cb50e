"""Everything real: PostgreSQL, Redis, two server processes, and a bad network before each of them."""

import os
import secrets
from contextlib import ExitStack
from types import TracebackType
from uuid import UUID

from tests.hostile.beginning import EDGES, NODES
from tests.postgres import Postgres
from tests.programs import Programs
from tests.proxy import Proxy
from tests.redis import Redis
from tests.servers import Server

PEOPLE = 3


class Stage:
    """A context manager. `tokens` are the people's, by their id; all of them may edit the flow."""

    def __enter__(self) -> "Stage":
        self._open = ExitStack()
        postgres, self.redis = Postgres(), Redis()
        self._open.callback(postgres.stop)
        self._open.callback(self.redis.stop)
        self.database_url = postgres.new_database()
        common = {"database_url": self.database_url, "redis_url": self.redis.url}
        self._log_key = secrets.token_urlsafe(50)
        keys = {"HELIX_SECRET_KEY": secrets.token_urlsafe(50), "HELIX_LOG_KEY": self._log_key}
        kinds = {"daphne": False, "uvicorn": True}  # one with another seed of its hashes
        servers = [Server(**common, server=kind, environment=keys, own_python=own) for kind, own in kinds.items()]
        self.servers = [self._open.enter_context(server) for server in servers]
        self.proxies = [self._open.enter_context(Proxy(server.port)) for server in self.servers]
        self._people(Programs(self.servers[0]))
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._open.close()

    def open_database(self) -> None:
        """Let this process read the servers' database itself."""
        import django

        os.environ |= {"HELIX_DATABASE_URL": self.database_url, "HELIX_LOG_KEY": self._log_key}
        os.environ["DJANGO_SETTINGS_MODULE"] = "helix.settings"
        django.setup()

    def _people(self, programs: Programs) -> None:
        tokens = [programs.owner, *(programs.editor() for _ in range(PEOPLE - 1))]
        self.flow_id = UUID(programs.flow)
        self.tokens = {programs.call(token, "GET", "/me")["id"]: token for token in tokens}
        body = {"version": 1, "nodes": NODES, "edges": EDGES}
        programs.call(programs.owner, "PUT", f"/flows/{programs.flow}/graph", body)
