"""The pages of a file and their cells, as the XML says them, without ever building a tree.

Elements are read one by one as the parser meets them, so memory is in proportion to the cells. Document types, entities
and external references are refused where they begin; a packed page is unpacked piece by piece and never further than
`UNPACKED`; the budget is asked at every element.
"""

import binascii
import zlib
from base64 import b64decode
from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import unquote_to_bytes
from xml.parsers.expat import ExpatError

from defusedxml import DefusedXmlException
from defusedxml.ElementTree import DefusedXMLParser
from django.utils.translation import gettext as _

from flows.interchange.budget import Budget, UnreadableError

UNPACKED = 16 * 1024 * 1024
"""Bytes that all packed pages of a file may unfold to."""
_PIECE = 16_384
_WRAPPERS = {"object", "UserObject"}


@dataclass(slots=True)
class Cell:
    """An `mxCell` with its attributes, those of the `<object>` around it, and its geometry. All may be anything."""

    said: Mapping[str, str]
    around: Mapping[str, str] | None
    geometry: Mapping[str, str] | None = None
    expanded: Mapping[str, str] | None = None
    offset: Mapping[str, str] | None = None
    bends: int = 0

    @property
    def id(self) -> str:
        """Its id on the page; of a wrapped cell the wrapper has it."""
        return (self.around or {}).get("id") or self.said.get("id", "")

    @property
    def label(self) -> str:
        """What is written on it, as it stands in the file."""
        return self.said.get("value", "") if self.around is None else self.around.get("label", "")


@dataclass(slots=True)
class Page:
    """One page; `name` is that of its tab."""

    name: str = ""
    cells: list[Cell] = field(default_factory=list)
    text: list[str] = field(default_factory=list)
    has_model: bool = False


def read_pages(data: bytes, budget: Budget) -> list[Page]:
    """Return the pages of a file. Raises `UnreadableError`, with its line if it is the XML, and `TooMuchError`."""
    reader = _Reader(budget)
    _parse(data, reader)
    if not reader.pages:
        raise UnreadableError(_("This is not a draw.io file: it has no page."))
    room = UNPACKED
    for page in reader.pages:
        packed = "".join(page.text).strip()
        page.text.clear()
        if page.has_model or not packed:
            continue
        unpacked = _unpack(packed, room, budget)
        room -= len(unpacked)
        inside = _Reader(budget, page)
        try:
            _parse(unpacked, inside)
        except UnreadableError as error:
            raise UnreadableError(_("A page of the file cannot be read: %(why)s") % {"why": error.message}) from None
        if not page.has_model:
            raise UnreadableError(_("A page of the file holds no drawing."))
    return reader.pages


def _parse(data: bytes, reader: "_Reader") -> None:
    """Let the guarded parser tell the reader of each element itself: through its own Python it takes twice as long."""
    guarded = DefusedXMLParser(target=reader, forbid_dtd=True).parser
    guarded.ordered_attributes = False
    guarded.StartElementHandler, guarded.EndElementHandler = reader.start, reader.end
    guarded.CharacterDataHandler = reader.data
    try:
        guarded.Parse(data, True)
    except DefusedXmlException:
        raise UnreadableError(_("Files with a document type or entities are not read.")) from None
    except ExpatError as error:
        raise UnreadableError(_("Not valid XML."), line=error.lineno, column=error.offset + 1) from None
    except (LookupError, ValueError):
        raise UnreadableError(_("The file is in an encoding that is not read.")) from None


def _unpack(text: str, most: int, budget: Budget) -> bytes:
    """Return a page's XML: base64 of raw deflate of percent-encoded text, or one of the later two alone."""
    if text.startswith("<"):
        return text.encode()
    if text.startswith("%3C"):
        return _unquote(text.encode(), budget)
    try:
        packed = b64decode("".join(text.split()), validate=True)
        inflater = zlib.decompressobj(-zlib.MAX_WBITS)
        unpacked = inflater.decompress(packed, most + 1)
    except (binascii.Error, ValueError, zlib.error):
        raise UnreadableError(_("A page of the file is damaged.")) from None
    if len(unpacked) > most:
        raise UnreadableError(_("The pages of the file unfold to more than %(most)d MiB.") % {"most": UNPACKED >> 20})
    if not inflater.eof:
        raise UnreadableError(_("A page of the file is damaged."))
    return _unquote(unpacked, budget)


def _unquote(data: bytes, budget: Budget) -> bytes:
    """Return percent-encoded bytes as they are, a piece at a time."""
    pieces, start = [], 0
    while start < len(data):
        budget.step(256)
        end = start + _PIECE
        end -= next((back for back in (1, 2) if data[end - back : end - back + 1] == b"%"), 0)
        pieces.append(unquote_to_bytes(data[start:end]))
        start = end
    return b"".join(pieces)


class _Reader:
    """What the parser tells of each element; `page` is the one that a packed text belongs to."""

    def __init__(self, budget: Budget, page: Page | None = None) -> None:
        self.pages: list[Page] = []
        self._budget = budget
        self._own = page
        self._page = page
        self._path: list[str] = []
        self._around: Mapping[str, str] | None = None
        self._cell: Cell | None = None

    def start(self, tag: str, attributes: dict[str, str]) -> None:
        """Take an element's beginning."""
        self._budget.step(1 + len(attributes))
        if len(self._path) >= self._budget.depth:
            raise UnreadableError(_("Nested too deep."))
        holder = self._path[-1] if self._path else ""
        self._path.append(tag)
        match tag:
            case "diagram" if self._own is None:
                self._page = Page(attributes.get("name", ""))
                self.pages.append(self._page)
            case "mxGraphModel":
                if self._page is None:
                    self._page = Page()
                    self.pages.append(self._page)
                self._page.has_model = True
            case "mxCell" if self._page is not None and self._cell is None:
                self._cell = Cell(attributes, self._around)
                self._page.cells.append(self._cell)
            case "mxGeometry" if holder == "mxCell" and self._cell is not None:
                self._cell.geometry = attributes
            case "mxRectangle" if holder == "mxGeometry" and self._cell is not None:
                self._cell.expanded = attributes
            case "mxPoint" if self._cell is not None:
                if attributes.get("as") == "offset":
                    self._cell.offset = attributes
                self._cell.bends += holder == "Array"
            case _ if holder == "root" or tag in _WRAPPERS:
                self._around = attributes

    def end(self, tag: str) -> None:
        """Take an element's end."""
        self._path.pop()
        if tag == "mxCell":
            self._cell = None
        elif tag == "diagram" and self._own is None:
            self._page = None
        elif tag in _WRAPPERS or (self._path and self._path[-1] == "root"):
            self._around = None

    def data(self, text: str) -> None:
        """Take text: that of a page is packed."""
        if self._page is not None and self._path and self._path[-1] == "diagram":
            self._page.text.append(text)
