"""Texts read as values, and values written as texts: JSON, lines, CSV. Pure, and bounded by the value that comes in."""

import csv
import io
import json

from flows.document import Rejected
from flows.document.json import parse_json
from flows.expressions import Json
from runs.errors import TaskFailure
from web.deferred_translation import kept as _

MOST_COLUMNS = 1_000
_ALIASES = {
    "application/json": "json",
    "text/plain": "text",
    "txt": "text",
    "string": "text",
    "plain": "text",
    "text/csv": "csv",
    "object": "json",
    "any": "",
    "auto": "",
    "none": "",
}
FORMATS = ("", "json", "text", "lines", "csv")


def format_named(name: str) -> str:
    """Return a format by what people call it. Raises `TaskFailure` ("expression")."""
    word = name.strip().lower()
    found = _ALIASES.get(word, word)
    if found not in FORMATS:
        raise TaskFailure("expression", _("There is no format “%(name)s”.") % {"name": name[:100]})
    return found


def read_as(name: str, value: Json) -> Json:
    """Read a text in a format; what is no text stays as it is. Raises `TaskFailure` ("invalid_input")."""
    kind = format_named(name)
    if kind == "text":
        return written_as("text", value)
    if not isinstance(value, str):
        return value
    match kind:
        case "json":
            return json_of(value, "invalid_input")
        case "lines":
            return list(value.splitlines())
        case "csv":
            return _rows(value)
        case _:
            return value


def written_as(name: str, value: Json) -> Json:
    """Write a value in a format: `json` gives a value, the others a text. Raises `TaskFailure` ("invalid_output")."""
    match format_named(name):
        case "json":
            return json_of(value, "invalid_output") if isinstance(value, str) else value
        case "text":
            return text_of(value)
        case "lines":
            return "\n".join(map(text_of, value)) if isinstance(value, list) else text_of(value)
        case "csv":
            return _table(value)
        case _:
            return value


def text_of(value: Json) -> str:
    """Return a text as it is, nothing for null, and JSON for all else."""
    if isinstance(value, str):
        return value
    return "" if value is None else json.dumps(value, ensure_ascii=False)


def json_of(text: str, code: str) -> Json:
    """Read JSON. Raises `TaskFailure` with a code."""
    try:
        return parse_json(text)  # type: ignore[return-value]
    except Rejected:
        raise TaskFailure(code, _("This is no JSON: %(text)s") % {"text": text[:100]}) from None


def _rows(text: str) -> list[Json]:
    """Read CSV: the first row names the columns."""
    try:
        return [
            {name: cell for name, cell in row.items() if name is not None}
            for row in csv.DictReader(io.StringIO(text, newline=""))
        ]
    except csv.Error as error:
        raise TaskFailure("invalid_input", _("This is no CSV: %(why)s") % {"why": error}) from None


def _table(value: Json) -> str:
    if isinstance(value, str):
        return value
    rows = value if isinstance(value, list) else [value]
    columns: dict[str, None] = {}
    for row in rows:
        columns.update(dict.fromkeys(row if isinstance(row, dict) else ()))
    if len(columns) > MOST_COLUMNS:
        raise TaskFailure("invalid_output", _("A table may have %(most)s columns.") % {"most": MOST_COLUMNS})
    made = io.StringIO(newline="")
    writer = csv.writer(made, lineterminator="\n")
    if columns:
        writer.writerow(columns)
    for row in rows:
        writer.writerow(_cells(row, columns))
    return made.getvalue()


def _cells(row: Json, columns: dict[str, None]) -> list[str]:
    match row:
        case dict():
            return [text_of(row.get(name)) for name in columns]
        case list():
            return [text_of(cell) for cell in row]
        case _:
            return [text_of(row)]
