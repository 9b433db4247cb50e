"""Every text of the product that a person can read, found in its source.

Python is read as syntax, templates through Django's own `templatize`, and the catalogue of kinds yields its words. So
nothing but Python is needed: GNU gettext is not there on every machine.
"""

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from django.utils.translation.template import templatize

ROOT = Path(__file__).resolve().parents[2]
PACKAGES = ("accounts", "flows", "helix", "runs", "sessions", "web")
_DJANGOS = ("gettext", "ngettext", "pgettext", "npgettext")
FINDS = {
    "django.utils.translation": {f"{name}{kind}": name for name in _DJANGOS for kind in ("", "_lazy", "_noop")},
    "web.deferred_translation": {"kept": "gettext"},
}
"""The functions that take a text of the catalogue, by module, and the one of Django's that each reads it as."""
LITERAL = r"""u?(?:'(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*")"""
CALL = re.compile(rf"\b(_|gettext|ngettext|pgettext|npgettext)\(\s*((?:{LITERAL}\s*,?\s*)+)")
ALLOWED = {
    "flows/actions/elements.py",
    "flows/actions/registry.py",
    "flows/interchange/drawio/tally.py",
    "flows/interchange/values.py",
    "flows/problem_sentences.py",
    "flows/sentences.py",
    "flows/templates/template.py",
    "flows/titles.py",
    "runs/kinds/api.py",
    "runs/notices/services.py",
    "web/deferred_translation.py",
    "runs/notices/sentences.py",
    "sessions/protocol/codec.py",
    "sessions/sockets/socket.py",
}
"""What translates a text that is marked elsewhere: a sentence of a table, a word of the catalogue, a protocol error."""


@dataclass(frozen=True, slots=True)
class Text:
    """One text; `plural` is its form for many, `context` tells words apart that English writes alike."""

    id: str
    plural: str = ""
    context: str = ""


def texts() -> dict[Text, list[str]]:
    """Return every text with the files that hold it, in their order."""
    found: dict[Text, list[str]] = {}
    for file, text in _all():
        if file not in (files := found.setdefault(text, [])):
            files.append(file)
    return found


def untranslatable() -> list[str]:
    """Return the calls whose text is not written out: nobody could find it."""
    return [
        f"{name}:{call.lineno}"
        for name, tree in _modules()
        if name not in ALLOWED
        for function, call in _calls(tree)
        if not _read(function, call)
    ]


def _all() -> Iterator[tuple[str, Text]]:
    from flows.titles import words

    for path in sorted(path for ending in ("html", "txt") for path in (ROOT / "templates").rglob(f"*.{ending}")):
        name = str(path.relative_to(ROOT))
        for match in CALL.finditer(templatize(path.read_text(), origin=name)):
            strings = [ast.literal_eval(one) for one in re.findall(LITERAL, match[2])]
            yield name, _text(match[1], strings)
    for name, tree in _modules():
        for function, call in _calls(tree):
            if strings := _read(function, call):
                yield name, _text(function, strings)
    yield from (("flows/document: kinds", Text(word, context=context)) for context, word in words())


def _modules() -> Iterator[tuple[str, ast.Module]]:
    for package in PACKAGES:
        for path in sorted((ROOT / package).rglob("*.py")):
            yield str(path.relative_to(ROOT)), ast.parse(path.read_text())


def _calls(tree: ast.Module) -> Iterator[tuple[str, ast.Call]]:
    """Yield calls of these functions, by whatever name they were imported."""
    names = {
        alias.asname or alias.name: FINDS[node.module][alias.name]
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom) and node.module in FINDS
        for alias in node.names
        if alias.name in FINDS[node.module]
    }
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in names:
            yield names[node.func.id], node


def _read(function: str, call: ast.Call) -> list[str]:
    """Return the strings that name a text, or nothing unless all are written out."""
    count = {"gettext": 1, "ngettext": 2, "pgettext": 2, "npgettext": 3}[function]
    values = [one.value for one in call.args[:count] if isinstance(one, ast.Constant) and isinstance(one.value, str)]
    return values if len(values) == count else []


def _text(function: str, strings: list[str]) -> Text:
    match function, strings:
        case (("_" | "gettext"), [id, *_]):
            return Text(id)
        case "ngettext", [one, many, *_]:
            return Text(one, many)
        case "pgettext", [context, id, *_]:
            return Text(id, context=context)
        case "npgettext", [context, one, many, *_]:
            return Text(one, many, context)
    raise ValueError(f"{function}({strings})")
