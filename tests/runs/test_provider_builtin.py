"""The model that comes with the product: by rule, the same every time, good enough for every template and the demo."""

import json
import time
from collections.abc import Iterator
from threading import Event
from typing import Any

import jsonschema_rs
import pytest

from flows.expressions import Json
from flows.templates.builtin import builtin
from runs.providers.builtin import BuiltIn
from runs.providers.builtin.choosing import offered
from runs.providers.values import Ask, Call, Message, ProviderFailure, Reply, Tool, ToolCall

MODEL = BuiltIn(pace=0)


def ask(system: str, told: str, *, call: Call | None = None, **asked: Any) -> Reply:
    return MODEL.answer(Ask(system=system, messages=(Message("user", told),), **asked), call or Call())


def agents() -> Iterator[Any]:
    """Yield each agent of each template: its settings, and what the run's form says by default."""
    for template in builtin().values():
        fields = [
            field
            for node in template.nodes
            if node.kind == "input"
            for field in node.settings.get("fields") or ()  # type: ignore[attr-defined]
        ]
        given = {field["name"]: field.get("default") for field in fields}
        for node in template.nodes:
            if node.kind == "agent":
                yield pytest.param(node.settings, given, id=f"{template.id}: {node.label}")


# every template


@pytest.mark.parametrize(("settings", "given"), list(agents()))
def test_every_agent_of_every_template_says_something_short_of_what_was_asked(
    settings: dict[str, str], given: dict[str, Json]
) -> None:
    prompt = settings["system_prompt"]

    answers = {ask(prompt, json.dumps(given)).text for _ in range(2)}

    (answer,) = answers
    assert 0 < len(answer) < 1_000
    if options := offered(prompt):
        first = answer.split()[0].strip(":.")
        assert first in options
        assert not [option for option in options if option != first and option in answer.lower().replace(first, "")]
        if "one word" in prompt:
            assert answer == first
    if "as JSON" in prompt:
        assert isinstance(json.loads(answer), dict | list)


# one of several words


@pytest.mark.parametrize(
    ("prompt", "options"),
    [
        ("Say one word for the mail: reply, forward or archive.", ["reply", "forward", "archive"]),
        ("Rate the urgency: emergency, today or routine.", ["emergency", "today", "routine"]),
        ("Say better, worse or same first, then why.", ["better", "worse", "same"]),
        ("Say ok if all is well, else say revise.", ["ok", "revise"]),
        ('Answer with "yes" or "no".', ["yes", "no"]),
        ("Choose one of: red, green, and blue", ["red", "green", "blue"]),
        ("Label it urgent|normal|low.", ["urgent", "normal", "low"]),
        ("Sage dringend, normal oder unwichtig.", ["dringend", "normal", "unwichtig"]),
        ("Di sí o no.", ["sí", "no"]),
        ("Correct what is missing or added.", []),
        ("Say so if it says nothing.", []),
        ("Sum up in two sentences.", []),
    ],
)
def test_the_words_that_a_prompt_offers(prompt: str, options: list[str]) -> None:
    assert offered(prompt) == options


@pytest.mark.parametrize(
    ("told", "topic"),
    [
        ("Our site is down, all customers are affected, please hurry: urgent!", "urgent"),
        ("I want my money back, I was charged twice", "refund"),
        ("When do you open?", "question"),
        ('{"subject": "Refund", "body": "It broke."}', "refund"),
        ("Hello", "question"),
        ("", "question"),
    ],
)
def test_it_picks_what_the_text_speaks_for(told: str, topic: str) -> None:
    assert ask("Answer with one topic: urgent, question or refund.", told).text == topic


def test_what_a_prompt_names_for_doubt_is_picked_in_doubt() -> None:
    assert ask("Say yes or no. Say no when in doubt.", "Hm").text.startswith("no")


# JSON by schema


