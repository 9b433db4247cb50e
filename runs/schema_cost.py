"""How often a schema looks at the parts of a value, at most: counted without looking, so in bounded time. Pure.

A visit is one schema asked of one part of the value. Where no schema leads back to itself, each is asked of each part
once at most, as often as it stands there when all references are written out. Else the visits of a pair are one more
than those of the pairs that it leads to. What is counted is counted once, however many ways lead to it.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final, TypeAlias

from flows.expressions import Json

MOST_PAIRS: Final = 100_000
DEEPEST: Final = 200
TOO_MANY: Final = 10**12
CHARACTERS_PER_VISIT: Final = 64
_REFERENCES: Final = ("$ref", "$dynamicRef", "$recursiveRef")
_HERE_ONE: Final = (
    "not",
    "if",
    "then",
    "else",
    "contains",
    "propertyNames",
    "unevaluatedItems",
    "unevaluatedProperties",
)
_HERE_LIST: Final = ("allOf", "anyOf", "oneOf")
_HERE_BY_NAME: Final = ("dependentSchemas", "dependencies")
_NAMED: Final = ("$defs", "definitions")

Schema: TypeAlias = object


@dataclass(frozen=True, slots=True)
class Cost:
    """The visits, the characters of all texts in the value, and whether there are patterns."""

    visits: int
    characters: int
    has_patterns: bool


def cost_of(schema: Schema, value: Json) -> Cost:
    """Count what checking a value costs at most."""
    parts, characters = _size_of_value(value)
    counter = _Counter(schema)
    try:
        schemas = counter.written_out(schema, 0)
        visits = schemas * (parts + characters // CHARACTERS_PER_VISIT)
    except _LeadsBack:
        visits = counter.visits_or_too_many(value) + characters // CHARACTERS_PER_VISIT
    except (_TooMuch, RecursionError):
        visits = TOO_MANY
    return Cost(visits, characters, counter.has_patterns)


class _TooMuch(Exception):  # noqa: N818  (a normal answer)
    """There are more pairs than are counted, or a pair leads to itself."""


class _LeadsBack(Exception):  # noqa: N818  (a normal answer)
    """A schema refers to itself, be it by others."""


class _Counter:
    """Counts schemas, and the visits of pairs of a schema and a part."""

    def __init__(self, root: Schema) -> None:
        self._root = root
        self._sizes: dict[int, int | None] = {}
        self._known: dict[tuple[int, int], int | None] = {}
        self._held: list[object] = []
        every = list(_schemas_in(root))
        self._named = {name: one for one in every for name in _names(one)}
        self.has_patterns = any("pattern" in one or "patternProperties" in one for one in every)

    def written_out(self, schema: Schema, depth: int) -> int:
        """Return how many schemas there are with all references written out. Raises `_LeadsBack` and `_TooMuch`."""
        if isinstance(schema, (list, tuple)):
            return sum(self.written_out(one, depth + 1) for one in schema)
        if not isinstance(schema, Mapping):
            return 0
        if id(schema) in self._sizes:
            known = self._sizes[id(schema)]
            if known is None:
                raise _LeadsBack
            return known
        if depth > DEEPEST:
            raise _TooMuch
        self._sizes[id(schema)] = None
        inner = [one for name, one in schema.items() if name not in _NAMED]
        size = 1 + sum(self.written_out(one, depth + 1) for one in (*inner, *self._targets(schema)))
        self._sizes[id(schema)] = min(size, TOO_MANY)
        return min(size, TOO_MANY)

    def visits_or_too_many(self, value: Json) -> int:
        """Return the visits of the whole value."""
        try:
            return self.visits(self._root, value, 0)
        except (_TooMuch, RecursionError):
            return TOO_MANY

    def visits(self, schema: Schema, value: Json, depth: int) -> int:
        """Return the visits of one pair. Raises `_TooMuch`."""
        if not isinstance(schema, Mapping):
            return 1
        pair = id(schema), id(value)
        if pair in self._known:
            known = self._known[pair]
            if known is None:
                raise _TooMuch
            return known
        if depth > DEEPEST or len(self._known) >= MOST_PAIRS:
            raise _TooMuch
        self._known[pair] = None
        self._held.append(value)  # so that no other part gets its id
        count = 1 + sum(self.visits(one, part, depth + 1) for one, part in self._leads_to(schema, value))
        self._known[pair] = min(count, TOO_MANY)
        return min(count, TOO_MANY)

    def _leads_to(self, schema: Mapping[str, object], value: Json) -> Iterator[tuple[Schema, Json]]:
        yield from ((one, value) for one in (*self._targets(schema), *_here(schema)))
        match value:
            case dict():
                yield from ((one, part) for one in _below_objects(schema) for part in value.values())
                properties = schema.get("properties")
                if isinstance(properties, Mapping):
                    yield from ((one, value[name]) for name, one in properties.items() if name in value)
            case list():
                yield from ((one, part) for one in _below_lists(schema) for part in value)

    def _targets(self, schema: Mapping[str, object]) -> Iterator[Schema]:
        for name in _REFERENCES:
            if isinstance(target := schema.get(name), str) and (found := self._target(target)) is not None:
                yield found

    def _target(self, reference: str) -> Schema:
        if not reference.startswith("#/"):
            return self._root if reference in ("#", "") else self._named.get(reference.lstrip("#"))
        found = self._root
        for part in reference[2:].split("/"):
            name = part.replace("%25", "%").replace("~1", "/").replace("~0", "~")
            if isinstance(found, Mapping):
                found = found.get(name)
            elif isinstance(found, list) and name.isdecimal() and int(name) < len(found):
                found = found[int(name)]
            else:
                return None
        return found


def _here(schema: Mapping[str, object]) -> Iterator[Schema]:
    """Yield the schemas that are asked of the same part."""
    yield from (schema[name] for name in _HERE_ONE if name in schema)
    for name in _HERE_LIST:
        many = schema.get(name)
        yield from many if isinstance(many, (list, tuple)) else ()
    for name in _HERE_BY_NAME:
        by_name = schema.get(name)
        yield from by_name.values() if isinstance(by_name, Mapping) else ()


def _below_objects(schema: Mapping[str, object]) -> Iterator[Schema]:
    yield from (schema[name] for name in ("additionalProperties", "unevaluatedProperties") if name in schema)
    patterns = schema.get("patternProperties")
    yield from patterns.values() if isinstance(patterns, Mapping) else ()


def _below_lists(schema: Mapping[str, object]) -> Iterator[Schema]:
    for name in ("items", "prefixItems", "additionalItems", "contains", "unevaluatedItems"):
        found = schema.get(name)
        yield from found if isinstance(found, (list, tuple)) else () if found is None else (found,)


def _names(schema: Mapping[str, object]) -> Iterator[str]:
    for name in ("$anchor", "$dynamicAnchor", "$id", "id"):
        if isinstance(found := schema.get(name), str):
            yield found.lstrip("#")


def _schemas_in(schema: Schema) -> Iterator[Mapping[str, object]]:
    """Yield every object in a schema, taken for a schema."""
    waiting = [schema]
    while waiting:
        one = waiting.pop()
        if isinstance(one, Mapping):
            yield one
            waiting += one.values()
        elif isinstance(one, (list, tuple)):
            waiting += one


def _size_of_value(value: Json) -> tuple[int, int]:
    """Return how many parts a value has, and how many characters its texts."""
    parts, characters, waiting = 0, 0, [value]
    while waiting:
        one = waiting.pop()
        parts += 1
        if isinstance(one, str):
            characters += len(one)
        elif isinstance(one, list):
            waiting += one
        elif isinstance(one, dict):
            characters += sum(map(len, one))
            waiting += one.values()
    return parts, characters
