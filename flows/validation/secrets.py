"""Which secrets a node uses: only in settings that are meant for them. Pure.

The setting `secret` takes a bare name or `{"$secret": "NAME"}`; in the headers, parameters and body of a call, such an
object stands for the value. Anywhere else it is a value like others and resolves to nothing.
"""

from collections.abc import Iterator, Mapping
from typing import Final

WITH_SECRET: Final = frozenset({"api", "sensor", "output"})
"""Kinds whose setting `secret` names one."""
PLACES: Final[Mapping[str, tuple[str, ...]]] = {"api": ("headers", "params", "body")}
DEEPEST: Final = 50


def secret_in(value: object) -> str | None:
    """Return the name in `{"$secret": "NAME"}`, or None for all else."""
    if isinstance(value, Mapping) and len(value) == 1 and isinstance(name := value.get("$secret"), str):
        return name
    return None


def named_secret(settings: Mapping[str, object]) -> str | None:
    """Return the name in the setting `secret`, however it is written; None where it is not set."""
    value = settings.get("secret")
    if isinstance(value, str):
        return value.strip() or None
    return secret_in(value)


def secrets_inside(kind: str, settings: Mapping[str, object]) -> Iterator[tuple[tuple[str, ...], str]]:
    """Yield the secrets that stand for values in a node of this kind, each with its place below the settings."""
    for place in PLACES.get(kind, ()):
        yield from _inside(settings.get(place), (place,))


def secrets_used_by(kind: str, settings: Mapping[str, object]) -> frozenset[str]:
    """Return the names of the secrets that a node of this kind with these settings uses."""
    found = {name for _place, name in secrets_inside(kind, settings)}
    is_used = kind in WITH_SECRET and not (kind == "api" and settings.get("auth", "none") == "none")
    if is_used and (name := named_secret(settings)):
        found.add(name)
    return frozenset(found)


def _inside(value: object, place: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], str]]:
    if (name := secret_in(value)) is not None:
        yield place, name
    elif len(place) <= DEEPEST and isinstance(value, Mapping):
        for key, item in value.items():
            yield from _inside(item, (*place, str(key)))
    elif len(place) <= DEEPEST and isinstance(value, (list, tuple)):
        for index, item in enumerate(value):
            yield from _inside(item, (*place, str(index)))
