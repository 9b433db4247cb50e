"""The statements of a flowchart, read from left to right.

Which word is a keyword depends on what follows it: `end` closes a subgraph, but `end --> a` begins at a node. What
Mermaid refuses but can mean one thing only (parentheses in a label without quotes) is read, and counted as a slip.
Subgraphs that are open are kept on a list: nothing here recurses.
"""

import re
from collections.abc import Callable, Mapping

from django.utils.translation import gettext as _

from flows.interchange.budget import Budget
from flows.interchange.colours import colour_of
from flows.interchange.mermaid.chart import Arrow, Chart, Label
from flows.interchange.mermaid.cursor import Cursor
from flows.interchange.mermaid.links import FoundLink, next_link
from flows.interchange.mermaid.preamble import Preamble
from flows.interchange.mermaid.shape_data import LONGEST, pairs
from flows.interchange.mermaid.shapes import BRACKETS, SLIPS
from flows.interchange.text import unreadable

_BETWEEN = re.compile(r"[\s;]+")
_WHITE = re.compile(r"\s*")
_SPACES = re.compile(r"[ \t]*")
_STATEMENT_END = re.compile(r"[ \t]*(?:;|\n|\Z|%%[^\n]*)")
_REST_OF_LINE = re.compile(r"[^\n]*")
_REST = re.compile(r"(?:[^\n;]|;(?=[ \t]*[A-Za-z-]+[ \t]*:[^:]))*+")
"""The rest of a statement; what follows a `;` within styles and is one more style belongs to it."""
_ID = re.compile(
    r"(?:[A-Za-z0-9!#$%'*+.`?\\/_]|[^\x00-\x7f\s]|-(?=[^>\-.])|=(?!=)|:(?!::))"
    r"(?:[A-Za-z0-9!#$%&'*+.`?\\/_,]|[^\x00-\x7f\s]|-(?=[^>\-.])|=(?!=)|:(?!::))*+"
)
_CLASS = re.compile(r":::[ \t]*(?P<name>[A-Za-z0-9_][\w-]*)")
_AND = re.compile(r"[ \t]*&\s*")
_DATA = re.compile(r'@\{(?P<data>(?:[^"}]|"[^"]*")*+)\}')
_KEYWORD = re.compile(
    r"(?P<word>subgraph|end|direction|style|linkStyle|classDef|class|click|accTitle|accDescr)(?![\w.:-]|[ \t]*@)"
    r"|(?P<about>accTitle|accDescr)[ \t]*(?=[:{])"
)
_DIRECTION = re.compile(r"[ \t]+(?P<direction>LR|RL|TB|BT|TD)\b[^\n;]*")
_HEADER = re.compile(r'[^\[\n;"]*')
_ABOUT = re.compile(r"[ \t]*(?::(?P<line>[^\n]*)|\{(?P<lines>[^}]*)\})")
_QUOTED = re.compile(r'"([^"\n]*)"')
_NODE_FOLLOWS = re.compile(r"[ \t]*(?:[xo<]?--|[xo<]?==|[xo<]?-?\.+-|~~~|[\[({]|:::|@\{|&)|[ \t]*(?:\n|;|\Z)")
_SHAPE_AFTER_SPACE = re.compile(r"[ \t]+(?=[\[({])")


def parse(preamble: Preamble, budget: Budget) -> Chart:
    """Read the statements. Raises `UnreadableError` and `TooMuchError`."""
    chart = Chart(budget)
    _Statements(Cursor(preamble.text, preamble.start, budget), chart, budget).read()
    return chart


