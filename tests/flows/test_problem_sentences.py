"""Every problem has a sentence, every fix a title, and both get the values that they name."""

import random
from contextlib import suppress
from string import Formatter

import pytest

from flows.document import DEFAULT_LIMITS, Document, Rejected, apply, decode_operation
from flows.expressions import ExpressionReason
from flows.problem_sentences import EXPRESSIONS, FIXES, SENTENCES, fix_title, message
from flows.validation import Code, Installation, Problem, judge, judge_values
from tests.validation import test_reading, test_rules
from tests.validation.graphs import chain, edge, node, problems
from tests.validation.test_validator import operation


def every_problem() -> list[Problem]:
    found = [one for middle, _code, _path in test_rules.SIMPLE for one in problems(*chain(middle))]
    nodes, edges = chain()
    for more_nodes, more_edges, _code, _path in test_reading.CASES:
        found += judge_values([*nodes, *more_nodes], [*edges, *more_edges], DEFAULT_LIMITS, 100).items
    rng, document = random.Random(1), Document()
    for _ in range(300):
        with suppress(Rejected):
            record = decode_operation(operation(rng, document), DEFAULT_LIMITS)
            document.advance(apply(document, record, DEFAULT_LIMITS).effect)
            found += judge(document, 500).items
    found += problems([node("1", "decision", branches=["a"], default_branch="b"), node("2", "sensor")], [])
    found += problems([node("1", "loop"), node("2", "skill", input_schema={"type": "array"})], [])
    for graph in (test_rules.loop_with(edge("1", "2", "each"), edge("2", "3"), edge("1", "3", "out")), ([], [])):
        found += problems(*graph)
    return found


def names_of(text: str) -> set[str]:
    return {name for _literal, name, _spec, _conversion in Formatter().parse(text) if name}


@pytest.mark.parametrize("code", Code)
def test_every_code_has_a_sentence(code: Code) -> None:
    assert SENTENCES[code].endswith((".", "}"))


def test_every_reason_of_an_expression_has_a_sentence() -> None:
    assert set(EXPRESSIONS) == set(ExpressionReason)


def test_every_problem_has_what_its_sentence_names() -> None:
    found = every_problem()

    assert len({one.code for one in found}) >= 28
    for one in found:
        assert names_of(SENTENCES[one.code]) <= set(one.values), one
        assert message(one)
        if one.fix is not None:
            assert names_of(FIXES[one.code]) <= set(one.values), one
            assert fix_title(one)


def test_an_installations_problems_too() -> None:
    given = Installation(
        providers=frozenset(), models=frozenset(), secrets=frozenset(), databases=frozenset(), has_files_folder=False
    )
    cases = test_rules.test_what_is_not_set_up_warns_and_stops_runs.pytestmark[0].args[1]  # type: ignore[attr-defined]
    for one, code in cases:
        for problem in problems([one], [], given):
            assert names_of(SENTENCES[problem.code]) <= set(problem.values), code
