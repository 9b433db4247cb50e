"""Our own YAML read line by line, many times as fast as YAML in general: a flow of ten thousand nodes has 70,000 lines.

What is not exactly as our writer spells it is left to the parser for all of YAML: there is no second dialect here. The
values are the parser's: dictionaries, lists, quoted strings, and `Plain` for what stands without quotes.
"""

import re
from typing import TypeAlias

from flows.interchange.budget import Budget

_STRING = r'"(?:[^"\\\x00-\x1f]|\\["\\ntr]|\\u[0-9a-f]{4})*+"'
_NUMBER = r"-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:e[+-][0-9]+)?(?![\w.])"
_WORD = r"[A-Za-z_][A-Za-z0-9_./-]*(?: [A-Za-z0-9_./-]+)*"
_SCALAR = f"(?P<quoted>{_STRING}|'')|(?P<plain>{_NUMBER}|{_WORD})"
_LINE = re.compile(rf"(?P<indent>(?:  ){{0,3}})(?:{_SCALAR}):(?: (?P<value>[^ ].*))?")
_WHOLE = re.compile(_SCALAR)
_TOKEN = re.compile(rf"{_SCALAR}|(?P<mark>[{{\[])")
_PAIR = re.compile(rf"(?:{_SCALAR}): (?:(?P<second_quoted>{_STRING}|'')|(?P<second_plain>{_NUMBER}|{_WORD}))(?=[,}}])")
_ESCAPE = re.compile(r"\\(?:u([0-9a-f]{4})|(.))")
_MEANING = {"n": "\n", "t": "\t", "r": "\r", '"': '"', "\\": "\\"}
_DEPTH = 12


class Plain(str):
    """A scalar without quotes: what it means depends on where it stands."""

    __slots__ = ()


Value: TypeAlias = "str | dict[str, Value] | list[Value] | None"


class _OtherYamlError(Exception):
    """This is not spelled as our writer spells."""


def read_lines(text: str, budget: Budget) -> dict[str, Value] | None:
    """Return what our own YAML holds; None for a text that is spelled otherwise."""
    lines = _Lines()
    try:
        for line in text.removesuffix("\n").split("\n"):
            budget.step()
            lines.read(line)
        lines.expect_filled()
    except _OtherYamlError:
        return None
    return lines.root


class _Lines:
    """Mappings in each other, a level for two spaces; `_last` is the one that was opened and is still empty."""

    def __init__(self) -> None:
        self.root: dict[str, Value] = {}
        self._open: list[dict[str, Value]] = [self.root]
        self._last: dict[str, Value] | None = None

    def read(self, line: str) -> None:
        """Take one line."""
        match = _LINE.fullmatch(line)
        depth = len(match["indent"]) // 2 if match else _DEPTH
        if match is None or depth >= len(self._open):
            raise _OtherYamlError
        if self._last is not None and depth < len(self._open) - 1:
            raise _OtherYamlError  # a key without a value is null
        del self._open[depth + 1 :]
        held, key = self._open[depth], str(_scalar(match))
        if key in held:
            raise _OtherYamlError
        if match["value"] is not None:
            held[key], self._last = _value(match["value"]), None
        else:
            held[key] = self._last = {}
            self._open.append(self._last)

    def expect_filled(self) -> None:
        """Refuse an end after a key without a value."""
        if self._last is not None or not self.root:
            raise _OtherYamlError


def _value(text: str) -> Value:
    match = _WHOLE.fullmatch(text)
    return _flow(text) if match is None else _scalar(match)


def _flow(text: str) -> Value:
    """Read a mapping or list on one line."""
    value, end = _item(text, 0, 0)
    if end != len(text):
        raise _OtherYamlError
    return value


def _item(text: str, start: int, depth: int) -> tuple[Value, int]:
    token = _TOKEN.match(text, start)
    if token is None or depth > _DEPTH:
        raise _OtherYamlError
    if token["mark"] is None:
        return _scalar(token), token.end()
    if token["mark"] == "[":
        return _sequence(text, token.end(), depth + 1)
    if token["mark"] == "{":
        return _mapping(text, token.end(), depth + 1)
    raise _OtherYamlError


def _sequence(text: str, start: int, depth: int) -> tuple[Value, int]:
    items: list[Value] = []
    while text[start : start + 1] != "]":
        if items:
            start = _after(text, start, ", ")
        item, start = _item(text, start, depth)
        items.append(item)
    return items, start + 1


def _mapping(text: str, start: int, depth: int) -> tuple[Value, int]:
    items: dict[str, Value] = {}
    while text[start : start + 1] != "}":
        if items:
            start = _after(text, start, ", ")
        if (pair := _PAIR.match(text, start)) and (name := _scalar(pair)) not in items:
            plain = pair["second_plain"]
            items[str(name)] = _unquoted(pair["second_quoted"]) if plain is None else Plain(plain)
            start = pair.end()
            continue
        key, start = _item(text, start, depth)
        if not isinstance(key, str) or key in items:
            raise _OtherYamlError
        items[str(key)], start = _item(text, _after(text, start, ": "), depth)
    return items, start + 1


def _after(text: str, start: int, mark: str) -> int:
    if not text.startswith(mark, start):
        raise _OtherYamlError
    return start + len(mark)


def _scalar(match: re.Match[str]) -> str:
    if match["plain"] is not None:
        return Plain(match["plain"])
    return _unquoted(match["quoted"])


def _unquoted(text: str) -> str:
    inside = text[1:-1]
    return _ESCAPE.sub(_meant, inside) if "\\" in inside else inside


def _meant(match: re.Match[str]) -> str:
    return chr(int(match[1], 16)) if match[1] else _MEANING[match[2]]
