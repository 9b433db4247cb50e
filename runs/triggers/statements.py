"""A query's text, read just far enough to know that it is one SELECT and where `:cursor` stands in it.

What lies in quotes and comments is left alone. It is read as PostgreSQL reads it, so that its parentheses are known and
it cannot leave those that are put around it. Else it is no guard: that nothing is written is the databases' own doing.
"""

import re
from dataclasses import dataclass

LONGEST = 20_000
_BEGIN = r"[^\x00-@\[-^`{-\x7f]"
_ALONE = r"(?<![^\x00-#%-/:-@\[-^`{-\x7f])"
"""All but ASCII is a letter to PostgreSQL; both are named by what they are not, which compiles in no time."""
_TOKEN = re.compile(
    rf"""(?P<quiet>{_ALONE}[eE]'(?:[^'\\]|\\.|'')*'|'(?:[^']|'')*'|"(?:[^"]|"")*"|`[^`]*`|--[^\r\n]*"""
    rf"""|(?P<comment>/\*.*?\*/)|{_ALONE}\$(?P<tag>(?:{_BEGIN}(?:{_BEGIN}|\d)*)?)\$.*?\$(?P=tag)\$)"""
    r"""|(?P<cast>::)|(?P<cursor>:cursor\b)|(?P<end>;)|(?P<open>\()|(?P<close>\))""",
    re.DOTALL,
)


@dataclass(frozen=True, slots=True)
class Statement:
    """One SELECT; `for_postgres` is the same with psycopg's own placeholder."""

    text: str
    for_postgres: str
    has_cursor: bool


def read_statement(text: str) -> Statement | None:
    """Return a query, without a semicolon at its end; None if it is none, or several."""
    text = text.strip().removesuffix(";").strip()
    if len(text) > LONGEST or "\0" in text or not re.match(r"(?i)(select|with|values)\b", text):
        return None
    parts, at, has_cursor, depth = [], 0, False, 0
    for found in _TOKEN.finditer(text):
        parts.append(text[at : found.start()].replace("%", "%%"))
        at = found.end()
        depth += bool(found["open"]) - bool(found["close"])
        if found["end"] or depth < 0 or "/*" in (found["comment"] or "")[2:]:  # comments in comments: not all know them
            return None
        has_cursor |= found["cursor"] is not None
        parts.append("%(cursor)s" if found["cursor"] else found[0].replace("%", "%%"))
    if depth:
        return None
    parts.append(text[at:].replace("%", "%%"))
    return Statement(text, "".join(parts), has_cursor)
