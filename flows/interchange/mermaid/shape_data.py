"""The properties in `@{ shape: rect, label: "x" }`: a flat piece of YAML.

Only keys with scalars are read. Anchors, aliases, tags, lists and objects are refused before anything is made of them.
"""

import re
from collections.abc import Mapping

from flows.interchange.budget import Budget

LONGEST = 4_000
_PAIR = re.compile(
    r"""[\s,]*(?P<key>[A-Za-z_][\w-]{0,40})[ \t]*:[ \t]*
    (?:"(?P<double>(?:[^"\\]|\\.)*+)"|'(?P<single>(?:[^']|'')*+)'|(?P<plain>[^\s"'&*!|>%@`{}\[\],][^\n,{}\[\]]*+)?)
    [ \t]*(?=[,\n]|\Z)""",
    re.VERBOSE | re.DOTALL,
)


def pairs(text: str, budget: Budget) -> Mapping[str, str] | int:
    """Return the properties, or the place in the text that cannot be read."""
    found: dict[str, str] = {}
    position = 0
    while position < len(text) and text[position:].strip(" \t\n,"):
        budget.step()
        pair = _PAIR.match(text, position)
        if pair is None:
            return position
        position = pair.end()
        found[pair["key"]] = _scalar(pair)
    return found


def _scalar(pair: re.Match[str]) -> str:
    if pair["double"] is not None:
        return re.sub(r"\\(.)", lambda escape: {"n": "\n", "t": "\t"}.get(escape[1], escape[1]), pair["double"])
    if pair["single"] is not None:
        return pair["single"].replace("''", "'")
    return (pair["plain"] or "").strip()
