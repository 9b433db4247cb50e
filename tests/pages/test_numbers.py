"""Numbers as people write them, by the vectors that the browser's reading is held to as well."""

import json
from pathlib import Path
from typing import Any

import pytest
from django.utils import translation

from flows.pages.forms.numbers import read_number, write_number

VECTORS: list[dict[str, Any]] = json.loads((Path(__file__).parents[1] / "vectors" / "numbers.json").read_text())
SENTENCES = {
    "not_a_number": "Enter a number.",
    "not_an_integer": "Enter a whole number.",
    "two_numbers": "This could mean two numbers. Write it without thousands separators.",
}


def test_they_are_read_as_the_vectors_say() -> None:
    wrong = [(vector, said) for vector in VECTORS if (said := reading(vector)) != expected(vector)]
    assert not wrong


@pytest.mark.parametrize("language", ["en", "de", "es"])
@pytest.mark.parametrize("value", [0, 0.2, 1, 1000, 1.25, 1e-7, -3.5])
def test_what_is_written_is_read_back(language: str, value: float) -> None:
    with translation.override(language):
        assert read_number(write_number(value), is_whole=False) == value


def test_they_are_written_as_the_language_does_without_groups() -> None:
    with translation.override("de"):
        assert [write_number(value) for value in (0.7, 10_000)] == ["0,7", "10000"]


def reading(vector: dict[str, Any]) -> tuple[object, ...]:
    with translation.override(vector["language"]):
        try:
            value = read_number(vector["text"], is_whole=vector["whole"])
        except ValueError as error:
            return ("refused", {translation.gettext(said): said for said in SENTENCES.values()}[str(error)])
    return ("value", value, type(value))


def expected(vector: dict[str, Any]) -> tuple[object, ...]:
    if "refused" in vector:
        return ("refused", SENTENCES[vector["refused"]])
    return ("value", vector["value"], type(vector["value"]))
