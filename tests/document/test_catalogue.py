"""The catalogue against the product's own table: kinds, sizes, colours, ports and the settings each kind has."""

import re

import pytest

from flows.document import (
    DEFAULT_LIMITS,
    KINDS,
    Rejected,
    check_settings,
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
CHOICES = {
    "agent.provider": "openai anthropic ollama huggingface custom",
    "agent.reasoning": "chain_of_thought tree_of_thoughts react simple",
    "sensor.source": "webhook polling pubsub file database",
    "sensor.format": "json xml text csv",
    "skill.on_error": "throw return_null continue retry",
    "memory.type": "vector_store key_value conversation session",
    "memory.backend": "local redis postgres",
    "loop.type": "for_each while until times",
    "loop.on_error": "continue break throw",
    "transform.type": "template expression jsonpath",
    "input.type": "form text file json",
    "output.type": "structured text file stream",
    "api.auth": "none bearer api_key basic",
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
    "choice": ["", "nope", 1, True, []],
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
        assert {setting.name for setting in kind.settings} == set(settings.split())


def test_the_choices() -> None:
    found = {f"{kind.name}.{s.name}": {value for value, _ in s.choices} for kind, s in SETTINGS if s.type == "choice"}
    assert found.pop("api.method") >= {"GET", "POST", "PUT", "PATCH", "DELETE"}
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
        assert setting.minimum <= setting.default <= setting.maximum
    if setting.type == "choice":
        assert setting.default in dict(setting.choices)


@named
def test_a_setting_takes_its_type_and_no_other(kind, setting) -> None:
    good, bad = list(GOOD.get(setting.type, [])), list(BAD[setting.type])
    if setting.type == "choice":
        good += [value for value, _ in setting.choices]
    if setting.type in ("integer", "number"):
        good += [setting.minimum, setting.maximum]
        bad += [setting.minimum - 1, setting.maximum + 1]
    for value in good:
        check_settings(kind.name, {setting.name: value}, DEFAULT_LIMITS)
    for value in bad:
        with pytest.raises(Rejected, match="invalid"):
            check_settings(kind.name, {setting.name: value}, DEFAULT_LIMITS)
