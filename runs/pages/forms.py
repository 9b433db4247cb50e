"""Forms for what people enter about runs: the inputs of a run, the answer to a question.

Fields are `runs.kinds.fields.Field`; what was typed is read back by their types, and whatever cannot be read stays
text, so that the command says what is wrong with it. Names are sent with a prefix: whatever people call their
fields, the page's own are others.
"""

import base64
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from django.http import HttpRequest

from flows.document import Rejected, parse_json
from flows.expressions import Json
from flows.pages.decorators import PageRequest
from runs.kinds.fields import Field

PREFIX = "in."
"""Before each name that is sent."""


@dataclass(frozen=True, slots=True)
class FormField:
    """One field as a template draws it: `value` is text; `options` are those of a choice, as (value, text, chosen)."""

    id: str
    name: str
    title: str
    type: str
    is_required: bool = False
    value: str = ""
    is_checked: bool = False
    options: tuple[tuple[str, str, bool], ...] = ()
    minimum: float | None = None
    maximum: float | None = None
    error: str = ""


def shown_fields(fields: Iterable[Field], given: Mapping[str, str] | None = None, prefix: str = "") -> list[FormField]:
    """Return fields to draw, with what was typed or their defaults; `prefix` keeps the ids of several forms apart."""
    return [_shown(field, given, prefix) for field in fields]


def with_errors(fields: Iterable[FormField], errors: Mapping[str, str]) -> list[FormField]:
    """Return the fields with what is wrong with them."""
    return [replace(field, error=errors.get(field.name.removeprefix(PREFIX), "")) for field in fields]


def read_field(request: HttpRequest, name: str, kind: str, enum: tuple[Json, ...] = ()) -> Json:
    """Read what was entered into a field; None for nothing."""
    name = PREFIX + name
    if kind == "file":
        return _file(request, name)
    if kind == "boolean":
        return name in request.POST
    text = request.POST.get(name, "")
    if enum:
        return next((one for one in enum if _text(one) == text), text or None)
    if text == "" or kind == "string":
        return text or None
    return _number(text) if kind in ("integer", "number") else _json(text)


def sent_key(request: PageRequest) -> str | None:
    """Return the key of what was sent, which makes it the same start when it is sent again; None without one."""
    key = request.POST.get("key", "")
    return f"page:{request.reader.pk}:{key[:64]}" if key else None


def _shown(field: Field, given: Mapping[str, str] | None, prefix: str) -> FormField:
    name = PREFIX + field.name
    value = _text(field.default) if given is None else given.get(name, "")
    is_checked = (field.default is True) if given is None else name in given
    kind = "choice" if field.enum else field.type
    options = tuple((_text(one), _text(one), _text(one) == value) for one in field.enum)
    return FormField(
        f"run-{prefix}{field.name}",
        name,
        field.title,
        kind,
        field.is_required,
        value,
        is_checked,
        options,
        field.minimum,
        field.maximum,
    )


def _file(request: HttpRequest, name: str) -> Json:
    file: Any = request.FILES.get(name)
    if file is None:
        return None
    return {"name": file.name, "type": file.content_type or "", "data": base64.b64encode(file.read()).decode()}


def _number(text: str) -> Json:
    for read in (int, float):
        try:
            return read(text)
        except ValueError:
            continue
    return text


def _json(text: str) -> Json:
    try:
        read: Any = parse_json(text)
    except Rejected:
        return text
    return read  # type: ignore[no-any-return]


def _text(value: Json) -> str:
    if value is None:
        return ""
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
