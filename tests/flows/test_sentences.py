"""Every reason has one sentence, and every sentence gets the values that it names."""

import ast
from collections.abc import Iterator
from enum import StrEnum
from pathlib import Path
from string import Formatter

import pytest
from django.utils.translation import override

from flows.document import DEFAULT_LIMITS, Reason, Rejected, decode_operation
from flows.errors import FlowReason
from flows.sentences import SENTENCES, sentence
from sessions import connection

ROOT = Path(connection.__file__).parents[1]
CODE = [*ROOT.glob("flows/**/*.py"), *ROOT.glob("sessions/**/*.py")]
REASONS: list[StrEnum] = [*Reason, *FlowReason]


def placeholders(text: str) -> set[str]:
    return {name for _literal, name, _spec, _conversion in Formatter().parse(text) if name}


def raised() -> Iterator[tuple[StrEnum, set[str]]]:
    """Find every refusal in the code: its reason, and the names of its values."""
    for path in [*ROOT.glob("flows/**/*.py"), *ROOT.glob("sessions/**/*.py")]:
        for call in ast.walk(ast.parse(path.read_text())):
            if (
                isinstance(call, ast.Call)
                and isinstance(call.func, ast.Name)
                and call.func.id in ("Rejected", "invalid")
            ):
                for reason in filter(None, map(reason_of, call.args)):
                    yield reason, {word.arg for word in call.keywords if word.arg}


def reason_of(node: ast.expr) -> StrEnum | None:
    match node:
        case ast.Attribute(ast.Name("Reason"), name):
            return Reason[name]
        case ast.Attribute(ast.Name("FlowReason"), name):
            return FlowReason[name]
        case _:
            return None


@pytest.mark.parametrize("reason", REASONS)
def test_every_reason_has_a_sentence(reason: StrEnum) -> None:
    assert SENTENCES[reason]


def test_no_two_reasons_are_spelt_alike() -> None:
    assert len(set(REASONS)) == len(SENTENCES) == len(REASONS)


def test_every_refusal_holds_what_its_sentence_names() -> None:
    found = list(raised())
    assert len(found) > 50
    for reason, names in found:
        wanted = placeholders(SENTENCES[reason])
        bounds = {"low", "high"} if reason in (Reason.NOT_A_NUMBER, Reason.NOT_AN_INTEGER) else set()
        assert wanted - bounds <= names, reason


@pytest.mark.parametrize("reason", REASONS)
def test_every_reason_is_given_somewhere(reason: StrEnum) -> None:
    word = f"{type(reason).__name__}.{reason.name}"
    assert any(word in path.read_text() for path in CODE if path.stem != "sentences")


@pytest.mark.parametrize(
    ("operation", "said"),
    [
        (
            {"kind": "add_node", "node": {"id": "n", "kind": "agent", "x": 0, "y": 0, "settings": {"max_tokens": 0}}},
            "settings.max_tokens: a whole number from 1 to 10,000,000",
        ),
        ({"kind": "move_node", "id": "n", "x": 0, "y": None}, "y: a number from -1,000,000 to 1,000,000"),
        ({"kind": "edit_edge", "id": "e", "set": {"label": "x" * 2001}}, "label: at most 2,000 characters"),
        (
            {"kind": "add_node", "node": {"id": "n", "kind": "api", "x": 0, "y": 0, "settings": {"auth": "no"}}},
            "settings.auth: one of none, bearer, api_key, basic",
        ),
        ({"kind": "nothing {id}"}, "There is no operation 'nothing {id}'."),
        ({"kind": "move_node", "id": "n", "x": 0}, "move_node: y is missing"),
    ],
)
def test_a_sentence_names_the_property_and_what_fits(operation: object, said: str) -> None:
    with pytest.raises(Rejected) as caught:
        decode_operation(operation, DEFAULT_LIMITS)
    assert sentence(caught.value) == said


def test_a_refusal_inside_a_batch_is_said_with_its_number() -> None:
    inner = Rejected("unknown_node", Reason.UNKNOWN_NODE, missing=("node", "gone"), id="gone")
    refusal = Rejected("unknown_node", Reason.BATCH_ITEM, missing=inner.missing, number=3, inner=inner)
    assert sentence(refusal) == "Operation 3 of the batch: There is no node gone."


def test_a_sentence_is_made_in_the_language_of_its_reader() -> None:
    refusal = Rejected("limit_reached", Reason.TOO_MANY_NODES, most=10_000)
    with override("de"):
        assert "10.000" in sentence(refusal)
    assert "10,000" in sentence(refusal)