class _Statements:
    def __init__(self, cursor: Cursor, chart: Chart, budget: Budget) -> None:
        self._cursor = cursor
        self._chart = chart
        self._budget = budget
        self._keywords: Mapping[str, Callable[[], None]] = {
            "subgraph": self._subgraph,
            "end": self._end,
            "direction": self._direction,
            "style": self._style,
            "linkStyle": self._link_style,
            "classDef": self._class_definition,
            "class": self._class,
            "click": self._click,
            "accTitle": self._about,
            "accDescr": self._about,
        }

    def read(self) -> None:
        """Read all statements."""
        cursor, chart = self._cursor, self._chart
        while True:
            self._budget.step()
            cursor.skip(_BETWEEN)
            if cursor.is_at_end:
                break
            self._statement()
        if chart.innermost is not None:
            raise unreadable(_("The subgraph does not end."), cursor.text, chart.innermost.position)

    def _statement(self) -> None:
        cursor = self._cursor
        if keyword := cursor.peek(_KEYWORD):
            word = keyword["word"] or keyword["about"]
            if not self._is_a_name(word, keyword.end()):
                cursor.position = keyword.end()
                self._keywords[word]()
                return
        self._nodes_and_links()
        if cursor.take(_STATEMENT_END) is None:
            raise cursor.unexpected()

    def _is_a_name(self, word: str, end: int) -> bool:
        """Tell whether a keyword is used as the name of a node."""
        if word == "end":
            is_alone = _STATEMENT_END.match(self._cursor.text, end) is not None
            return not is_alone and next_link(self._cursor, end) is not None
        return word not in ("subgraph", "accTitle", "accDescr") and bool(_NODE_FOLLOWS.match(self._cursor.text, end))

    def _nodes_and_links(self) -> None:
        sources = self._nodes()
        while (found := next_link(self._cursor, self._cursor.position)) is not None:
            self._cursor.position = found.end
            label, head = self._link_text(found)
            targets = self._nodes()
            self._chart.connect(sources, targets, Arrow(found.start_head, head, found.line, label, found.id))
            sources = targets

    def _link_text(self, found: FoundLink) -> tuple[Label | None, str]:
        """Read what stands on a link, `|text|` after it or between its halves; return it and the link's head."""
        cursor = self._cursor
        if found.is_half:
            return cursor.half_label(found.line)
        if not cursor.skip_mark("|"):
            return None, found.end_head
        label, _close, has_slips = cursor.label({"|": ""})
        self._chart.slips += has_slips
        cursor.skip(_WHITE)
        return label, found.end_head

    def _nodes(self) -> list[str]:
        ids = [self._node()]
        while self._cursor.take(_AND):
            ids.append(self._node())
        return ids

    def _node(self) -> str:
        cursor = self._cursor
        name = cursor.take(_ID)
        if name is None:
            raise cursor.unexpected()
        id = name[0]
        if cursor.text.startswith("@{", cursor.position) and self._chart.is_edge(id):
            self._chart.edge_data[id] = self._data()
            return id
        vertex = self._chart.mention(id)
        if self._shape_follows():
            vertex.label, vertex.shape = self._shape()
        while True:
            if found := cursor.take(_CLASS):
                vertex.classes.append(found["name"])
            elif cursor.text.startswith("@{", cursor.position):
                self._apply(id, self._data())
            else:
                return id

    def _shape_follows(self) -> bool:
        cursor = self._cursor
        if cursor.text[cursor.position : cursor.position + 1] in ("[", "(", "{", ">"):
            return True
        if spaces := cursor.peek(_SHAPE_AFTER_SPACE):
            cursor.position = spaces.end()
            self._chart.slips += 1
            return True
        return False

    def _shape(self) -> tuple[Label, str]:
        cursor = self._cursor
        opening, closes = next(row for row in BRACKETS if cursor.text.startswith(row[0], cursor.position))
        if opening == "[" and cursor.text.startswith("[|", cursor.position):
            cursor.skip(re.compile(r"\[\|[^|\n]*(?=\|)"))
        cursor.position += len(opening) if not cursor.text.startswith("|", cursor.position) else 1
        label, close, has_slips = cursor.label(closes)
        self._chart.slips += has_slips
        if (opening, close) in SLIPS:
            self._chart.slips += not has_slips
            label = Label(opening[1] + label.raw, label.is_markdown)
        return label, closes[close]

    def _data(self) -> Mapping[str, str]:
        cursor = self._cursor
        start = cursor.position
        found = cursor.take(_DATA)
        if found is None:
            raise unreadable(_("The properties in “@{” do not end."), cursor.text, start)
        if len(found["data"]) > LONGEST:
            raise unreadable(_("The properties in “@{” are too long."), cursor.text, start)
        read = pairs(found["data"], self._budget)
        if isinstance(read, int):
            message = _("Properties in “@{” are names with a text, a number, true or false.")
            raise unreadable(message, cursor.text, found.start("data") + read)
        return read

    def _apply(self, id: str, data: Mapping[str, str]) -> None:
        vertex = self._chart.mention(id)
        if "label" in data:
            vertex.label = Label(data["label"])
        for name in ("shape", "icon", "img"):
            if data.get(name):
                vertex.shape = data[name] if name == "shape" else name

    def _subgraph(self) -> None:
        cursor, start = self._cursor, self._cursor.position
        cursor.skip(_SPACES)
        if cursor.text.startswith('"', cursor.position):
            title = cursor.quoted()
        else:
            header = cursor.take(_HEADER)
            title = Label(header[0].strip() if header else "")
        id: str | None = title.raw.strip()
        cursor.skip(_SPACES)
        if cursor.skip_mark("["):
            title, _close, has_slips = cursor.label({"]": ""})
            self._chart.slips += has_slips
        elif not id or re.search(r"\s", id):
            id = None
        cursor.skip(_CLASS)
        if cursor.take(_STATEMENT_END) is None:
            raise cursor.unexpected()
        self._chart.open(id or None, title, start)

    def _end(self) -> None:
        if self._chart.innermost is None:
            raise unreadable(_("No subgraph is open."), self._cursor.text, self._cursor.position - 3)
        self._chart.close()

    def _direction(self) -> None:
        found = self._cursor.take(_DIRECTION)
        if found is None:
            raise self._cursor.unexpected()
        if self._chart.innermost is not None:
            self._chart.innermost.has_direction = True
        else:
            self._chart.direction = {"TD": "TB"}.get(found["direction"], found["direction"])

    def _style(self) -> None:
        ids, styles = self._two_parts()
        for id in ids:
            self._chart.mention(id, is_drawn=False).colours = _colours(styles)

    def _link_style(self) -> None:
        self._cursor.skip(_REST)
        self._chart.link_styles += 1

    def _class_definition(self) -> None:
        names, styles = self._two_parts()
        for name in names:
            self._chart.class_colours[name] = _colours(styles)

    def _class(self) -> None:
        rest = self._words()
        ids, _space, name = rest.rpartition(" ")
        if not ids:
            raise self._cursor.unexpected()
        for id in filter(None, map(str.strip, ids.replace('"', "").split(","))):
            self._budget.step()
            if self._chart.is_edge(id):
                self._chart.edge_classes.setdefault(id, []).append(name)
            elif id in self._chart.vertices or id in self._chart.subgraphs:
                self._chart.mention(id, is_drawn=False).classes.append(name)

    def _click(self) -> None:
        found = self._cursor.take(_REST_OF_LINE)
        id, _space, rest = (found[0] if found else "").strip().partition(" ")
        self._chart.clicks += 1
        texts = _QUOTED.findall(rest)
        vertex = self._chart.vertices.get(id)
        is_link = rest.lstrip().startswith(("href", '"'))
        if vertex is not None and len(texts) > is_link:
            vertex.tooltip = texts[-1]

    def _about(self) -> None:
        cursor = self._cursor
        is_title = cursor.text.startswith("accTitle", cursor.text.rfind("acc", 0, cursor.position))
        found = cursor.take(_ABOUT)
        if found is None:
            raise cursor.unexpected()
        said = (found["line"] if found["line"] is not None else found["lines"]).strip()
        if is_title:
            self._chart.title = said
        else:
            self._chart.description = said

    def _two_parts(self) -> tuple[list[str], str]:
        """Return the names that a statement begins with, and the rest of it."""
        first, _space, rest = self._words().partition(" ")
        if not first:
            raise self._cursor.unexpected()
        return [name for name in first.split(",") if name], rest

    def _words(self) -> str:
        found = self._cursor.take(_REST)
        return " ".join(found[0].split()) if found else ""


def _colours(styles: str) -> tuple[str, ...]:
    """Return the colours of a node's outline and ground, as one that is ours if it can be."""
    named = dict(part.partition(":")[::2] for part in styles[:2_000].replace(" ", "").split(","))
    colour = colour_of(named.get("stroke", ""), named.get("fill", ""))
    return (colour,) if colour else ()
