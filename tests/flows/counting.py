"""How much a piece of code asks of the database, in rows: statements alone do not tell."""

from typing import Any

from django.db import connection


class Rows:
    """Counts rows that queries select and rows that statements touch; `counted` is how many queries that took."""

    def __init__(self) -> None:
        self.read = self.written = self.counted = 0

    def __enter__(self) -> "Rows":
        self._wrapping = connection.execute_wrapper(self._count)
        self._wrapping.__enter__()
        return self

    def __exit__(self, *exception: object) -> None:
        self._wrapping.__exit__(*exception)

    def _count(self, execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        result = execute(sql, params, many, context)
        if sql.lstrip().startswith(("INSERT", "UPDATE", "DELETE")):
            self.written += max(0, context["cursor"].rowcount)
        elif sql.lstrip().startswith("SELECT"):
            with connection.cursor() as again:
                again.cursor.execute(f"SELECT count(*) FROM ({sql.replace('FOR UPDATE', '')}) AS asked", params or ())
                self.read += again.fetchone()[0]
            self.counted += 1
        return result
