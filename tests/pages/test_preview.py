"""What an expression gives while it is written: for whoever may see the flow, from defaults where nothing has run."""

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from accounts.models import User
from accounts.principals import Person
from flows import previewing
from flows.commands import Submission, submit
from flows.document import Graph, Node
from flows.expressions.references import References
from flows.models import Change, Flow
from flows.submission import parse_operation
from tests.pages.conftest import Enter

Asked = Callable[..., Any]


@pytest.fixture
def ask(flow: Flow, alice: User) -> Asked:
    """`ask(client, "1 + 1")`: what it gives at the flow's agent, or the status."""
    fields = [{"name": "amount", "type": "number", "default": 5}, "note"]
    setting = {"kind": "edit_node", "id": "a-input", "set": {"settings": {"fields": fields}}}
    submit(flow.pk, [Submission(operation=parse_operation(setting), principal=Person(alice.pk), via="api")])

    def asked(client: Client, text: object, language: object = "condition", node: object = "a-agent") -> Any:
        body = {"node": node, "text": text, "language": language}
        answer = client.post(f"/flows/{flow.pk}/preview", body, content_type="application/json")
        return answer.json() if answer.status_code == 200 else answer.status_code

    return asked


def test_a_stranger_finds_nothing_and_somebody_logged_out_is_led_away(ask: Asked, charlie: User, enter: Enter) -> None:
    assert ask(enter(charlie), "1") == 404
    assert ask(Client(), "1") == 302


def test_it_is_asked_by_post_alone(flow: Flow, bob: User, enter: Enter) -> None:
    assert enter(bob).get(f"/flows/{flow.pk}/preview").status_code == 405


@pytest.mark.parametrize(
    ("text", "language", "node"),
    [
        (5, "condition", "a-agent"),
        ("1", "python", "a-agent"),
        ("1", "condition", None),
        ("x" * 65_537, "template", "a"),
    ],
)
def test_what_is_no_question_is_refused(
    ask: Asked, bob: User, enter: Enter, text: object, language: object, node: object
) -> None:
    assert ask(enter(bob), text, language, node) == 422


@pytest.mark.parametrize("body", ["", "[", "[]", "null", '{"node": "a-agent"}'])
def test_a_body_that_cannot_be_read_is_refused(flow: Flow, bob: User, enter: Enter, body: str) -> None:
    answer = enter(bob).post(f"/flows/{flow.pk}/preview", body, content_type="application/json")

    assert answer.status_code == 422


def test_a_form_is_refused(flow: Flow, bob: User, enter: Enter) -> None:
    for form in (
        {"content_type": "application/x-www-form-urlencoded", "data": "node=a-agent"},
        {"data": {"node": "a"}},
    ):
        assert enter(bob).post(f"/flows/{flow.pk}/preview", **form).status_code == 422  # type: ignore[arg-type]


def test_a_node_that_is_not_there_is_not_found(ask: Asked, bob: User, enter: Enter) -> None:
    assert ask(enter(bob), "1", node="nobody") == 404
    assert ask(enter(bob), "1", node="a\0") == 422


def test_a_viewer_may_ask_and_nothing_is_kept(ask: Asked, flow: Flow, vera: User, enter: Enter) -> None:
    before = Change.objects.filter(flow=flow).count()

    assert ask(enter(vera), "1 + 1") == {"source": "defaults", "value": "2"}
    assert Change.objects.filter(flow=flow).count() == before


def test_without_a_run_the_defaults_of_the_forms_are_what_comes_in(ask: Asked, bob: User, enter: Enter) -> None:
    client = enter(bob)

    assert ask(client, "input.amount * 2")["value"] == "10"
    assert ask(client, "Due: {{ input.amount }}", "template")["value"] == "Due: 5"
    assert "error" in ask(client, "input.note")


def test_what_is_wrong_is_said_in_words(ask: Asked, bob: User, enter: Enter) -> None:
    assert "there is no filter “shout”" in ask(enter(bob), "input|shout")["error"]
    assert "line 1, column 5" in ask(enter(bob), "1 + ")["error"]


def test_a_text_that_would_take_long_is_stopped_and_a_long_value_is_cut(ask: Asked, bob: User, enter: Enter) -> None:
    client = enter(bob)

    assert (
        "too long"
        in ask(client, "{% for a in range(9999) %}{% for b in range(9999) %}x{% endfor %}{% endfor %}", "template")[
            "error"
        ]
    )
    assert len(ask(client, "{% for a in range(5000) %}x{% endfor %}", "template")["value"]) == 2_000


def test_values_of_the_last_run_are_taken_where_there_are_some(
    ask: Asked, bob: User, enter: Enter, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[References] = []

    def last_values(_flow: object, _graph: Graph, _node: Node, mentioned: References) -> dict[str, Any]:
        asked.append(mentioned)
        return {"nodes": {"x": {"output": [1, "é"]}}, "prev": {"items": [{"id": 7}]}}

    monkeypatch.setattr(previewing, "_ask", last_values)
    client = enter(bob)

    assert ask(client, 'nodes["x"].output') == {"source": "run", "value": '[1, "é"]'}
    assert ask(client, "$.items[*].id", "jsonpath") == {"source": "run", "value": "[7]"}
    assert asked[0].nodes == {"x"}
