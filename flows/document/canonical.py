"""One spelling for every JSON value: sorted keys, no spaces, UTF-8, shortest numbers.

The digest chain, comparison and byte limits all rest on it, so two processes and two databases must spell alike. Values
are expected to be decoded already (`flows.document.wire`): finite numbers, whole floats turned into integers.
"""

import orjson


def canonical_bytes(value: object) -> bytes:
    """Spell a JSON value canonically, as UTF-8."""
    return orjson.dumps(value, option=orjson.OPT_SORT_KEYS)


def canonical_json(value: object) -> str:
    """Spell a JSON value canonically."""
    return canonical_bytes(value).decode()


def same_json(one: object, other: object) -> bool:
    """Tell whether two JSON values read the same. Unlike `==`, 1 and true differ."""
    if one is other:
        return True
    if one != other:
        return False
    return isinstance(one, str) or canonical_bytes(one) == canonical_bytes(other)
