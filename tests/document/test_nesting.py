"""Groups in each other: so many and no more, whichever way they get there; what is deeper already can come up."""

import pytest

from flows.document import DEFAULT_LIMITS, Document, DocumentLimits, Rejected, ReplaceGraph, apply
from tests.document.cast import a_document, a_node, after

LIMITS = DocumentLimits(nesting=3)


def nested(count: int, prefix: str = "g") -> list:
    """Groups in each other, the outermost first."""
    parents = [None, *(f"{prefix}{n}" for n in range(1, count))]
    return [a_node(f"{prefix}{n}", "group", parent=parent) for n, parent in enumerate(parents, 1)]


def put(id: str, parent: str | None) -> dict:
    return {"kind": "edit_node", "id": id, "set": {"parent": parent}}


def code(document: Document, operation: dict) -> str | None:
    try:
        after(document, operation, limits=LIMITS)
    except Rejected as refusal:
        return f"{refusal.code} {refusal.reason}"
    return None


TOO_DEEP = "limit_reached nested_too_deep"


def test_the_limit_is_the_contract_s() -> None:
    assert DEFAULT_LIMITS.nesting == 32


def test_a_new_group() -> None:
    add = {"kind": "add_node", "node": {"id": "new", "kind": "group", "x": 0, "y": 0}}
    inside = {**add, "node": {**add["node"], "parent": "g3"}}

    assert code(a_document(nested(3)), inside) == TOO_DEEP
    assert code(a_document(nested(3)), {**add, "node": {**add["node"], "parent": "g2"}}) is None
    note = {"kind": "add_node", "node": {"id": "n", "kind": "note", "x": 0, "y": 0, "parent": "g3"}}
    assert code(a_document(nested(3)), note) is None, "groups are counted, not what lies in them"


def test_a_group_put_into_another_takes_what_it_holds_along() -> None:
    document = a_document([*nested(2, "a"), *nested(2, "b"), a_node("x", "group")])

    assert code(document, put("b1", "a2")) == TOO_DEEP
    assert code(document, put("b1", "a1")) is None
    assert code(document, put("x", "a2")) is None
    assert code(document, put("a1", "a2")) == "invalid group_in_itself"


@pytest.mark.parametrize("kind", ["create_flow", "replace_graph"])
def test_a_whole_graph(kind: str) -> None:
    from flows.document import CreateFlow

    def record(count: int):
        nodes = tuple(reversed(nested(count)))
        return CreateFlow("Nested", "", nodes) if kind == "create_flow" else ReplaceGraph(nodes, ())

    apply(Document(), record(3), LIMITS)
    with pytest.raises(Rejected, match=TOO_DEEP.replace(" ", ": ")):
        apply(Document(), record(4), LIMITS)


def test_what_is_too_deep_already_stays_and_can_come_up() -> None:
    document = a_document([*nested(9), a_node("n"), a_node("free", "group")])

    assert code(document, put("n", "g9")) is None
    assert code(document, {"kind": "move_node", "id": "g1", "x": 5, "y": 5}) is None
    assert code(document, put("g9", "g7")) is None, "less deep than it was"
    assert code(document, put("g5", None)) is None
    assert code(document, put("free", "g9")) == TOO_DEEP
    assert code(document, put("g1", "g9")) == "invalid group_in_itself"
    same = ReplaceGraph((*nested(9), a_node("n", label="Written again"), a_node("free", "group")), ())
    assert list(apply(document, same, LIMITS).effect.nodes) == ["n"]
    deeper = ReplaceGraph((*nested(10), a_node("n"), a_node("free", "group")), ())
    with pytest.raises(Rejected, match="nested_too_deep"):
        apply(document, deeper, LIMITS)
