"""The API's description as a page that can be read: the OpenAPI document, rendered by the server.

The usual viewers are a megabyte of script from elsewhere; our content policy allows neither, and nothing here moves.
What is shown is the same document that `openapi.json` answers, so the two cannot differ.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, TypeAlias

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.template.loader import render_to_string
from django.utils.safestring import SafeString
from django.utils.translation import get_language
from ninja import NinjaAPI
from ninja.openapi.docs import DocsBase

from flows import limits

Schema: TypeAlias = dict[str, Any]
BOUNDS = {
    "minimum": "from {}",
    "maximum": "to {}",
    "minLength": "at least {} characters",
    "maxLength": "at most {} characters",
    "maxItems": "at most {} items",
    "pattern": "{}",
    "default": "else {}",
}


@dataclass(frozen=True, slots=True)
class Word:
    """A piece of a type's name; `link` is the component it leads to."""

    text: str
    link: str = ""


@dataclass(frozen=True, slots=True)
class Field:
    """One parameter, or one property of an object."""

    name: str
    type: tuple[Word, ...]
    is_required: bool
    bounds: str
    description: str


@dataclass(frozen=True, slots=True)
class Answer:
    status: str
    description: str
    type: tuple[Word, ...]


@dataclass(frozen=True, slots=True)
class Call:
    """One method of one address."""

    id: str
    method: str
    path: str
    description: str
    is_public: bool
    parameters: tuple[Field, ...]
    body: tuple[Word, ...]
    answers: tuple[Answer, ...]


@dataclass(frozen=True, slots=True)
class Component:
    """A named schema: its properties, or the variants it is one of."""

    name: str
    description: str
    fields: tuple[Field, ...]
    variants: tuple["Component", ...]


class Reference(DocsBase):
    """The page behind `/docs`."""

    def render_page(self, request: HttpRequest, api: NinjaAPI, **options: Any) -> HttpResponse:
        """Render the description of the API: but for the frame of the page, once for each language."""
        source = self.get_openapi_url(api, options)
        described = _described(api, source, get_language() or "", limits.current())
        return render(request, "api/reference.html", {"described": described})


@lru_cache(maxsize=8)
def _described(api: NinjaAPI, source: str, _language: str, _allowed: limits.Limits) -> SafeString:
    """Return what the page says about the API, in the active language and with the limits that hold."""
    document = api.get_openapi_schema()
    groups: dict[str, list[Call]] = {}
    for tag, call in calls(document):
        groups.setdefault(tag, []).append(call)
    schemas: Schema = document["components"]["schemas"]
    components = [component(name, schema) for name, schema in sorted(schemas.items())]
    return render_to_string("api/_reference.html", {"groups": groups, "components": components, "source": source})


def calls(document: Schema) -> Iterator[tuple[str, Call]]:
    """Yield every call with the group it belongs to."""
    for path, methods in document["paths"].items():
        for method, details in methods.items():
            yield details["tags"][0], _call(path, method, details)


def component(name: str, schema: Schema) -> Component:
    """Read a named schema."""
    variants = tuple(component(one["title"], one) for one in schema.get("oneOf", ()))
    return Component(name, schema.get("description", ""), tuple(_fields(schema)), variants)


def words(schema: Schema) -> tuple[Word, ...]:  # noqa: PLR0911
    """Say a type in words."""
    match schema:
        case {"$ref": reference}:
            name = reference.rpartition("/")[2]
            return (Word(name, name),)
        case {"const": value}:
            return (Word(f'"{value}"'),)
        case {"enum": values}:
            return (Word(" or ".join(f'"{value}"' for value in values)),)
        case {"type": "array", "items": items}:
            return (Word("list of "), *words(items))
        case {"anyOf": [*some]} | {"oneOf": [*some]} | {"allOf": [*some]}:
            return _either(some)
        case {"type": type_, "format": format_}:
            return (Word(f"{type_} ({format_})"),)
        case {"type": type_}:
            return (Word(type_),)
        case _:
            return (Word("any JSON"),)


def _either(schemas: list[Schema]) -> tuple[Word, ...]:
    said: list[Word] = []
    for schema in schemas:
        said += [Word(" or ")] if said else []
        said += words(schema)
    return tuple(said)


def _call(path: str, method: str, details: Schema) -> Call:
    parameters = (
        _field(one["name"], one["schema"], is_required=one["required"]) for one in details.get("parameters", ())
    )
    answers = (
        Answer(str(status), answer["description"].replace("`", ""), _content(answer))
        for status, answer in details["responses"].items()
    )
    return Call(
        id=details["operationId"],
        method=method.upper(),
        path=path,
        description=details.get("description", ""),
        is_public="security" not in details,
        parameters=tuple(parameters),
        body=_content(details.get("requestBody", {})),
        answers=tuple(sorted(answers, key=lambda answer: answer.status)),
    )


def _content(part: Schema) -> tuple[Word, ...]:
    content = part.get("content", {}).get("application/json")
    return words(content["schema"]) if content else ()


def _fields(schema: Schema) -> Iterator[Field]:
    required = schema.get("required", ())
    for name, property_ in schema.get("properties", {}).items():
        yield _field(name, property_, is_required=name in required)


def _field(name: str, schema: Schema, *, is_required: bool) -> Field:
    bounds = ", ".join(
        said.format(schema[bound]) for bound, said in BOUNDS.items() if schema.get(bound) not in (None, "")
    )
    return Field(name, words(schema), is_required, bounds, schema.get("description", ""))
