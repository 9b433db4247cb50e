"""Ids of ours for the names that files give: the name itself where it can be one, else one that reads like it."""

import re
from collections.abc import Iterable, Sequence

from flows.interchange.budget import Budget

_ID = re.compile("[A-Za-z0-9_-]{1,64}")
_UNSAFE = re.compile("[^A-Za-z0-9_-]+")
_LONGEST = 64


def node_ids(keys: Iterable[str], budget: Budget) -> dict[str, str]:
    """Return an id for each key: the key itself where it can be one."""
    known = list(keys)
    ids = {key: key for key in known if _ID.fullmatch(key)}
    taken, numbers = set(ids), dict[str, int]()
    for key in known:
        if key not in ids:
            budget.step()
            ids[key] = _fresh(key, taken, numbers)
    return ids


def edge_ids(keys: Sequence[str], budget: Budget) -> list[str]:
    """Return an id for each edge: its key where that can be one and is the first of its kind."""
    ids: list[str] = [""] * len(keys)
    taken, numbers = set[str](), dict[str, int]()
    for place, key in enumerate(keys):
        if key not in taken and _ID.fullmatch(key):
            ids[place] = key
            taken.add(key)
    for place, key in enumerate(keys):
        if not ids[place]:
            budget.step()
            ids[place] = _fresh(key or "e", taken, numbers, always=not key)
    return ids


def fresh_key(wanted: str, taken: dict[str, int]) -> str:
    """Return an id that was not given before, made from the wanted one; `taken` counts what was asked for."""
    key = wanted
    while key in taken:
        taken[wanted] = taken.get(wanted, 1) + 1
        key = f"{wanted}#{taken[wanted]}"
    taken[key] = 1
    return key


def _fresh(key: str, taken: set[str], numbers: dict[str, int], *, always: bool = False) -> str:
    """Return an id that reads like the key and that no other has; count it as taken."""
    base = _UNSAFE.sub("_", key[:200]).strip("_")[: _LONGEST - 8] or "n"
    id = f"{base}1" if always else base
    number = numbers.get(base, 1)
    while id in taken:
        number += 1
        id = f"{base}{number}" if always else f"{base}_{number}"
    numbers[base] = number
    taken.add(id)
    return id
