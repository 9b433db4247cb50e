"""What comes, as a value: JSON, XML, CSV or text. Whatever is sent, it is read in bounds or refused.

XML becomes an object: attributes as `@name`, text as `#text`, elements of one name as a list; an element with nothing
but text is that text. CSV becomes a list with an object for each row, by the names in the first.
"""

import csv
import io
from xml.parsers.expat import ExpatError

from defusedxml import DefusedXmlException
from defusedxml.ElementTree import DefusedXMLParser

from flows.document import Rejected, parse_json
from flows.expressions import Json
from web.deferred_translation import kept as _

DEEPEST = 100
MOST_ELEMENTS = 50_000
MOST_CELLS = 500_000
DELIMITERS = ",;\t|"


class UnreadableEvent(Exception):  # noqa: N818  (a result, not a defect)
    """What came is not of the sensor's format; `message` says why."""

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message


def read_event(data: bytes, format: str) -> Json:
    """Return what came as a value; nothing at all is null. Raises `UnreadableEvent`."""
    if format == "xml":
        return _xml(data) if data.strip() else None
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise UnreadableEvent(_("The text is not UTF-8.")) from None
    match format:
        case "text":
            return text
        case "csv":
            return _csv(text)
        case _:
            return _json(text) if text.strip() else None


def _json(text: str) -> Json:
    try:
        value: Json = parse_json(text)  # type: ignore[assignment]
    except Rejected:
        raise UnreadableEvent(_("Not valid JSON.")) from None
    return value


def _csv(text: str) -> Json:
    first = text.partition("\n")[0]
    delimiter = max(DELIMITERS, key=first.count)
    rows: list[Json] = []
    cells = 0
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
    try:
        names = [name.strip() for name in next(reader, [])]
        if len(set(names)) < len(names):
            raise UnreadableEvent(_("Two columns have the same name."))
        for row in reader:
            if not row:
                continue
            cells += len(names)
            if cells > MOST_CELLS:
                raise UnreadableEvent(_("More than %(most)d cells.") % {"most": MOST_CELLS})
            if len(row) > len(names):
                raise UnreadableEvent(
                    _("A row has more cells than there are columns: line %(line)d.") % {"line": reader.line_num}
                )
            rows.append(dict(zip(names, [*row, *[""] * (len(names) - len(row))], strict=True)))
    except csv.Error as error:
        raise UnreadableEvent(_("Not valid CSV: %(why)s.") % {"why": error}) from None
    return rows


def _xml(data: bytes) -> Json:
    reader = _Elements()
    guarded = DefusedXMLParser(target=reader, forbid_dtd=True).parser
    guarded.ordered_attributes = False
    guarded.StartElementHandler, guarded.EndElementHandler = reader.start, reader.end
    guarded.CharacterDataHandler = reader.data
    try:
        guarded.Parse(data, True)
    except DefusedXmlException:
        raise UnreadableEvent(_("XML with a document type or entities is not read.")) from None
    except (ExpatError, LookupError, ValueError):
        raise UnreadableEvent(_("Not valid XML.")) from None
    return reader.whole


class _Elements:
    """What the parser tells of each element, as objects that grow from the outside in."""

    def __init__(self) -> None:
        self.whole: dict[str, Json] = {}
        self._open: list[tuple[str, dict[str, Json], list[str]]] = []
        self._count = 0

    def start(self, tag: str, attributes: dict[str, str]) -> None:
        """Take an element's beginning."""
        self._count += 1 + len(attributes)
        if len(self._open) >= DEEPEST or self._count > MOST_ELEMENTS:
            raise UnreadableEvent(_("The XML has too many elements, or too many in each other."))
        self._open.append((tag, {f"@{name}": value for name, value in attributes.items()}, []))

    def end(self, tag: str) -> None:
        """Take an element's end."""
        _tag, inside, texts = self._open.pop()
        text = "".join(texts).strip()
        value: Json = inside
        if not inside:
            value = text
        elif text:
            inside["#text"] = text
        around = self._open[-1][1] if self._open else self.whole
        held = around.get(tag)
        if tag not in around:
            around[tag] = value
        elif isinstance(held, list):
            held.append(value)
        else:
            around[tag] = [held, value]

    def data(self, text: str) -> None:
        """Take text."""
        if self._open:
            self._open[-1][2].append(text)
