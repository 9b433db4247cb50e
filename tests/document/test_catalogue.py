"""The catalogue against the product's own table: kinds, sizes, colours, ports and the settings each kind has."""

import re

import pytest

from flows.document import (
    DEFAULT_LIMITS,
    KINDS,
    Rejected,
    applies,
    check_settings,
    language_of,
    ports_of,
)

from .cast import a_node

TABLE = """
agent    | Core            | 144x80  #0ea5e9 | provider model temperature max_tokens system_prompt reasoning max_retries
sensor   | Core            | 136x60  #22c55e | source endpoint interval_ms format filters queue_size
skill    | Core            | 136x60  #f59e0b | name code input_schema output_schema timeout_ms retry_count on_error
memory   | Core            | 136x60  #ec4899 | type backend max_entries embedding_model similarity index_fields
decision | Logic           | 120x80  #ef4444 | language expression branches default_branch
loop     | Logic           | 120x60  #8b5cf6 | type iterate_over max_iterations break_condition batch_size on_error
transform| Logic           | 136x60  #14b8a6 | type transformation input_format output_format validation_schema
input    | Input and output| 120x60  #6366f1 | type fields validation_rules default_values
output   | Input and output| 120x60  #06b6d4 | type format_template destinations file_path webhook_url
api      | Input and output| 120x60  #f97316 | method url params headers body auth secret timeout_ms retry_attempts
note     | Canvas          | 176x80  #eab308 | text
group    | Canvas          | 320x200 #94a3b8 | collapsed
"""
FOR_RUNS = {
    "agent": "prompt tools output_schema",
    "sensor": "cron time_zone secret pattern database query cursor",
    "skill": "runtime tools",
    "memory": "operation key value scope limit turns max_tokens",
    "api": "next_page max_pages username key_name key_in",
}
OF_EVERY_KIND_THAT_RUNS = {"join", "criticality", "runs_on", "timeout_ms", "retries", "on_error", "reuse", "ask_first"}
CHOICES = {
    "agent.reasoning": "chain_of_thought tree_of_thoughts react simple",
    "sensor.source": "webhook schedule polling pubsub file database",
    "sensor.format": "json xml text csv",
    "skill.runtime": "safe full",
    "skill.on_error": "throw return_null continue retry stop null go_on",
    "memory.operation": "get put append search forget",
    "memory.type": "vector_store key_value conversation session",
    "memory.scope": "flow run person",
    "memory.backend": "local redis postgres",
    "loop.type": "for_each while until times",
    "loop.on_error": "continue break throw stop null go_on retry",
    "transform.type": "template expression jsonpath",
    "input.type": "form text file json",
    "output.type": "structured text file stream",
    "api.auth": "none bearer api_key basic",
    "api.key_in": "header query",
}
PORTS = {
    "agent": ("in", "out"),
    "sensor": ("", "out"),
    "input": ("", "out"),
    "output": ("in", ""),
    "decision": ("in", "default"),
    "loop": ("in", "each out"),
    "note": ("", ""),
    "group": ("", ""),
}
GOOD = {
    "text": ["", "x", "x" * 5000],
    "long_text": ["", "a\nb"],
    "boolean": [True, False],
    "names": [[], ["a"], [f"n{number}" for number in range(100)]],
    "json": [[], {}, {"a": [1, None]}, "text", 1, 0.5, True, False, 0, ""],
}
BAD = {
    "text": [1, True, [], {}],
    "long_text": [1, ["a"]],
    "choice": ["", "nope", 0, True, []],
    "integer": [1.5, "1", True, []],
    "number": ["1", True, []],
    "boolean": [0, 1, "true"],
    "names": ["a", {"a": 1}, [1], [""], ["a", "a"]],
    "json": [],
}
SETTINGS = [(kind, setting) for kind in KINDS.values() for setting in kind.settings]
named = pytest.mark.parametrize(("kind", "setting"), SETTINGS, ids=[f"{kind.name}.{s.name}" for kind, s in SETTINGS])


def test_the_table() -> None:
    rows = [[cell.strip() for cell in line.split("|")] for line in TABLE.strip().splitlines()]
    assert [row[0] for row in rows] == list(KINDS)
    for name, group, look, settings in rows:
        kind = KINDS[name]
        assert kind.group == group
        assert f"{kind.width}x{kind.height} {kind.colour}".split() == look.split()
        common = OF_EVERY_KIND_THAT_RUNS if group != "Canvas" else set()
        assert {setting.name for setting in kind.settings} == {
            *settings.split(),
            *FOR_RUNS.get(name, "").split(),
            *common,
        }
        assert len(kind.settings) == len(kind.by_name) - 1


def test_the_choices() -> None:
    found = {f"{kind.name}.{s.name}": {value for value, _ in s.choices} for kind, s in SETTINGS if s.type == "choice"}
    assert found.pop("api.method") >= {"GET", "POST", "PUT", "PATCH", "DELETE"}
    for name in KINDS:
        if KINDS[name].group != "Canvas":
            assert found.pop(f"{name}.join") == {"arrived", "every", "any"}
            assert found.pop(f"{name}.criticality") == {"critical", "normal", "optional"}
            if name not in ("skill", "loop"):
                assert found.pop(f"{name}.on_error") == {"stop", "null", "go_on", "retry"}
    assert found == {name: set(values.split()) for name, values in CHOICES.items()}


