"""The settings that runs need: what cannot be meant is told at the setting, and mended where that is possible."""

import pytest

from flows.problem_sentences import message
from flows.validation import UNKNOWN, Code, Fault, FaultReason, Installation, Problem
from tests.validation.graphs import Wire, chain, codes, edge, node, problems

UNFIT: list[tuple[Wire, FaultReason, str]] = [
    (node("1", "sensor", source="schedule", cron="soon"), FaultReason.NO_SCHEDULE, "cron"),
    (node("1", "sensor", source="schedule", cron="99 * * * *"), FaultReason.NO_SCHEDULE, "cron"),
    (node("1", "sensor", source="schedule", cron="0 0 30 2 *"), FaultReason.NO_SCHEDULE, "cron"),
    (node("1", "sensor", source="schedule", cron="* * * * * *"), FaultReason.NO_SCHEDULE, "cron"),
    (
        node("1", "sensor", source="schedule", cron="0 9 * * *", time_zone="Mars/Olympus"),
        FaultReason.NO_TIME_ZONE,
        "time_zone",
    ),
    (
        node("1", "sensor", source="schedule", cron="0 9 * * *", time_zone="../../etc/passwd"),
        FaultReason.NO_TIME_ZONE,
        "time_zone",
    ),
    (node("1", "skill", code="x", runs_on=["gpu", "has gpu"]), FaultReason.NO_LABEL, "runs_on"),
    (node("1", "api", url="not a url", retries=1), FaultReason.NO_URL, "url"),
    (node("1", "api", url="file:///etc/passwd", retries=1), FaultReason.NO_URL, "url"),
    (node("1", "api", url="https://", retries=1), FaultReason.NO_URL, "url"),
    (node("1", "api", url="http://a:b:c/", retries=1), FaultReason.NO_URL, "url"),
    (node("1", "api", url="ftp://{{ input.host }}/", retries=1), FaultReason.NO_URL, "url"),
    (node("1", "sensor", source="polling", endpoint="orders"), FaultReason.NO_URL, "endpoint"),
    (node("1", "sensor", source="file", pattern="../*"), FaultReason.NO_RELATIVE_PATH, "pattern"),
    (node("1", "sensor", source="file", pattern="a\\..\\..\\b"), FaultReason.NO_RELATIVE_PATH, "pattern"),
    (node("1", "agent", ask_first=True), FaultReason.NO_QUESTION, "ask_first"),
    (node("1", "agent", ask_first={"question": " "}), FaultReason.NO_QUESTION, "ask_first"),
    (node("1", "agent", ask_first={"question": "?", "who": []}), FaultReason.NOBODY_ASKED, "ask_first"),
    (node("1", "agent", ask_first={"question": "?", "who": ["bob"]}), FaultReason.NOT_AN_ADDRESS, "ask_first"),
    (node("1", "agent", ask_first={"question": "?", "timeout_ms": "1 h"}), FaultReason.NO_DURATION, "ask_first"),
    (node("1", "agent", ask_first={"question": "?", "form": [{}]}), FaultReason.NAMELESS_FIELD, "ask_first"),
    (node("1", "input", fields="name"), FaultReason.NOT_A_FORM, "fields"),
    (node("1", "input", fields=["name", {"name": "name"}]), FaultReason.TWIN_FIELDS, "fields"),
    (node("1", "input", fields=[{"title": "Name"}]), FaultReason.NAMELESS_FIELD, "fields"),
    (node("1", "agent", join=3), FaultReason.TOO_FEW_INPUTS, "join"),
]


@pytest.mark.parametrize(("one", "reason", "setting"), UNFIT, ids=[f"{reason}-{at}" for _, reason, at in UNFIT])
def test_a_setting_that_cannot_be_meant_stops_runs(one: Wire, reason: FaultReason, setting: str) -> None:
    (found,) = bad(one)

    assert found.path == f"/nodes/1/settings/{setting}"
    assert isinstance(found.values["why"], Fault)
    assert found.values["why"].reason is reason
    assert message(found)


@pytest.mark.parametrize(
    "one",
    [
        node("1", "sensor", source="schedule", cron="*/15 8-18 * * MON-FRI", time_zone="Europe/Berlin"),
        node("1", "sensor", cron="soon", time_zone="Mars", endpoint="orders", pattern="/etc/*"),
        node("1", "api", url="https://example.com:8443/a?b=c"),
        node("1", "api", url="{{ input.url }}"),
        node("1", "api", url="HTTPS://{{ input.host }}/a"),
        node("1", "api", url="http{% if input.safe %}s{% endif %}://example.com"),
        node("1", "output", webhook_url="", file_path="reports/{{ run.id }}.txt"),
        node("1", "skill", code="x", runs_on=["gpu", "full_python", "host:a-1"]),
        node("1", "agent", ask_first={"question": "Send it?"}),
        node("1", "agent", ask_first={"question": "?", "who": ["bob@example.com"], "form": ["why"], "timeout_ms": 1}),
        node("1", "input", fields=["a", {"name": "b", "type": "dropdown"}]),
        node("1", "input", fields={"a": "string"}),
        node("1", "input", type="text", fields=5),
        node("1", "agent", join="every", ask_first=None),
        node("1", "api", url="not a url") | {"enabled": False},
    ],
)
def test_what_can_be_meant_is_no_problem(one: Wire) -> None:
    assert bad(one) == []


