"""What a node says below its label, from its settings."""

import pytest

from flows.document import KINDS, Kind
from flows.rendering.captions import footer, footer_settings, second_line, second_line_settings
from tests.document.cast import a_node

VALUES: dict[str, list[object]] = {
    "text": ["", "x"],
    "long_text": ["", "x\ny"],
    "choice": [],
    "integer": [1, 50],
    "number": [0, 0.5, 1],
    "boolean": [True, False],
    "names": [[], ["a", "b"]],
    "json": [None, 0, "x", [], ["a", 1], {}, {"a": 1}],
}


@pytest.mark.parametrize(
    ("kind", "settings", "line"),
    [
        ("agent", {"model": "llama-3.1-8b"}, "Agent"),
        ("sensor", {"source": "polling", "interval_ms": 30_000}, "Every 30 s"),
        ("sensor", {"source": "polling", "interval_ms": 90_000}, "Every 90 s"),
        ("sensor", {"source": "polling", "interval_ms": 7_200_000}, "Every 2 h"),
        ("sensor", {"source": "polling", "interval_ms": 1_500}, "Every 1500 ms"),
        ("sensor", {"source": "webhook", "interval_ms": 30_000}, "Webhook"),
        ("sensor", {}, "Sensor"),
        ("skill", {"retry_count": 2}, "Retry 2×"),
        ("skill", {"name": "refund"}, "refund"),
        ("memory", {"type": "vector_store"}, "Vector store"),
        ("decision", {"expression": "topic"}, "By topic"),
        ("decision", {"expression": "a > 1\nb"}, "a > 1"),
        ("loop", {"max_iterations": 20}, "At most 20"),
        ("loop", {"type": "while"}, "While"),
        ("transform", {"type": "template"}, "Template"),
        ("input", {"fields": ["a", "b", "c", "d"]}, "4 fields"),
        ("input", {"fields": {"a": 1}}, "1 field"),
        ("output", {"webhook_url": "https://example.com/x"}, "Webhook"),
        ("output", {"destinations": ["E-mail"]}, "E-mail"),
        ("api", {"method": "POST", "url": "https://example.com/pages?x=1"}, "POST /pages"),
        ("api", {"url": "https://example.com"}, "GET example.com"),
        ("api", {"url": "http://[broken"}, "GET http://[broken"),
        ("api", {}, "API call"),
        ("note", {"text": "x"}, "Note"),
    ],
)
def test_the_second_line_says_what_the_node_will_do(kind: str, settings: dict[str, object], line: str) -> None:
    assert second_line(a_node(kind=kind, settings=settings)) == line
    assert second_line(a_node(kind=kind, settings=settings, enabled=False)) == "Off"


@pytest.mark.parametrize("kind", KINDS.values(), ids=lambda kind: kind.name)
def test_no_setting_breaks_the_second_line(kind: Kind) -> None:
    for setting in kind.settings:
        for value in VALUES[setting.type] + [choice for choice, _ in setting.choices]:
            assert second_line(a_node(kind=kind.name, settings={setting.name: value}))


def test_only_an_agent_that_is_high_enough_has_a_footer() -> None:
    assert footer(a_node(settings={"model": "llama-3.1-8b", "temperature": 0.2})) == ("llama-3.1-8b", "0.2")
    assert footer(a_node(settings={"temperature": 0})) == ("Choose a model", "0")
    assert footer(a_node(height=79.99)) is None
    assert footer(a_node(kind="skill", height=200)) is None


def test_the_settings_that_a_line_is_made_of_are_named() -> None:
    for kind in KINDS.values():
        assert {*second_line_settings(kind.name), *footer_settings(kind.name)} <= kind.by_name.keys()
    assert (second_line_settings("api"), second_line_settings("agent")) == (("method", "url"), ())
    assert (footer_settings("agent"), footer_settings("api")) == (("model", "temperature"), ())
