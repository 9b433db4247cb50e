"""DOT's statements, one word at a time.

Subgraphs lie in each other as deep as a file likes, so what is open is kept on a list and nothing here recurses. An end
of an edge is a list of nodes with their ports: a name, several with commas, or all of a subgraph.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import pairwise

from django.utils.translation import gettext as _

from flows.interchange.budget import Budget, UnreadableError
from flows.interchange.dot.graph import Attributes, DotNode, Graph, Key, Subgraph
from flows.interchange.dot.tokens import Token, Tokens
from flows.interchange.text import unreadable

Ends = list[tuple[DotNode, str]]
_LONGEST_SHOWN = 20


@dataclass(slots=True)
class _Scope:
    """An open brace; `ends` are those of the statement that the subgraph is part of, once it is closed."""

    graph: Subgraph
    ends: list[Ends] = field(default_factory=list)


def graphs(text: str, budget: Budget) -> Iterator[Graph]:
    """Yield the graphs of a file, at least one. Raises `UnreadableError` and `TooMuchError`."""
    parser = _Parser(text, budget)
    yield parser.graph()
    while parser.token.kind != "end":
        yield parser.graph()


class _Parser:
    def __init__(self, text: str, budget: Budget) -> None:
        self._text = text
        self._budget = budget
        self._tokens = Tokens(text, budget)
        self.token: Token
        self._mark = ""
        self._go_on()

    def graph(self) -> Graph:
        """Read one graph, to its closing brace."""
        is_strict = self._skip_keyword("strict")
        if not self._is_keyword("graph", "digraph"):
            raise self._unexpected(_("A DOT file begins with “graph” or “digraph”."))
        is_directed = self._take().text.lower() == "digraph"
        name = self._name() if self.token.kind == "id" else None
        self._expect("{")
        graph = Graph(name, self._budget, is_directed=is_directed, is_strict=is_strict)
        self._statements(graph)
        return graph

    def _statements(self, graph: Graph) -> None:
        scopes = [_Scope(graph.root)]
        while scopes:
            scope = scopes[-1]
            if self._skip("}"):
                scopes.pop()
                if scopes:
                    self._after_subgraph(graph, scopes, scope.graph)
            elif self._is_keyword("subgraph") or self._is("{"):
                scopes.append(_Scope(self._open(scope.graph)))
            elif self._is_keyword("graph", "node", "edge"):
                self._defaults(scope.graph)
            elif self.token.kind == "id":
                self._named_statement(graph, scopes)
            elif not self._skip(";"):
                raise self._unexpected()

    def _after_subgraph(self, graph: Graph, scopes: list[_Scope], closed: Subgraph) -> None:
        """Go on after a subgraph; its nodes are asked for only where it is an end of an edge."""
        ends = scopes[-1].ends
        if ends or self._is("->", "--"):
            ends.append([(node, "") for node in closed.all_nodes(self._budget)])
            self._after_end(graph, scopes)
        else:
            self._attributes()

    def _open(self, parent: Subgraph) -> Subgraph:
        name = None
        if self._skip_keyword("subgraph") and self.token.kind == "id":
            name = self._name()
        self._expect("{")
        self._budget.step(1 + parent.breadth // 16)
        return parent.child(name)

    def _defaults(self, scope: Subgraph) -> None:
        what = self._take().text.lower()
        if given := self._attributes():
            self._budget.step(1 + scope.breadth // 16)
            scope.set_defaults(what, given)

    def _named_statement(self, graph: Graph, scopes: list[_Scope]) -> None:
        """Read what begins with a name: `a = b`, a node, or an end of an edge."""
        scope = scopes[-1].graph
        name = self._name()
        if self._skip("="):
            self._budget.step(1 + scope.breadth // 16)
            scope.set_defaults("graph", {name[0]: self._name()})
            return
        scopes[-1].ends.append(self._nodes(graph, scope, name))
        self._after_end(graph, scopes)

    def _nodes(self, graph: Graph, scope: Subgraph, name: Key) -> Ends:
        ends = [(graph.node(name, scope), self._port())]
        while self._skip(","):
            ends.append((graph.node(self._name(), scope), self._port()))
        return ends

    def _port(self) -> str:
        parts = []
        while self._skip(":"):
            parts.append(self._name()[0])
        return ":".join(parts)

    def _after_end(self, graph: Graph, scopes: list[_Scope]) -> None:
        """Go on after an end: along the arrows to the next subgraph, or to the close of the statement."""
        scope = scopes[-1]
        while self._is("->", "--"):
            arrow = self._take()
            if (arrow.text == "->") != graph.is_directed:
                message = _("Edges of a digraph are written “->”, those of a graph “--”.")
                raise unreadable(message, self._text, arrow.position)
            if self._is_keyword("subgraph") or self._is("{"):
                scopes.append(_Scope(self._open(scope.graph)))
                return
            if self.token.kind != "id":
                raise self._unexpected()
            scope.ends.append(self._nodes(graph, scope.graph, self._name()))
        own = self._attributes()
        ends, scope.ends = scope.ends, []
        if len(ends) == 1:
            for node, _ignored in ends[0]:
                self._budget.step(len(own))
                node.own.update(own)
        for tails, heads in pairwise(ends):
            graph.connect(tails, heads, own, scope.graph)

    def _attributes(self) -> Attributes:
        found: Attributes = {}
        while self._is("["):
            usual = self._tokens.attributes()
            self._go_on()
            if usual is not None:
                found |= usual
                continue
            while not self._skip("]"):
                name = self._name()[0]
                found[name] = self._name() if self._skip("=") else ("true", False)
                if not self._skip(","):
                    self._skip(";")
        return found

    def _name(self) -> Key:
        token = self._take()
        if token.kind != "id":
            raise self._unexpected(token=token)
        if not token.is_quoted or not self._is("+"):
            return token.text, token.is_html
        text = [token.text]
        while self._skip("+"):
            part = self._take()
            if not part.is_quoted:
                raise self._unexpected(token=part)
            text.append(part.text)
        return "".join(text), False

    def _take(self) -> Token:
        token = self.token
        if token.kind == "end":
            raise self._unexpected()
        self._go_on()
        return token

    def _go_on(self) -> None:
        self.token = token = self._tokens.next()
        self._mark = token.text if token.kind == "mark" else ""

    def _is(self, *marks: str) -> bool:
        return self._mark in marks

    def _is_keyword(self, *words: str) -> bool:
        return self.token.kind == "keyword" and self.token.text.lower() in words

    def _skip(self, mark: str) -> bool:
        if self._mark != mark:
            return False
        self._go_on()
        return True

    def _skip_keyword(self, word: str) -> bool:
        if not self._is_keyword(word):
            return False
        self._go_on()
        return True

    def _expect(self, mark: str) -> None:
        if not self._skip(mark):
            raise self._unexpected()

    def _unexpected(self, message: str = "", token: Token | None = None) -> UnreadableError:
        found = token or self.token
        if found.kind == "end" and not message:
            message = _("The file ends too early.")
        shown = found.text[:_LONGEST_SHOWN]
        return unreadable(
            message or _("“%(text)s” is not expected here.") % {"text": shown}, self._text, found.position
        )
