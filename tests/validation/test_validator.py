"""A validator that follows a flow says what a full judgement says, and judges only what a change touches."""

import random
from itertools import pairwise

import pytest

from flows.document import DEFAULT_LIMITS, Document, Rejected, apply, decode_operation
from flows.validation import Problem, Validator, judge
from tests.document.random_operations import random_operation
from tests.validation.graphs import chain, document_of, edge, node

MOST = 100_000
TEXTS = ["input.x", "nodes.n1.output", "{{ nodes['n2'].output }}", "{{ item }}", "{{ topic", "1 +", "$..x", ""]


def operation(rng: random.Random, document: Document) -> object:
    """A random edit, often of a text that mentions something."""
    nodes = [one for one in document.nodes() if one.kind in ("decision", "transform", "agent", "loop")]
    if nodes and rng.random() < 0.3:
        one = rng.choice(nodes)
        name = {"decision": "expression", "transform": "transformation", "agent": "system_prompt"}.get(
            one.kind, "iterate_over"
        )
        return {"kind": "edit_node", "id": one.id, "set": {"settings": {name: rng.choice(TEXTS)}}}
    return random_operation(rng, document)


@pytest.mark.parametrize("seed", range(12))
def test_following_is_judging_anew(seed: int) -> None:
    rng = random.Random(seed)
    document = Document()
    validator = Validator(document.copy())
    for _ in range(120):
        try:
            effect = apply(document, decode_operation(operation(rng, document), DEFAULT_LIMITS), DEFAULT_LIMITS).effect
        except Rejected:
            continue
        document.advance(effect)
        validator.advance(effect)

        assert validator.report(MOST) == judge(document.copy(), MOST)


@pytest.mark.parametrize("seed", range(8))
def test_a_fix_removes_its_problem_and_makes_no_error(seed: int) -> None:
    rng = random.Random(seed)
    document = Document()
    for _ in range(150):
        try:
            record = decode_operation(operation(rng, document), DEFAULT_LIMITS)
            document.advance(apply(document, record, DEFAULT_LIMITS).effect)
        except Rejected:
            continue
    before = judge(document.copy(), MOST)
    fixed = [problem for problem in before.items if problem.fix is not None]
    for problem in fixed:
        assert problem.fix is not None
        after = document.copy()
        record = decode_operation(problem.fix.encode(), DEFAULT_LIMITS)
        after.advance(apply(after, record, DEFAULT_LIMITS).effect)
        found = judge(after, MOST).items

        assert place(problem) not in {place(one) for one in found}
        # A text may have meant a node that the fix cuts off: that is told of the text, at its own place.
        new = {place(one) for one in found if one.severity == "error"} - {place(one) for one in before.items}
        assert {code for code, *_ in new} <= {"not_upstream", "unknown_node"}
    assert fixed


def place(problem: Problem) -> tuple[str, ...]:
    return str(problem.code), problem.path, str(problem.values.get("branch", problem.values.get("id", "")))


def large(count: int = 1_000) -> Document:
    ids = [f"n{number}" for number in range(count)]
    nodes = [node(f"{id}0") | {"x": 200 * number, "id": id, "label": id} for number, id in enumerate(ids)]
    return document_of(nodes, [edge(one, other) for one, other in pairwise(ids)])


@pytest.mark.parametrize(
    ("change", "most"),
    [
        ({"kind": "move_node", "id": "n5", "x": 7, "y": 900}, 5),
        ({"kind": "edit_node", "id": "n5", "set": {"settings": {"transformation": "{{ input.x }}"}}}, 60),
        ({"kind": "edit_node", "id": "n5", "set": {"label": "Other"}}, 60),
        ({"kind": "edit_node", "id": "n5", "set": {"colour": "#123456"}}, 60),
        ({"kind": "remove_edge", "id": "n5-n6"}, 60),
        ({"kind": "remove_node", "id": "n5"}, 60),
    ],
)
def test_a_change_judges_few_rules_in_a_large_flow(change: object, most: int) -> None:
    document = large()
    validator = Validator(document.copy())
    assert validator.work > 10_000
    validator.work = 0

    validator.advance(apply(document, decode_operation(change, DEFAULT_LIMITS), DEFAULT_LIMITS).effect)

    assert 0 < validator.work <= most


def test_no_more_is_told_than_may_be_and_all_is_counted() -> None:
    nodes = [node(f"a{number}", "api", url="") | {"y": number * 100, "x": 0} for number in range(20)]
    report = judge(document_of(nodes, []), 5)

    assert len(report.items) == 5
    assert report.counts["error"] == 20
    assert report.stops_runs


def test_loops_in_loops_are_bounded() -> None:
    """Each body is nearly the whole flow: walking through all of them would be quadratic."""
    count = 600
    nodes = [node("x0", "loop") | {"id": f"l{n}", "label": f"l{n}", "y": 100 * n} for n in range(count)]
    edges = [edge(f"l{n}", f"l{n + 1}", "each") for n in range(count - 1)]
    validator = Validator(document_of(nodes, edges))

    assert sum(len(body) for body in validator._structure.bodies.values()) < 40 * count


def test_a_flow_in_order_stays_so() -> None:
    assert judge(document_of(*chain(node("1"))), 10).items == ()
