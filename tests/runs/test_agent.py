"""An agent: its prompts, the text or the JSON that it gives, and what goes wrong."""

import re
from threading import Event
from typing import cast

import pytest
from pytest_django import Settings

from flows.expressions import Json
from runs.errors import TaskFailure
from runs.kinds.agent import execute
from runs.providers.commands import ProviderRecord, put_provider
from runs.work.clock import elapsed
from tests.runs.agents import Kept, attempt
from tests.runs.provider import Provider, openai
from web.egress import networks

pytestmark = pytest.mark.django_db

TOPICS = "Say one word for the message: urgent, order, question or complaint."
SCHEMA: dict[str, Json] = {
    "type": "object",
    "properties": {"topic": {"enum": ["urgent", "refund"]}, "days": {"type": "integer", "minimum": 1, "maximum": 9}},
    "required": ["topic", "days"],
    "additionalProperties": False,
}


def code_of(work_of: dict[str, Json], **given: object) -> str:
    with pytest.raises(TaskFailure) as failure:
        execute(attempt(work_of, **given))  # type: ignore[arg-type]
    return failure.value.code


@pytest.mark.parametrize("setting", ["prompt", "system_prompt"])
def test_a_template_that_names_nothing_fails(setting: str) -> None:
    assert code_of({setting: "{{ input.nobody }}"}, given={}) == "expression"


def test_no_answer_is_asked_for_when_the_time_is_over() -> None:
    assert code_of({}, prev="x", deadline=elapsed() - 1) == "timeout"


def test_a_cancelled_agent_ends() -> None:
    cancelled = Event()
    cancelled.set()

    assert code_of({"system_prompt": "Sum up."}, prev="One. Two.", cancelled=cancelled) == "cancelled"


def test_an_answer_that_never_fits_is_refused_after_one_repair_and_the_next_try_asks_anew() -> None:
    kept, settings = Kept(), dict[str, Json](output_schema={"type": "string", "pattern": "^zzz$"})

    assert code_of(settings, prev="x", kept=kept) == "invalid_output"
    assert sorted(kept.values) == ["1.model.1", "1.model.2", "1.spent"]
    assert code_of(settings, prev="x", kept=kept) == "invalid_output"
    assert {"2.model.1", "2.model.2", "2.spent"} < set(kept.values)


def test_what_failed_says_what_all_takes_used() -> None:
    kept, settings = Kept(), dict[str, Json](output_schema={"type": "string", "pattern": "^zzz$"})
    used = []
    for _try in range(2):
        with pytest.raises(TaskFailure) as failed:
            execute(attempt(settings, prev="x", kept=kept))
        used.append(failed.value.usage)

    assert [len(cast("list[Json]", one["calls"])) for one in used] == [2, 4]
    assert 0 < cast(int, used[0]["output_tokens"]) < cast(int, used[1]["output_tokens"])
    done = execute(attempt({}, prev="x", kept=kept)).usage
    assert len(cast("list[Json]", done["calls"])) == 5


def test_an_agent_without_a_prompt_is_told_what_came_before() -> None:
    assert execute(attempt({"system_prompt": TOPICS}, prev={"text": "Where is my order 4711?"})).value == "order"


def test_it_is_told_the_runs_input_and_the_item_too(settings: Settings) -> None:
    settings.HELIX_EGRESS_ALLOW = networks(["127.0.0.0/8"])
    names: dict[str, Json] = {"input": {"job": "baker"}, "item": "Ada", "prev": ["Ada bakes"]}

    with Provider([openai("ok")]) as provider:
        put_provider("acme", ProviderRecord(title="A", dialect="openai", base_url=provider.url, models=["m"]))
        execute(attempt({"provider": "acme"}, names=names))

    assert provider.asked[0]["messages"][-1]["content"] == (
        'Input:\n{\n  "job": "baker"\n}\n\nItem:\nAda\n\nResult of the step before:\n[\n  "Ada bakes"\n]'
    )


def test_the_prompt_is_a_template() -> None:
    settings: dict[str, Json] = {"prompt": "Say one word: yes or no. {{ input.text }}"}

    assert execute(attempt(settings, given={"text": "clearly no"})).value == "no"


def test_an_answer_by_schema_is_a_value_that_fits() -> None:
    found = execute(attempt({"output_schema": SCHEMA}, prev="I want a refund within 5 days."))

    assert found.value == {"topic": "refund", "days": 5}


@pytest.mark.parametrize("reasoning", ["chain_of_thought", "tree_of_thoughts", "react"])
def test_what_was_thought_is_no_part_of_the_answer(reasoning: str) -> None:
    said = list[str]()
    settings: dict[str, Json] = {"system_prompt": TOPICS, "reasoning": reasoning}

    assert execute(attempt(settings, prev="My parcel is late", said=said)).value in ("order", "complaint")
    assert "ANSWER:" in "".join(said)
    assert execute(attempt({**settings, "output_schema": SCHEMA}, prev="refund, 3 days")).value == {
        "topic": "refund",
        "days": 3,
    }


def test_words_are_said_as_they_come() -> None:
    said = list[str]()

    value = execute(attempt({"system_prompt": "Correct it."}, prev="One  two\nthree", said=said)).value

    assert value == "One  two\nthree" == "".join(said)
    assert len(said) == 3


def test_no_more_words_than_max_tokens() -> None:
    assert execute(attempt({"system_prompt": "Correct it.", "max_tokens": 2}, prev="a b c d")).value == "a b"


def test_what_was_answered_before_is_not_asked_again() -> None:
    kept = Kept()
    first = execute(attempt({"system_prompt": "Correct it."}, prev="once", kept=kept))
    again = execute(attempt({"system_prompt": "Correct it."}, prev="other", kept=kept))

    assert (again.value, again.usage) == (first.value, first.usage) == ("once", first.usage)


def test_usage_counts_tokens_and_names_each_call() -> None:
    usage = execute(attempt({"system_prompt": "Correct it."}, prev="one two")).usage

    assert usage["output_tokens"] == 2
    assert usage["calls"] == [
        {"provider": "test", "model": "test", "outcome": "done", "input_tokens": 4, "output_tokens": 2}
    ]


def test_the_demo_sorts_its_tickets() -> None:
    from flows.demo import PROMPT

    tickets = {
        "urgent": "Our whole team is locked out, this is urgent.",
        "refund": "I was charged twice, give me my money back.",
        "question": "When do you open on Saturday?",
    }

    sorted_ = {
        topic: execute(attempt({"system_prompt": PROMPT}, prev={"name": "Kim", "message": text})).value
        for topic, text in tickets.items()
    }

    assert sorted_ == {topic: topic for topic in tickets}


def test_the_same_question_has_the_same_answer() -> None:
    answers = {str(execute(attempt({"system_prompt": "Rate from 1 to 5."}, prev="A text.")).value) for _ in range(3)}

    assert len(answers) == 1
    assert re.match(r"[1-5]\b", answers.pop())
