"""Which principals may still act: their login stands, their token is not revoked.

Read inside the transaction that writes, together with their roles. On PostgreSQL that alone would leave a gap: a write
that read them may commit after the revocation did. So who writes holds its people's rights (`hold_query`), shared with
all other writers, and who takes rights away waits for those (`revoke_rights`) before committing. On SQLite there is one
writer at a time. Order: the audit log's head, then a flow's row, then rights; nothing is locked after rights.
What is held are `PLACES` places, which people share: a server has room for some thousand locks in all.

A login ends with the password that it was made with: who acts by it carries that password's stamp.
"""

from collections.abc import Collection, Iterable
from typing import Any

from django.contrib.sessions.models import Session
from django.db import connection
from django.utils.translation import gettext as _

from accounts.models import PersonalToken
from accounts.principals import Person, Principal, TokenBearer
from web.errors import Problem

_CLASS, PLACES = 7_401 << 32, 256
_TOKENS, _SESSIONS = PersonalToken._meta.db_table, Session._meta.db_table

Query = tuple[str, list[Any]]


def hold_query(user_ids: Iterable[int]) -> Query | None:
    """Return the query by which a transaction holds the rights of people until it ends; None where none is needed."""
    if connection.vendor != "postgresql" or not (keys := _keys(user_ids)):
        return None
    return "SELECT pg_advisory_xact_lock_shared(held) FROM unnest(%s::bigint[]) AS held", [keys]


def revoke_rights(user_ids: Iterable[int]) -> None:
    """Wait for those who write for these people, inside the transaction that takes their rights away."""
    if connection.vendor == "postgresql" and (keys := _keys(user_ids)):
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(held) FROM unnest(%s::bigint[]) AS held", [keys])


def is_ahead(column: str) -> str:
    """Return the condition that a time is still to come when the statement begins, in SQL.

    `CURRENT_TIMESTAMP` would be when the transaction began, and on SQLite a whole second.
    """
    if connection.vendor == "sqlite":
        return f"julianday({column}) > julianday('now')"
    return f"{column} > statement_timestamp()"


def stamp_of(password: str) -> str:
    """Return what tells a password's hash from any other."""
    return password[-16:]


def standing_query(principals: Collection[Principal]) -> Query | None:
    """Return the query for `standing`: which of their logins and tokens stand; None if they have none."""
    logins = sorted({one.login for one in principals if isinstance(one, Person | TokenBearer) and one.login})
    tokens = sorted({one.token for one in principals if isinstance(one, TokenBearer) and one.token})
    parts, parameters = list[str](), list[Any]()
    if logins:
        parts.append(
            f"SELECT session_key, 0 FROM {_SESSIONS} WHERE session_key IN ({_places(logins)})"  # noqa: S608
            f" AND {is_ahead('expire_date')}"
        )
        parameters += logins
    if tokens:
        parts.append(
            f"SELECT NULL, id FROM {_TOKENS} WHERE id IN ({_places(tokens)}) AND revoked_at IS NULL"  # noqa: S608
            f" AND (expires_at IS NULL OR {is_ahead('expires_at')})"
        )
        parameters += tokens
    return (" UNION ALL ".join(parts), parameters) if parts else None


def need_standing(principals: Collection[Principal]) -> bool:
    """Tell whether any of them came in by a login or a token, which may have ended."""
    return any(isinstance(one, Person | TokenBearer) and one.login for one in principals) or any(
        isinstance(one, TokenBearer) and one.token for one in principals
    )


def standing(principals: Collection[Principal], rows: Iterable[tuple[str | None, int]]) -> set[Principal]:
    """Return those whose login or token stands, or who need none, from the rows of `standing_query`."""
    found = list(rows)
    logins, tokens = {key for key, _ in found if key}, {token for _, token in found if token}
    return {one for one in principals if _stands(one, logins, tokens)}


def expect_standing(principal: Principal) -> None:
    """Raise `Problem` (`not_authenticated`) if a login or token has ended meanwhile; inside a transaction."""
    if (asked := standing_query([principal])) is None:
        return
    with connection.cursor() as cursor:
        cursor.execute(*asked)
        if principal not in standing([principal], cursor.fetchall()):
            raise Problem("not_authenticated", _("The access token is not valid or has expired."))


def _keys(user_ids: Iterable[int]) -> list[int]:
    return sorted({_CLASS + one % PLACES for one in user_ids})


def _stands(principal: Principal, logins: set[str], tokens: set[int]) -> bool:
    match principal:
        case Person(_, str() as login):
            return login in logins
        case TokenBearer(_, login, token):
            return (login is None or login in logins) and (token is None or token in tokens)
        case _:
            return True


def _places(values: Collection[object]) -> str:
    return ", ".join(["%s"] * len(values))
