"""What one submission reads and writes is counted, once each; one that takes too much leaves everything as it was."""

import pytest

from flows.document import (
    Batch,
    Document,
    Draft,
    EditEdge,
    Effect,
    MoveNode,
    Work,
    WorkExceeded,
    apply,
    decode_operation,
)
from flows.document.graph import Pair
from flows.document.limits import DEFAULT_LIMITS
from flows.document.operations import ReplaceGraph, SingleOperation
from flows.document.undo.compensation import Compensation
from flows.document.undo.write_set import WriteSet
from tests.document.cast import a_document, a_node, an_edge

MEMBERS = 50


def a_group() -> Document:
    return a_document([a_node("g", "group"), *(a_node(f"n{i}", parent="g") for i in range(MEMBERS))])


def steps(document: Document, record, most: int = 1_000_000) -> int:
    draft = Draft(document, Work(most))
    draft.advance(apply(draft, record, DEFAULT_LIMITS).effect)
    return draft.work.spent


def test_each_element_counts_once_read_and_once_written() -> None:
    assert steps(a_group(), MoveNode("n0", 7, 7)) == 2
    assert steps(a_group(), MoveNode("g", 7, 7)) == 2 * (MEMBERS + 1)


def test_a_replaced_graph_of_ten_thousand_nodes_needs_sixty_thousand() -> None:
    old = a_document(
        [a_node(f"n{i}") for i in range(1_000)],
        [an_edge(f"e{i}", f"n{i % 999}", f"n{i % 999 + 1}", "out", "in") for i in range(999)],
    )
    new = ReplaceGraph(tuple(a_node(f"m{i}") for i in range(1_000)), ())
    assert steps(old, new) == 1_999 * 2 + 1_000, "read, removed, added"


def test_a_batch_may_take_exactly_so_much_and_no_step_more() -> None:
    moves = Batch(tuple(MoveNode("g", x, 0) for x in range(1, 6)))
    needed = steps(a_group(), moves)
    assert 5 * 2 * (MEMBERS + 1) <= needed <= 6 * 2 * (MEMBERS + 1)

    assert steps(a_group(), moves, needed) == needed
    with pytest.raises(WorkExceeded):
        steps(a_group(), moves, needed - 1)


def test_a_draft_is_as_it_was_after_too_much_work() -> None:
    draft = Draft(a_group(), Work(MEMBERS + 10))
    effect = apply(Draft(a_group()), MoveNode("g", 5, 5), DEFAULT_LIMITS).effect
    draft.work.spend(20)

    with pytest.raises(WorkExceeded):
        draft.advance(effect)
    assert draft.effect.is_empty


def test_many_edges_at_one_node_do_not_make_another_dearer() -> None:
    nodes = [a_node(f"n{i}") for i in range(400)]
    document = a_document(nodes, [an_edge(f"e{i}", "n0", f"n{i}") for i in range(1, 300)])
    add = {"kind": "add_edge", "edge": {"id": "new", "source": "n0", "target": "n399"}}
    assert steps(document, decode_operation(add, DEFAULT_LIMITS)) <= 6


def test_an_edge_is_found_by_its_ends_through_every_change() -> None:
    document = a_document([a_node(f"n{i}") for i in range(60)], [an_edge(f"e{i}", "n0", f"n{i}") for i in range(1, 50)])
    ends = ("n0", "n7", "out", "in")
    assert document.edge_between(ends) == document.edge("e7"), "a hub's edges are known by their ends from now on"

    for operation in (
        {"kind": "edit_edge", "id": "e7", "set": {"target": "n55"}},
        {"kind": "edit_edge", "id": "e8", "set": {"target": "n7"}},
        {"kind": "remove_edge", "id": "e9"},
        {"kind": "add_edge", "edge": {"id": "x", "source": "n0", "target": "n9"}},
    ):
        draft = Draft(document)
        effect = apply(draft, decode_operation(operation, DEFAULT_LIMITS), DEFAULT_LIMITS).effect
        draft.advance(effect)
        expected = {edge.ends: edge.id for edge in draft.edges()}
        assert {one: found.id for one in expected if (found := draft.edge_between(one))} == expected
        document.advance(effect)
        assert {one: found.id for one in expected if (found := document.edge_between(one))} == expected
    assert document.edge_between(("n0", "n8", "out", "in")) is None


def taken_back(document: Document, step: Batch) -> tuple[int, list[SingleOperation]]:
    """Do a step and take it back: how much work that is, and by which operations."""
    effect = apply(document, step, DEFAULT_LIMITS).effect
    document.advance(effect)
    wish = Effect({}, {id: Pair(pair.after, pair.before) for id, pair in effect.edges.items()})
    draft = Draft(document, Work())
    back = Compensation(draft, wish, WriteSet())
    assert not back.skipped
    return draft.work.spent, back.operations


def a_chain(length: int) -> tuple[int, list[SingleOperation]]:
    """Edges that each went to where the one before them had been, the last one first."""
    nodes = [a_node("a"), *(a_node(f"t{at}") for at in range(length + 1))]
    document = a_document(nodes, [an_edge(f"e{at}", "a", f"t{at}", "out", "in") for at in range(length)])
    return taken_back(
        document, Batch(tuple(EditEdge(f"e{at}", {"target": f"t{at + 1}"}) for at in range(length)[::-1]))
    )


def test_edges_that_handed_their_ends_on_go_back_in_one_round() -> None:
    shorter, operations = a_chain(40)
    longer, _ = a_chain(80)

    assert [one.id for one in operations if isinstance(one, EditEdge)] == [f"e{at}" for at in range(40)]
    assert longer < 2.2 * shorter
