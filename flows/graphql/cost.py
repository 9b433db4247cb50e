"""What one request may ask for, counted on its text before anything is done.

Each field costs one; a flow's nodes and edges cost more, a mutation much more; what stands in a list counts as often as
the list may be long. So aliases, nesting and long pages are bounded by one number, `GRAPHQL_COST`, and levels by
`GRAPHQL_DEPTH`. How many elements are really read is counted when they are (`Elements`): a text cannot tell how large
flows are. The text itself is at most `GRAPHQL_BYTES`.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from django.utils.translation import gettext as _
from graphql import (
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    InlineFragmentNode,
    IntValueNode,
    OperationDefinitionNode,
    OperationType,
    SelectionSetNode,
    VariableNode,
    parse,
)

from flows import limits as helix_limits
from web.errors import Problem

MUTATION, GRAPH = 100, 50
PAGE = 100
"""The longest page of flows, and how long one counts whose length is not known."""
MOST_FIELDS = 1_000
"""Fields in a text: to validate them takes the square of it."""
MOST_FIELDS_FOLLOWED, MOST_TOKENS_FOLLOWED, LONGEST_FOLLOWED = 50, 500, 4_096
"""Fields, tokens and bytes in the text of a subscription: it is read on the loop, where everybody waits."""
INTROSPECTION: Mapping[str, int] = {
    "types": 20,
    "fields": 6,
    "args": 2,
    "inputFields": 4,
    "enumValues": 2,
    "directives": 5,
    "interfaces": 2,
    "possibleTypes": 2,
}
"""How long lists of the schema count."""


class Elements:
    """How many nodes and edges one request has read; a flow that does not fit any more is refused."""

    def __init__(self) -> None:
        self._left = helix_limits.current().graphql_elements

    def spend(self, count: int) -> None:
        """Count elements before they are read. Raises `Problem`."""
        self._left -= count
        if self._left < 0:
            raise _too_much()


def check(
    text: str, variables: Mapping[str, object], operation: str | None, *, is_followed: bool = False
) -> OperationType | None:
    """Refuse a request that asks for too much; return the type of its operation, None if it has none of that name.

    `is_followed` says that it came by WebSocket. Raises `Problem`, and `GraphQLSyntaxError` for what is no GraphQL.
    """
    limits = helix_limits.current()
    most_bytes, most_tokens, most_fields = limits.graphql_bytes, limits.graphql_bytes // 2, MOST_FIELDS
    if is_followed:
        most_bytes, most_tokens, most_fields = (
            min(most_bytes, LONGEST_FOLLOWED),
            MOST_TOKENS_FOLLOWED,
            MOST_FIELDS_FOLLOWED,
        )
    if len(text.encode(errors="surrogatepass")) > most_bytes:
        raise _too_much()
    document = parse(text, no_location=False, max_tokens=most_tokens)
    found: OperationType | None = None
    operations = [one for one in document.definitions if isinstance(one, OperationDefinitionNode)]
    counting = _Counting(_fragments(document), variables, limits.graphql_depth, most_fields)
    if operation is None and len(operations) > 1:
        raise Problem("invalid", _("operationName: say which of the operations"))
    for definition in operations:
        if operation is None or (definition.name and definition.name.value == operation):
            found = found or definition.operation
        is_mutation = definition.operation is OperationType.MUTATION
        if counting.cost(definition.selection_set, 1, MUTATION if is_mutation else 1) > limits.graphql_cost:
            raise _too_much()
    return found


def _too_much() -> Problem:
    return Problem("limit_reached", _("This asks for too much at once. Ask for less, or for fewer flows."))


def _fragments(document: DocumentNode) -> dict[str, FragmentDefinitionNode]:
    return {one.name.value: one for one in document.definitions if isinstance(one, FragmentDefinitionNode)}


@dataclass(slots=True)
class _Counting:
    """Costs of selections; a fragment is counted once, however often it is spread."""

    fragments: Mapping[str, FragmentDefinitionNode]
    variables: Mapping[str, object]
    most_levels: int
    most_fields: int
    known: dict[tuple[str, int], int] = field(default_factory=dict)
    open: set[str] = field(default_factory=set)
    fields: int = 0

    def cost(self, selections: SelectionSetNode | None, level: int, each: int = 1) -> int:
        if selections is None:
            return 0
        if level > self.most_levels:
            raise _too_much()
        return sum(self._one(selection, level, each) for selection in selections.selections)

    def _one(self, selection: object, level: int, each: int) -> int:
        match selection:
            case FieldNode():
                self.fields += 1
                if self.fields > self.most_fields:
                    raise _too_much()
                return (
                    each + self._own(selection) + self._times(selection) * self.cost(selection.selection_set, level + 1)
                )
            case InlineFragmentNode():
                return self.cost(selection.selection_set, level + 1, each)
            case FragmentSpreadNode():
                return self._spread(selection.name.value, level, each)
            case _:
                return 0

    def _spread(self, name: str, level: int, each: int) -> int:
        fragment = self.fragments.get(name)
        if fragment is None or name in self.open:  # validation refuses both
            return 0
        if len(self.open) > self.most_levels:
            raise _too_much()
        if (name, level) not in self.known:
            self.open.add(name)
            self.known[name, level] = self.cost(fragment.selection_set, level, each)
            self.open.discard(name)
        return self.known[name, level]

    def _own(self, field: FieldNode) -> int:
        """Return what a field costs besides: the lists of a flow are selections of elements, not of pages."""
        name = field.name.value
        is_page = name == "edges" and any(
            isinstance(one, FieldNode) and one.name.value in ("node", "cursor")
            for one in (field.selection_set.selections if field.selection_set else ())
        )
        return GRAPH if name in ("nodes", "edges") and not is_page else 0

    def _times(self, field: FieldNode) -> int:
        name = field.name.value
        if name == "myFlows":
            return self._first(field)
        return INTROSPECTION.get(name, 1)

    def _first(self, field: FieldNode) -> int:
        for argument in field.arguments or ():
            if argument.name.value != "first":
                continue
            value: object = argument.value
            if isinstance(value, VariableNode):
                value = self.variables.get(value.name.value, PAGE)
            elif isinstance(value, IntValueNode):
                value = int(value.value[:9])
            return min(max(value, 1), PAGE) if isinstance(value, int) else PAGE
        return PAGE // 2
