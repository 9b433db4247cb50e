"""What a text may see of a value: JSON that can be read and not changed, and that counts how much of it is read.

The engine hands Python objects through with all their methods, so a list would let a text append to itself until the
memory is full. `Members` and `Items` have none. They also count: the engine's own budget stops loops, but not the
writing out of a value that holds one list a million times. When the budget is used up they look empty, and the
evaluation ends as too much work.
"""

import json
import math
from collections.abc import Iterator, Mapping, Sequence
from typing import TypeAlias

READS = 200_000
CHARACTERS = 16 * 1024 * 1024
SMALLEST, LARGEST = -(2**63), 2**64 - 1
"""Of whole numbers: 64 bits, as ids have them elsewhere. Their digits are kept."""

ENGINE_ERRORS = (AttributeError, TypeError, ValueError, LookupError, ArithmeticError, RuntimeError)
"""What engines let through of what goes wrong between them and Python; a recursion too deep is one of these."""

Json: TypeAlias = bool | int | float | str | list["Json"] | dict[str, "Json"] | None


class NotJson(Exception):  # noqa: N818  (a normal answer)
    """A result that JSON cannot hold."""


class Exhausted(Exception):  # noqa: N818  (a normal answer)
    """More was read than one evaluation may."""


class Meter:
    """How much one evaluation may still read."""

    __slots__ = ("characters", "reads")

    def __init__(self, reads: int = READS, characters: int = CHARACTERS) -> None:
        self.reads, self.characters = reads, characters

    @property
    def is_spent(self) -> bool:
        """Whether the budget is used up."""
        return self.reads < 0 or self.characters < 0

    def spend(self, value: object) -> bool:
        """Count one value; False when there is nothing left."""
        self.reads -= 1
        if isinstance(value, str):
            self.characters -= len(value)
        return not self.is_spent


class Members:
    """An object of JSON."""

    __slots__ = ("_meter", "_values")

    def __init__(self, values: Mapping[str, object], meter: Meter) -> None:
        self._values, self._meter = values, meter

    def __getitem__(self, key: object) -> object:
        value = self._values[key]  # type: ignore[index]
        if not self._meter.spend(value):
            raise KeyError(key)
        return guarded(value, self._meter)

    def __contains__(self, key: object) -> bool:
        return isinstance(key, str) and key in self._values

    def __iter__(self) -> Iterator[str]:
        return iter(()) if self._meter.is_spent else iter(self._values)

    def __len__(self) -> int:
        return 0 if self._meter.is_spent else len(self._values)

    def __str__(self) -> str:
        return written(self, self._meter)

    def items(self) -> "Items":
        """Return the pairs; the engine takes what has this for an object."""
        return Items(list(self._values.items()), self._meter)


class Items:
    """A list of JSON."""

    __slots__ = ("_meter", "_values")

    def __init__(self, values: Sequence[object], meter: Meter) -> None:
        self._values, self._meter = values, meter

    def __getitem__(self, index: int | slice) -> object:
        if isinstance(index, slice):
            return Items(self._values[index], self._meter)
        value = self._values[index]
        if not self._meter.spend(value):
            raise IndexError(index)
        return guarded(value, self._meter)

    def __iter__(self) -> Iterator[object]:
        for value in self._values:
            if not self._meter.spend(value):
                return
            yield guarded(value, self._meter)

    def __len__(self) -> int:
        return 0 if self._meter.is_spent else len(self._values)

    def __str__(self) -> str:
        return written(self, self._meter)


Mapping.register(Members)
Sequence.register(Items)


def guarded(value: object, meter: Meter) -> object:
    """Return a value as a text may see it."""
    match value:
        case dict():
            return Members(value, meter)
        case list() | tuple():
            return Items(value, meter)
        case _:
            return value


def plain(value: object, meter: Meter, depth: int = 0) -> Json:  # noqa: PLR0911
    """Return a copy of a result as JSON. Raises `NotJson` and `Exhausted`."""
    if not meter.spend(value):
        raise Exhausted
    match value:
        case None | bool():
            return value
        case str():
            return str(value)
        case int() | float():
            return _number(value)
        case _ if depth >= 100:
            raise NotJson
        case Members():
            return plain(value._values, meter, depth)
        case Items():
            return plain(value._values, meter, depth)
        case dict():
            return {_key(key): plain(item, meter, depth + 1) for key, item in value.items()}
        case list() | tuple():
            return [plain(item, meter, depth + 1) for item in value]
        case _:
            raise NotJson


def written(value: object, meter: Meter, indent: int | None = None) -> str:
    """Return a value as text: JSON, but a text as it is and nothing for null. Raises ValueError where JSON cannot."""
    try:
        result = plain(value, meter)
    except NotJson:
        raise ValueError("not JSON") from None
    except Exhausted:
        raise ValueError("too much") from None
    if isinstance(result, str):
        return result
    return "" if result is None else json.dumps(result, ensure_ascii=False, indent=indent)


def _number(value: float) -> Json:
    if not (SMALLEST <= value <= LARGEST if isinstance(value, int) else math.isfinite(value)):
        raise NotJson
    return value


def _key(key: object) -> str:
    if not isinstance(key, str):
        raise NotJson
    return str(key)
