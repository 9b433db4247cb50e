"""n8n's expressions and ours, as far as both surely mean the same: a path into the output of the node before.

`={{ $json.user.name }}` is `{{ prev.user.name }}` here. Everything else in n8n's braces is JavaScript, and everything
else in ours minijinja: neither is translated, and None is the answer.
"""

import re
from collections.abc import Mapping

import orjson

from flows.interchange.foreign_json import as_list, as_object, as_text

_PATH = r"((?:\.[A-Za-z_]\w{0,99}|\[\d{1,6}\]|\[\"[\w -]{1,99}\"\]|\['[\w -]{1,99}'\]){0,20})"
_THEIRS = re.compile(r"\s{0,99}\$json" + _PATH + r"\s{0,99}")
_OURS = re.compile(r"\s{0,99}prev" + _PATH + r"\s{0,99}")
_OPERATORS = {"equals": "==", "notEquals": "!=", "gt": ">", "lt": "<", "gte": ">=", "lte": "<="}
_TYPES: Mapping[str, type | tuple[type, ...]] = {"string": str, "number": (int, float), "boolean": bool}


def template_of(value: object) -> str | None:
    """Return our template for a parameter, literal or expression, or None if that is not sure."""
    text = as_text(value)
    if not text.startswith("="):
        return None if "{{" in text or _has_other_braces(text) else text
    return _translated(text[1:], _THEIRS, "prev")


def parameter_of(template: str) -> str | None:
    """Return n8n's parameter for a template of ours, or None if that is not sure."""
    if "{{" not in template:
        if _has_other_braces(template):
            return None
        return f"={template}" if template.startswith("=") else template
    translated = _translated(template, _OURS, "$json")
    return None if translated is None else f"={translated}"


def condition_of(parameters: Mapping[str, object]) -> str | None:
    """Return our expression for the conditions of an If or Filter node of version 2, or None if that is not sure."""
    held = as_object(parameters.get("conditions"))
    conditions = as_list(held.get("conditions"))
    parts = [_comparison(as_object(condition)) for condition in conditions[:20]]
    if not parts or len(conditions) > 20:
        return None
    known = [part for part in parts if part is not None]
    joint = {"and": " and ", "or": " or "}.get(as_text(held.get("combinator")) or "and")
    return joint.join(known) if joint and len(known) == len(parts) else None


def _comparison(condition: Mapping[str, object]) -> str | None:
    left = template_of(condition.get("leftValue"))
    operator, right = as_object(condition.get("operator")), condition.get("rightValue")
    sign, type = _OPERATORS.get(as_text(operator.get("operation"))), _TYPES.get(as_text(operator.get("type")))
    if left is None or sign is None or type is None:
        return None
    if not (left.startswith("{{") and left.endswith("}}") and left.count("{{") == 1):
        return None
    if not isinstance(right, type) or isinstance(right, bool) != (type is bool):
        return None
    if isinstance(right, str) and right.startswith("="):
        return None
    return f"{left[2:-2].strip()} {sign} {orjson.dumps(right).decode()}"


def _translated(text: str, inner: re.Pattern[str], name: str) -> str | None:
    """Return a text with the path in each pair of braces put behind another name, or None if one is no path."""
    pieces: list[str] = []
    at = 0
    while (begin := text.find("{{", at)) >= 0:
        end = text.find("}}", begin)
        match = inner.fullmatch(text, begin + 2, end) if end > 0 else None
        if match is None or ".length" in match[1]:
            return None
        pieces += [text[at:begin], "{{ ", name, match[1], " }}"]
        at = end + 2
    pieces.append(text[at:])
    return None if any(_has_other_braces(piece) for piece in pieces[::5]) else "".join(pieces)


def _has_other_braces(text: str) -> bool:
    return "{%" in text or "{#" in text