@pytest.mark.parametrize(
    "schema",
    [
        {},
        {"type": "string", "minLength": 300},
        {"type": "string", "maxLength": 3},
        {"type": "string", "format": "date"},
        {"type": "integer", "minimum": 5, "maximum": 6},
        {"type": "number", "exclusiveMinimum": 0, "multipleOf": 0.5},
        {"type": "integer", "multipleOf": 7, "minimum": 8},
        {"type": "boolean"},
        {"type": ["null", "string"]},
        {"const": {"a": 1}},
        {"enum": ["urgent", "low"]},
        {"enum": [1, None, True]},
        {"type": "array", "items": {"type": "string"}, "minItems": 2, "maxItems": 3},
        {"type": "array", "items": {"enum": ["a", "b"]}, "minItems": 1},
        {"anyOf": [{"type": "integer"}, {"type": "string"}]},
        {"allOf": [{"type": "object", "properties": {"a": {"type": "integer"}}}, {"required": ["a"]}]},
        {"$ref": "#/$defs/thing", "$defs": {"thing": {"type": "object", "properties": {"name": {"type": "string"}}}}},
        {
            "type": "object",
            "properties": {
                "topic": {"enum": ["urgent", "refund"]},
                "days": {"type": "integer", "minimum": 0},
                "people": {"type": "array", "items": {"type": "object", "properties": {"name": {"type": "string"}}}},
                "note": {"type": "string", "maxLength": 20},
            },
            "required": ["topic", "days", "people", "note"],
            "additionalProperties": False,
        },
    ],
)
@pytest.mark.parametrize("told", ["", "Refund me within 12 days. It was urgent.", '{"days": 4, "note": "a\\nb"}'])
def test_what_it_makes_fits_the_schema(schema: dict[str, Json], told: str) -> None:
    value = json.loads(ask("", told, schema=schema).text)

    assert jsonschema_rs.validator_for(schema).is_valid(value), value


def test_it_takes_what_the_text_says_under_the_same_name() -> None:
    schema = {"type": "object", "properties": {"city": {"type": "string"}, "days": {"type": "integer"}}}

    assert json.loads(ask("", '{"city": "Rome", "days": 3}', schema=schema).text) == {"city": "Rome", "days": 3}


def test_a_schema_that_names_itself_many_times_ends() -> None:
    inner: dict[str, Json] = {name: {"$ref": "#"} for name in "abcdefghij"}
    started = time.monotonic()

    ask("", "x", schema={"type": "object", "properties": inner, "allOf": [{"$ref": "#"}]})

    assert time.monotonic() - started < 20


@pytest.mark.parametrize(
    "told",
    ["{" * 50_000, "[" * 50_000, '{"a":' * 9_000, "a" * 500_000, "say a, " * 20_000, "." * 50_000, "Item:\n" * 3_000],
)
def test_a_hostile_text_ends(told: str) -> None:
    started = time.monotonic()

    for system in ("Say one word: a or b.", "Sum up.", "Answer as JSON.", ""):
        ask(system, told)

    assert time.monotonic() - started < 20


# tools, lengths, words


def test_it_calls_a_tool_that_is_named_once_and_answers_with_what_it_gave() -> None:
    tool = Tool("get_weather", "", {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]})
    first = ask("", 'Get weather for {"city": "Rome"}', tools=(tool,))
    assert first.calls == (ToolCall("call-1", "get_weather", {"city": "Rome"}),)

    told = (Message("user", "Get weather for Rome"), Message("assistant", "", first.calls), Message("tool", "sunny"))
    assert MODEL.answer(Ask(system="", messages=told, tools=(tool,)), Call()).text == "sunny"
    assert ask("", "Tell me a joke", tools=(tool,)).calls == ()


def test_in_a_loop_it_works_on_the_item() -> None:
    told = 'Input:\n{"language": "German"}\n\nItem:\nGood day\nto you\n\nResult of the step before:\n["Good night"]'

    assert ask("Translate the part.", told).text == "Good day\nto you"
    assert ask("Sum up.", told).text.startswith("Good day.")


def test_a_summary_is_shorter_than_the_text() -> None:
    text = " ".join(f"Sentence {number} speaks of storms and rivers." for number in range(40))

    assert len(ask("Sum up in two sentences.", text).text) < len(text) / 5


def test_lists_have_as_many_lines_as_were_asked_for() -> None:
    text = "One thing. Another thing. A third thing. A fourth thing."

    assert len(ask("List three points, one a line.", text).text.splitlines()) == 3


def test_a_scale_is_kept() -> None:
    assert {int(ask("Rate from 1 to 5.", f"text {number}").text.split()[0]) for number in range(50)} == {1, 2, 3, 4, 5}


def test_it_stops_at_max_tokens_and_says_so() -> None:
    reply = ask("Correct it.", "a b c d", max_tokens=2)

    assert (reply.text, reply.finish, reply.output_tokens) == ("a b", "length", 2)


def test_a_cancelled_answer_ends() -> None:
    cancelled = Event()

    with pytest.raises(ProviderFailure, match="cancelled"):
        ask("Correct it.", "a b c", call=Call(cancelled=cancelled, say=lambda text: cancelled.set()))