@pytest.mark.parametrize("name", list(KINDS))
def test_the_ports(name: str) -> None:
    inputs, outputs = PORTS.get(name, ("in", "out"))
    ports = ports_of(a_node(kind=name))
    assert (ports.inputs, ports.outputs) == (tuple(inputs.split()), tuple(outputs.split()))
    assert KINDS[name].default_output in ports.outputs or not ports.outputs


def test_a_decision_has_an_output_for_each_branch_and_default() -> None:
    def outputs(*branches):
        return ports_of(a_node(kind="decision", settings={"branches": list(branches)})).outputs

    assert outputs("yes", "no") == ("yes", "no", "default")
    assert outputs("default", "no") == ("default", "no")
    assert outputs() == ("default",)


@named
def test_a_setting_can_be_shown(kind, setting) -> None:
    assert setting.title and setting.section
    assert re.fullmatch(r"[a-z][a-z_]*", setting.name)
    assert (setting.type == "choice") == bool(setting.choices)
    assert all(title for _, title in setting.choices)
    if setting.type in ("integer", "number"):
        assert setting.minimum <= setting.maximum
        assert setting.default is None or setting.minimum <= setting.default <= setting.maximum
    if setting.type == "choice":
        assert setting.default in dict(setting.choices).keys() - setting.retired
        assert setting.retired < dict(setting.choices).keys()
    if setting.type == "text" and setting.offers:
        assert setting.default in {"", *dict(setting.offers)}


@named
def test_what_a_setting_depends_on_is_there(kind, setting) -> None:
    for name, values in setting.shown_when.items():
        other = kind.by_name[name]
        assert other.type == "choice" and set(values) < dict(other.choices).keys()
    if setting.spoken:
        assert setting.spoken[0] in kind.by_name


def test_a_setting_applies_where_what_it_depends_on_says_so_or_means_so_by_itself() -> None:
    api, loop = KINDS["api"], KINDS["loop"]

    assert not applies(api, api.by_name["secret"], {})
    assert not applies(api, api.by_name["secret"], {"auth": "none"})
    assert applies(api, api.by_name["secret"], {"auth": "basic"})
    assert applies(loop, loop.by_name["iterate_over"], {})
    assert not applies(loop, loop.by_name["iterate_over"], {"type": "until"})
    assert applies(api, api.by_name["url"], {})


def test_the_language_of_a_text_may_depend_on_another_setting() -> None:
    transform, decision = KINDS["transform"], KINDS["decision"]
    text = transform.by_name["transformation"]

    assert [language_of(transform, text, {"type": type}) for type in (None, "expression", "jsonpath", "template")] == [
        "template",
        "condition",
        "jsonpath",
        "template",
    ]
    assert language_of(decision, decision.by_name["expression"], {"language": "jsonpath"}) == "jsonpath"
    assert language_of(decision, decision.by_name["expression"], {"language": "cel"}) == "condition"


@pytest.mark.parametrize(
    ("kind", "settings"),
    [
        ("agent", {"provider": "openai", "max_retries": 0}),
        ("agent", {"provider": "our-own"}),
        ("sensor", {"source": "pubsub", "endpoint": "orders"}),
        ("sensor", {"source": "file", "endpoint": "inbox/orders.csv"}),
        ("skill", {"on_error": "return_null"}),
        ("loop", {"type": "while", "break_condition": "prev.done"}),
        ("decision", {"language": "javascript"}),
        ("agent", {"join": 2, "criticality": "critical", "runs_on": ["gpu"], "timeout_ms": 1, "retries": 3}),
        ("transform", {"join": 1000, "on_error": "go_on", "reuse": False, "ask_first": {"who": "editors"}}),
    ],
)
def test_what_flows_hold_and_may_hold_is_taken_as_it_is(kind: str, settings: dict[str, object]) -> None:
    check_settings(kind, settings, DEFAULT_LIMITS)


@pytest.mark.parametrize("join", [0, 1001, True, 1.5, "2", "first", [], None])
def test_a_join_is_one_of_its_words_or_a_number_of_inputs(join: object) -> None:
    if join is None:
        check_settings("agent", {"join": join}, DEFAULT_LIMITS)
        return
    with pytest.raises(Rejected, match="invalid"):
        check_settings("agent", {"join": join}, DEFAULT_LIMITS)


@named
def test_a_setting_takes_its_type_and_no_other(kind, setting) -> None:
    good, bad = list(GOOD.get(setting.type, [])), list(BAD[setting.type])
    if setting.type == "choice":
        good += [value for value, _ in setting.choices]
        bad += [1] if setting.minimum is None else []
    if setting.type in ("integer", "number"):
        good += [setting.minimum, setting.maximum]
        bad += [setting.minimum - 1, setting.maximum + 1]
    for value in good:
        check_settings(kind.name, {setting.name: value}, DEFAULT_LIMITS)
    for value in bad:
        with pytest.raises(Rejected, match="invalid"):
            check_settings(kind.name, {setting.name: value}, DEFAULT_LIMITS)
