"""What a label of DOT says, as plain text: escapes, records and HTML.

`\\N` and `\\G` stand for names that may be long and stand often, so a label is cut before it grows. It is cut again to
a flow's limit, and told, when the graph is made.
"""

import re
from collections.abc import Mapping

from flows.interchange.dot.graph import Key
from flows.interchange.text import plain_text, unescape_entities

LONGEST = 10_000
_LONGEST_NAME = 200
_ESCAPE = re.compile(r"\\(.)", re.DOTALL)
_RECORD = re.compile(r"\\.|<[^<>|{}]*>|[{}|]", re.DOTALL)


def label_text(value: Key, names: Mapping[str, str]) -> str:
    """Return a label's text; `names` are what `\\N`, `\\G`, `\\E`, … stand for."""
    text, is_html = value[0][:LONGEST], value[1]
    return plain_text(text) if is_html else _said(text, names)


def record_text(value: Key, names: Mapping[str, str]) -> str:
    """Return the text of a record's fields, with ` | ` between them."""
    if value[1]:
        return label_text(value, names)
    fields = [[""]]
    for part in re.split(f"({_RECORD.pattern})", value[0][:LONGEST], flags=re.DOTALL):
        if part in ("|", "{", "}"):
            fields.append([])
        elif not (part.startswith("<") and part.endswith(">")):
            fields[-1].append(part)
    said = (_said("".join(parts), names).strip() for parts in fields)
    return " | ".join(field for field in said if field)


def name_text(name: Key) -> str:
    """Return what a name says when it stands for a label: escapes in it count."""
    return label_text(name, {})


def _said(text: str, names: Mapping[str, str]) -> str:
    def escaped(found: re.Match[str]) -> str:
        mark = found[1]
        if mark in "lr" and found.end() == len(text):
            return ""
        return "\n" if mark in "nlr" else names.get(mark, mark)[:_LONGEST_NAME]

    if text == "\\N" and "N" in names:
        return names["N"]
    return unescape_entities(_ESCAPE.sub(escaped, text) if "\\" in text else text)
