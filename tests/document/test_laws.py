"""The laws that hold for every operation on every flow, tried on random ones.

Replay reproduces, the inverse restores, a refusal changes nothing, the effect is the difference, the flow stays sound,
and it does not matter through which kind of graph the rules look.
"""

import random

import pytest

from flows.document import (
    DEFAULT_LIMITS,
    NO_LIMITS,
    CreateFlow,
    Document,
    Draft,
    Effect,
    Pair,
    Rejected,
    ReplaceGraph,
    apply,
    canonical_json,
    compose,
    decode_operation,
    decode_record,
    parse_json,
)

from .cast import a_document
from .random_operations import random_operation
from .soundness import check_sound

SEEDS = range(40)
STEPS = 120


def through_the_log(record):
    """Write a record to text and read it back, as the log does."""
    return decode_record(parse_json(canonical_json(record.encode())))


def difference(before: Document, after: Document) -> Effect:
    """Compare two documents element by element."""

    def pairs(old, new):
        return {id: Pair(old.get(id), new.get(id)) for id in old | new if old.get(id) != new.get(id)}

    nodes = pairs({n.id: n for n in before.nodes()}, {n.id: n for n in after.nodes()})
    edges = pairs({e.id: e for e in before.edges()}, {e.id: e for e in after.edges()})
    flow = None if before.properties == after.properties else Pair(before.properties, after.properties)
    return Effect(nodes, edges, flow)


class LazyGraph:
    """A graph that answers one question at a time, as rows do, and counts how much it was asked for."""

    def __init__(self, document: Document) -> None:
        self._document = document
        self.whole = 0

    def __getattr__(self, name):
        return getattr(self._document, name)

    def edges_of(self, node_id):
        return iter(self._document.edges_of(node_id))

    def members_of(self, group_id):
        return iter(self._document.members_of(group_id))

    def nodes(self):
        self.whole += 1
        return iter(self._document.nodes())

    def edges(self):
        self.whole += 1
        return iter(self._document.edges())


def refused(graph, operation) -> Rejected | None:
    """Return the refusal, or None where the operation is taken."""
    try:
        apply(graph, decode_operation(operation, DEFAULT_LIMITS), DEFAULT_LIMITS)
    except Rejected as refusal:
        return refusal
    return None


@pytest.mark.parametrize("seed", SEEDS)
def test_a_random_history(seed: int) -> None:
    rng = random.Random(seed)
    document, replayed, draft_base = a_document(), a_document(), a_document()
    draft, total, applied, refusals = Draft(draft_base), Effect(), 0, 0
    for step in range(STEPS):
        operation = random_operation(rng, document)
        before = document.copy()
        lazy = LazyGraph(document)
        refusal = refused(document, operation)
        if refusal is not None:
            assert document == before, f"step {step}: a refusal changed the flow"
            assert refused(draft, operation) is not None
            assert refused(lazy, operation).code == refusal.code
            refusals += 1
            continue
        decoded = decode_operation(operation, DEFAULT_LIMITS)
        outcome = apply(document, decoded, DEFAULT_LIMITS)
        assert document == before, f"step {step}: applying changed the flow"
        assert apply(draft, decoded, DEFAULT_LIMITS) == outcome
        assert apply(lazy, decoded, DEFAULT_LIMITS) == outcome
        assert lazy.whole == 0, "one edit read the whole flow"

        document.advance(outcome.effect)
        draft.advance(outcome.effect)
        total = compose((total, outcome.effect))
        check_sound(document)
        assert outcome.effect == difference(before, document)
        assert outcome.effect.is_empty == (before == document)

        record = through_the_log(outcome.record)
        assert record == outcome.record
        replayed.advance(apply(replayed, record, NO_LIMITS).effect)
        assert replayed == document

        restored = document.copy()
        inverse = through_the_log(outcome.inverse)
        restored.advance(apply(restored, inverse, NO_LIMITS).effect)
        assert restored == before, f"step {step}: the inverse of {operation} did not restore"
        applied += not outcome.effect.is_empty
    assert applied >= 30 and refusals >= 5, "a run that tried too little proves nothing"
    assert draft.effect == total == difference(draft_base, document)
    assert draft_base == a_document()


@pytest.mark.parametrize("seed", range(10))
def test_undoing_everything_leads_back_to_the_beginning(seed: int) -> None:
    rng = random.Random(f"back {seed}")
    document, inverses = a_document(), []
    for _ in range(STEPS):
        try:
            operation = decode_operation(random_operation(rng, document), DEFAULT_LIMITS)
            outcome = apply(document, operation, DEFAULT_LIMITS)
        except Rejected:
            continue
        document.advance(outcome.effect)
        inverses.append(outcome.inverse)
    for inverse in reversed(inverses):
        document.advance(apply(document, inverse, NO_LIMITS).effect)
    assert document == a_document()


@pytest.mark.parametrize("seed", range(10))
def test_a_whole_graph_replaced(seed: int) -> None:
    rng = random.Random(f"whole {seed}")
    one, other = grown(rng), grown(rng)
    nodes, edges = other.nodes(), other.edges()
    rng.shuffle(nodes)
    rng.shuffle(edges)
    outcome = apply(one, through_the_log(ReplaceGraph(tuple(nodes), tuple(edges))), DEFAULT_LIMITS)
    replaced = one.copy()
    replaced.advance(outcome.effect)
    check_sound(replaced)
    assert outcome.effect == difference(one, replaced)
    assert (replaced.properties, difference(replaced, other).nodes) == (one.properties, {})

    again = apply(replaced, outcome.record, DEFAULT_LIMITS)
    assert again.effect.is_empty

    replaced.advance(apply(replaced, through_the_log(outcome.inverse), NO_LIMITS).effect)
    assert replaced == one


@pytest.mark.parametrize("seed", range(5))
def test_a_flow_created_from_another(seed: int) -> None:
    original = grown(random.Random(f"create {seed}"))
    record = CreateFlow("Triage", "", tuple(original.nodes()), tuple(original.edges()))
    outcome = apply(Document(), through_the_log(record), DEFAULT_LIMITS)
    created = Document()
    created.advance(outcome.effect)
    check_sound(created)
    assert created.nodes() == original.nodes() and created.edges() == original.edges()
    assert created.properties.title == "Triage"
    assert outcome.inverse is None


def grown(rng: random.Random) -> Document:
    """Return a document after a random history."""
    document = a_document()
    while document.node_count < 20:
        operation = random_operation(rng, document)
        if refused(document, operation) is None:
            document.advance(apply(document, decode_operation(operation, DEFAULT_LIMITS), DEFAULT_LIMITS).effect)
    return document
