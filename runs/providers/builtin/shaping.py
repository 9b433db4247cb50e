"""JSON by schema from a text, as the built-in model makes it: what the text says under the same name, else something
that fits."""

import math
from collections.abc import Mapping
from dataclasses import dataclass

from flows.expressions import Json
from runs.errors import TaskFailure
from runs.providers.builtin.choosing import choose
from runs.providers.builtin.reading import Reading, numbers, sentences, words
from runs.schemas import misfit

_DEPTH = 8
_FEW = 3
_FORMATS = {
    "date": "2026-01-01",
    "date-time": "2026-01-01T09:00:00Z",
    "time": "09:00:00Z",
    "email": "person@example.com",
    "uri": "https://example.com/",
    "uuid": "00000000-0000-4000-8000-000000000000",
    "ipv4": "192.0.2.1",
    "hostname": "example.com",
}


def shaped(schema: Mapping[str, Json], reading: Reading) -> Json:
    """Return a value that fits a schema, as well as a text can fill it."""
    return _Shaper(schema, reading).value(dict(schema), "", 0)


@dataclass(slots=True)
class _Shaper:
    root: Mapping[str, Json]
    reading: Reading
    left: int = 2_000
    """So many places are filled at most: a schema may name itself many times over."""

    def value(self, schema: Json, key: str, depth: int) -> Json:
        """Return what fits one place; `key` is its name."""
        self.left -= 1
        if not isinstance(schema, dict) or depth > _DEPTH or self.left < 0:
            return None
        schema = self._resolved(schema, depth)
        if key in self.reading.values and _fits(schema, said := self.reading.values[key]):
            return said
        if "const" in schema:
            return schema["const"]
        if isinstance(options := schema.get("enum"), list) and options:
            return self._option(options)
        for word in ("anyOf", "oneOf"):
            if isinstance(ways := schema.get(word), list) and ways:
                first = ways[0] if isinstance(ways[0], dict) else {}
                return self.value({**schema, word: None, **first}, key, depth + 1)
        return self._typed(schema, key, depth)

    def _typed(self, schema: Mapping[str, Json], key: str, depth: int) -> Json:
        kind = schema.get("type")
        if isinstance(kind, list):
            kind = next((one for one in kind if one != "null"), "null")
        match kind or _guessed(schema):
            case "object":
                return self._object(schema, depth)
            case "array":
                return self._array(schema, key, depth)
            case "integer" | "number":
                return self._number(schema, is_whole=kind == "integer")
            case "boolean":
                return bool(set(words(key.replace("_", " "))) & set(words(self.reading.text)))
            case "null":
                return None
            case _:
                return self._text(schema)

    def _resolved(self, schema: dict[str, Json], depth: int) -> dict[str, Json]:
        for _ in range(_DEPTH):
            reference = schema.get("$ref")
            if not isinstance(reference, str) or not reference.startswith("#/"):
                break
            found: Json = dict(self.root)
            for name in reference[2:].split("/"):
                found = found.get(name) if isinstance(found, dict) else None
            schema = found if isinstance(found, dict) else {}
        parts = schema.get("allOf")
        for part in parts if isinstance(parts, list) and depth < _DEPTH else ():
            self.left -= 1
            if isinstance(part, dict) and self.left > 0:
                own = {name: one for name, one in schema.items() if name != "allOf"}
                schema = {**self._resolved(part, depth + 1), **own}
        return schema

    def _option(self, options: list[Json]) -> Json:
        texts = {str(option): option for option in options}
        return texts[choose(list(texts), self.reading.text)]

    def _object(self, schema: Mapping[str, Json], depth: int) -> Json:
        properties = schema.get("properties")
        known = properties if isinstance(properties, dict) else {}
        asked = schema.get("required")
        names = [*known, *(name for name in (asked if isinstance(asked, list) else ()) if name not in known)]
        return {str(name): self.value(known.get(str(name), {}), str(name), depth + 1) for name in names}

    def _array(self, schema: Mapping[str, Json], key: str, depth: int) -> Json:
        low, high = _whole(schema.get("minItems"), 0), _whole(schema.get("maxItems"), 100)
        items = self._resolved(schema["items"], depth) if isinstance(schema.get("items"), dict) else {}  # type: ignore[arg-type]
        found: list[Json]
        if isinstance(options := items.get("enum"), list):
            said = set(words(self.reading.text))
            found = [one for one in options if str(one).lower() in said] or options[: max(low, 1)]
        elif (items.get("type") or _guessed(items)) == "string":
            found = list[Json](text for text in sentences(self.reading.text) if _fits(items, text))[:_FEW]
        else:
            found = [self.value(items, key, depth + 1)]
        while len(found) < min(low, high, 1_000):
            found.append(self.value(items, key, depth + 1))
        return found[:high]

    def _number(self, schema: Mapping[str, Json], *, is_whole: bool) -> Json:
        step = schema.get("multipleOf") or (1 if is_whole else 0)
        low, high = _bound(schema, "minimum", "exclusiveMinimum", 1), _bound(schema, "maximum", "exclusiveMaximum", -1)
        said = [one for one in numbers(self.reading.text) if low <= one <= high and (not is_whole or one.is_integer())]
        number = said[0] if said else min(max(0.0, low), high)
        if isinstance(step, int | float) and step:
            number = math.ceil(number / step) * step
            number = number if number <= high else math.floor(high / step) * step
        return int(number) if is_whole or float(number).is_integer() else number

    def _text(self, schema: Mapping[str, Json]) -> str:
        if (format := schema.get("format")) in _FORMATS:
            return _FORMATS[str(format)]
        low, high = _whole(schema.get("minLength"), 0), _whole(schema.get("maxLength"), 400)
        first = (sentences(self.reading.text) or ["test"])[0]
        if len(first) > high:
            first = first[:high].rpartition(" ")[0] or first[:high]
        return first.ljust(low, ".")


def _guessed(schema: Mapping[str, Json]) -> str:
    return "object" if "properties" in schema else "array" if "items" in schema else "string"


def _fits(schema: Mapping[str, Json], value: Json) -> bool:
    try:
        return not misfit(value, dict(schema))
    except TaskFailure:  # it names another part of it, or is too much work
        return False


def _whole(value: Json, default: int) -> int:
    return value if isinstance(value, int) else default


def _bound(schema: Mapping[str, Json], including: str, excluding: str, step: int) -> float:
    if isinstance(bound := schema.get(including), int | float):
        return float(bound)
    if isinstance(bound := schema.get(excluding), int | float):
        return float(bound) + step
    return -step * math.inf
