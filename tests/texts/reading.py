"""What a person reads on a page: text, names for screen readers, hints in fields, and what scripts will say."""

import json
import re
from collections.abc import Iterator
from functools import cache
from html.parser import HTMLParser

from tests.texts import catalogues
from tests.texts.source import Text

SPOKEN = ("aria-label", "title", "placeholder", "alt", "data-name-light", "data-name-dark", "data-name-system")
SILENT = ("style", "code", "pre")
CONTENT = ("data-node-label", "data-fill")
"""What marks a label: people's own words, or those that a fresh node is stored with, which are English."""
FILLED_IN = re.compile(r"%\(\w+\)s|%[sd]|\{\w+\}")


class Reader(HTMLParser):
    """Collects every piece of text of a page."""

    def __init__(self) -> None:
        super().__init__()
        self.pieces: list[str] = []
        self._open: list[str] = []
        self.language = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Read what an element says by its attributes."""
        given = dict(attrs)
        if tag == "html":
            self.language = f"{given.get('lang')} {given.get('dir')}"
        self.pieces += [text for name in SPOKEN if (text := given.get(name))]
        self._open.append("label" if any(name in given for name in CONTENT) else tag)

    def handle_endtag(self, tag: str) -> None:
        """Leave an element, and what was not closed in it."""
        while self._open and self._open.pop() not in (tag, "label"):
            pass

    def handle_data(self, data: str) -> None:
        """Read text; of a script only what is JSON."""
        inside = self._open[-1] if self._open else ""
        if inside == "script":
            self.pieces += strings(json.loads(data)) if data.lstrip().startswith(("{", "[")) else []
        elif inside not in SILENT and inside != "label":
            self.pieces.append(data)


def strings(value: object) -> Iterator[str]:
    """Yield every string in a JSON value that is no name of a setting."""
    match value:
        case str():
            yield value
        case list():
            for one in value:
                yield from strings(one)
        case dict():
            for name, one in value.items():
                yield from strings(one) if name != "captions" else ()


def read(html: str) -> list[str]:
    """Return what a page says, white space made one."""
    reader = Reader()
    reader.feed(html)
    return [text for piece in reader.pieces if (text := " ".join(piece.split()))]


def english(html: str, language: str) -> list[str]:
    """Return the pieces of a page that are a text of the source which reads otherwise in this language."""
    fixed, filled = _sources(language)
    return [piece for piece in read(html) if piece in fixed or any(pattern.fullmatch(piece) for pattern in filled)]


def forms(text: Text) -> list[str]:
    """Return the English forms of a text, in pieces where markup parts it; one word of those may be a key's name."""
    whole = [form for form in (text.id, text.plural) if form and "<" not in form]
    parted = [piece.strip() for piece in re.split(r"<[^>]+>", text.id) if "<" in text.id]
    return whole + [piece for piece in parted if " " in piece]


@cache
def _sources(language: str) -> tuple[set[str], list[re.Pattern[str]]]:
    """Return the texts that read otherwise in this language: as they are, and as patterns with what is filled in."""
    known = {catalogues.key_of(entry): entry for entry in catalogues.read(language)}
    translated = {text for entry in known.values() for text in (entry.msgstr, *entry.msgstr_plural.values())}
    sources = {one for text in known for one in forms(text)} - translated
    parts = {source: FILLED_IN.split(source.replace("%%", "%")) for source in sorted(sources)}
    said = [parted for parted in parts.values() if any(re.search(r"[A-Za-z]{2}", part) for part in parted)]
    fixed = {parted[0] for parted in said if len(parted) == 1}
    return fixed, [re.compile(".+".join(map(re.escape, parted))) for parted in said if len(parted) > 1]