def test_as_many_inputs_as_are_awaited_are_enough() -> None:
    nodes = [node("a", "input"), node("b", "input"), node("1", "agent", join=2), node("z", "output")]
    edges = [edge("a", "1"), edge("b", "1"), edge("1", "z")]

    assert codes(nodes, edges) == []
    assert codes(nodes, edges[1:]) == ["bad_setting", "dead_end"]


@pytest.mark.parametrize(
    ("one", "after"),
    [
        (node("1", "sensor", source="schedule", cron="0 9 * * *", time_zone="Mars"), {"time_zone": None}),
        (node("1", "agent", runs_on=["a b", "gpu"]), {"runs_on": ["gpu"]}),
        (node("1", "agent", join=2), {"join": None}),
        (node("1", "agent", ask_first={}), {"ask_first": None}),
        (node("1", "decision", expression="a", language="cel"), {"language": None}),
    ],
)
def test_a_fix_takes_the_problem_away(one: Wire, after: dict[str, object]) -> None:
    found = [each for each in problems([one], []) if each.fix is not None and "/settings/" in each.path]

    assert [each.fix.encode()["set"] for each in found if each.fix] == [{"settings": after}]


@pytest.mark.parametrize(
    ("one", "missing"),
    [
        (node("1", "sensor", source="schedule"), ["cron"]),
        (node("1", "sensor", source="database"), ["cursor", "database", "query"]),
        (node("1", "sensor", source="database", endpoint="shop", query="x", cursor="id"), []),
        (node("1", "sensor", source="polling", endpoint="https://example.org"), []),
        (node("1", "sensor", source="file"), ["pattern"]),
        (node("1", "sensor", source="file", endpoint="in/*.csv"), []),
        (node("1", "loop", type="until", iterate_over="x"), ["break_condition"]),
        (node("1", "loop", type="while", iterate_over="prev.more"), []),
        (node("1", "api", auth="none", url="https://example.com"), []),
    ],
)
def test_what_a_source_or_a_loop_needs(one: Wire, missing: list[str]) -> None:
    found = [each for each in problems([one], []) if each.code is Code.MISSING_SETTING]

    assert sorted(str(each.values["setting"]) for each in found) == missing


def test_a_text_that_means_nothing_beside_the_others_is_not_judged() -> None:
    broken = {"break_condition": "1 +", "iterate_over": "prev"}

    assert "bad_expression" not in codes(*chain(node("1", "loop", **broken)))
    assert "bad_expression" in codes(*chain(node("1", "loop", type="until", **broken)))
    assert "unknown_secret" not in codes([node("1", "sensor", source="file", secret="gone")], [], INSTALLED)
    assert "unknown_secret" in codes([node("1", "sensor", secret="gone")], [], INSTALLED)


@pytest.mark.parametrize(
    "text",
    ["{{ prev|shout }}", "{% if prev is loud %}!{% endif %}", "{{ prev.a|upper|shout }}", "{{ prev is not loud }}"],
)
def test_a_filter_or_a_test_that_is_not_there_is_told_before_anything_runs(text: str) -> None:
    (found,) = [one for one in problems(*chain(node("1", transformation=text))) if one.code is Code.BAD_EXPRESSION]

    assert "shout" in message(found) or "loud" in message(found)


def test_prompts_values_and_usernames_are_expressions_too() -> None:
    assert codes(*chain(node("1", "agent", prompt="{{ input. }}"))) == ["bad_expression"]
    assert "bad_expression" in codes(*chain(node("1", "memory", operation="put", value="1 +")))
    assert "unknown_name" in codes(*chain(node("1", "memory", key="{{ customer }}")))
    assert "bad_schema" in codes(*chain(node("1", "agent", output_schema={"type": "objekt"})))


INSTALLED = Installation(
    secrets=frozenset({"key"}), tool_servers=frozenset({"calendar"}), labels=frozenset({"gpu"}), databases=frozenset()
)


def test_a_tool_server_that_is_not_there_stops_runs_and_can_be_left_out() -> None:
    (found,) = problems(*chain(node("1", "agent", tools=["calendar", "mail"])), INSTALLED)

    assert (found.code, found.severity, found.values["server"]) == (Code.UNKNOWN_TOOL_SERVER, "warning", "mail")
    assert found.fix is not None
    assert found.fix.encode()["set"] == {"settings": {"tools": ["calendar"]}}
    assert codes(*chain(node("1", "agent", tools=["mail"])), UNKNOWN) == []


def test_a_label_that_no_worker_has_now_is_a_warning_and_stops_nothing() -> None:
    (found,) = problems(*chain(node("1", "agent", runs_on=["gpu", "tpu"])), INSTALLED)

    assert (found.code, found.severity) == (Code.NO_WORKER, "warning")
    assert "tpu" in message(found)
    assert codes(*chain(node("1", "agent", runs_on=["tpu"])), UNKNOWN) == []


@pytest.mark.parametrize("language", ["", "expression", "jsonpath", "JSONPath"])
def test_the_languages_of_a_decision(language: str) -> None:
    assert "language_not_offered" not in codes([node("1", "decision", expression="$.a", language=language)], [])


def bad(one: Wire) -> list[Problem]:
    return [each for each in problems([one], []) if each.code is Code.BAD_SETTING]
