"""A sentence that is kept: said in the language of whoever reads it, whatever language it was made in."""

import copy
import json
import pickle

import pytest
from django.utils.translation import override

from web.deferred_translation import Kept, changed, joined, kept, parts_of, said, said_in, stored

TEMPLATE = "“%(what)s” failed."


def in_german(text: str) -> str:
    with override("de"):
        return str(said(text))


@pytest.mark.parametrize("text", ["", "plain", "100 % {sure}", '{"say":', '{"say":"A","with":{}}', "{"])
def test_any_other_text_stays_as_it_is(text: str) -> None:
    assert said(stored(text)) == text
    assert in_german(stored(text)) == text


@pytest.mark.parametrize("broken", ['{"say":', '{"say":1}', '{"say":"x"}', '{"say":"x","with":[]}', '{"say":[' * 9_999])
def test_what_is_no_sentence_is_shown_as_it_is(broken: str) -> None:
    assert said(broken) == broken


def test_a_sentence_is_said_in_the_language_of_the_reader() -> None:
    with override("es"):
        made = kept(TEMPLATE) % {"what": "Fetch"}
        column = stored(made)

    assert said(column) == "“Fetch” failed."
    assert in_german(column) == "„Fetch“ ist fehlgeschlagen."
    assert "failed" in column
    assert stored(said(column)) == column


def test_a_sentence_inside_another_is_said_with_it() -> None:
    column = stored(kept("%(what)s: %(why)s") % {"what": "a.json", "why": kept(TEMPLATE) % {"what": 3}})

    assert said(column) == "a.json: “3” failed."
    assert in_german(column) == "a.json: „3“ ist fehlgeschlagen."


def test_values_fill_names_alone() -> None:
    assert kept("{a} %(b)s %(a)d %(gone)s {gone} %(b)999999999s").format(a="%(b)s{b}", b=1) == (
        "%(b)s{b} 1 %(b)s{b} %(gone)s {gone} %(b)999999999s"
    )


def test_what_was_put_in_can_be_changed_and_the_words_cannot() -> None:
    hide = changed(kept(TEMPLATE) % {"what": "failed secret"}, lambda text: text.replace("failed", "•••"))

    assert hide == "“••• secret” failed."
    assert changed("failed", lambda text: text.upper()) == "FAILED"


def test_sentences_are_found_in_an_object() -> None:
    column = stored(kept(TEMPLATE) % {"what": "Fetch"})
    data = {"reason": column, "error": {"code": "x", "message": column}, "attempt": 1, "names": ["a"]}

    with override("de"):
        told = said_in(data)
    assert told["reason"] == told["error"]["message"] == "„Fetch“ ist fehlgeschlagen."
    assert (told["error"]["code"], told["attempt"], told["names"]) == ("x", 1, ["a"])


def test_a_sentence_is_a_text_that_can_be_copied() -> None:
    made = kept(TEMPLATE) % {"what": "Fetch"}

    for copied in (copy.deepcopy(made), pickle.loads(pickle.dumps(made)), joined(parts_of(made))):
        assert isinstance(copied, Kept)
        assert (copied, stored(copied)) == (made, stored(made))
    assert json.loads(json.dumps(made)) == "“Fetch” failed."
    assert joined("x") is None
