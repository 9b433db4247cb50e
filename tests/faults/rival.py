"""Somebody else at the same database, an operator's script say, who takes its locks the other way round than we do."""

import asyncio
from typing import LiteralString

import psycopg

from flows.models import Flow, FlowNode

DEADLOCK = "1s"
"""When PostgreSQL looks, once, whether who waits waits in a circle: the time in which the rival closes one."""

_NODES: LiteralString = "SELECT 1 FROM {table} WHERE flow_id = %s FOR UPDATE"
_FLOWS: LiteralString = "LOCK TABLE {table} IN EXCLUSIVE MODE"
_WAITING: LiteralString = "SELECT 1 FROM pg_stat_activity WHERE %s = ANY(pg_blocking_pids(pid))"


class Rival:
    """One transaction, begun by holding a flow's nodes; it never gives in, so the other side of a circle has to."""

    def __init__(self, url: str, flow_id: str) -> None:
        self._flow_id = flow_id
        self._watch = psycopg.connect(url, autocommit=True)
        self._own = psycopg.connect(url)
        self._own.execute("SET deadlock_timeout = '1h'")
        self._own.execute("SET lock_timeout = '20s'")

    def hold_nodes(self) -> None:
        """Let nobody else write the flow's nodes."""
        statement = _NODES.format(table=FlowNode._meta.db_table)
        self._own.execute(statement, [self._flow_id])  # type: ignore[arg-type]

    def hold_flow(self) -> None:
        """Let nobody else write the flow's row, and write it."""
        self._own.execute(f"UPDATE {Flow._meta.db_table} SET updated_at = now() WHERE id = %s", [self._flow_id])

    async def collide(self, times: int) -> None:
        """Ask for the flow once somebody who has it waits for us, so often; each time they lose once, and we let go."""
        for _ in range(times):
            await self.waited_for()
            await asyncio.to_thread(self._close_circle)

    async def waited_for(self) -> None:
        """Return when somebody waits for what we hold."""
        async with asyncio.timeout(20):
            while self._watch.execute(_WAITING, [self._own.info.backend_pid]).fetchone() is None:
                await asyncio.sleep(0)

    def commit(self) -> None:
        """Let go of everything."""
        self._own.commit()

    def leave(self) -> None:
        """End."""
        self._own.close()
        self._watch.close()

    def _close_circle(self) -> None:
        """By the whole table, for that has a queue: whoever lost begins again behind us and loses only once. A row has
        none, there the loser's next transaction may overtake us."""
        self._own.execute("SAVEPOINT before")
        self._own.execute(_FLOWS.format(table=Flow._meta.db_table))  # type: ignore[arg-type]
        self._own.execute("ROLLBACK TO SAVEPOINT before")
