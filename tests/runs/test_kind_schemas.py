"""Values against schemas of people: what does not fit is said, and no schema hangs, fills or ends the process."""

import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from runs.errors import TaskFailure
from runs.schema_cost import cost_of
from runs.schemas import misfit

ROOT = Path(__file__).resolve().parents[2]
ORDER: Any = {
    "$defs": {"item": {"type": "object", "properties": {"price": {"type": "number"}}, "required": ["price"]}},
    "type": "object",
    "properties": {"items": {"type": "array", "items": {"$ref": "#/$defs/item"}}},
}
TREE: Any = {
    "type": "object",
    "properties": {"left": {"$ref": "#"}, "right": {"$ref": "#"}},
    "additionalProperties": False,
}


def doubling(times: int) -> Any:
    twice = {f"a{n}": {"allOf": [{"$ref": f"#/$defs/a{n + 1}"}] * 2} for n in range(times)}
    return {"$defs": {**twice, f"a{times}": {"type": "number"}}, "$ref": "#/$defs/a0"}


def nested(depth: int) -> Any:
    value: Any = {}
    for _ in range(depth):
        value = {"a": value}
    return value


AGAIN: Any = {"properties": {"a": {"$ref": "#"}}, "required": ["b"]}
HOSTILE: list[tuple[str, Any, Any]] = [
    ("asks twice, thirty times", doubling(30), 1),
    ("asks twice, a thousand times", doubling(1_000), 1),
    ("asks twice at each level", {"anyOf": [{"type": "string"}, AGAIN, AGAIN]}, nested(60)),
    ("leads back at once", {"$ref": "#"}, 1),
    ("leads back by others", {"$defs": {"a": {"not": {"$ref": "#"}}}, "$ref": "#/$defs/a"}, 1),
    ("is recursive without end", {"$dynamicAnchor": "n", "$dynamicRef": "#n"}, 1),
    ("has a pattern and a long text", {"pattern": "^([ab]?){0,99}$"}, "a" * 2_000_000),
    ("has a pattern that is too large", {"pattern": "(a{1000}){1000}"}, "a"),
    ("looks around", {"pattern": "(?=a)b"}, "a"),
    ("asks the network", {"$ref": "http://169.254.169.254/latest"}, 1),
    ("asks a file", {"$ref": "file:///etc/passwd"}, 1),
    ("is of another world", {"$schema": "http://example.com/schema"}, 1),
    ("is a list", [1], 1),
    ("asks much of much", {"anyOf": [{"items": {"const": n}} for n in range(400)]}, [1] * 200_000),
]


@pytest.mark.parametrize(("schema", "value"), [one[1:] for one in HOSTILE], ids=[one[0] for one in HOSTILE])
def test_a_schema_that_is_too_much_is_refused_at_once(schema: Any, value: Any) -> None:
    began = time.monotonic()

    with pytest.raises(TaskFailure, match="invalid_input") as failed:
        misfit(value, schema)

    assert failed.value.message
    assert time.monotonic() - began < 5


def test_a_schema_whose_errors_are_many_tells_only_that_it_does_not_fit(tmp_path: Path) -> None:
    """The library would make an error for each way there is, with a copy of the value each: it ends a process.

    So this is run in one of its own.
    """
    code = """import django
django.setup()
from tests.runs.test_kind_schemas import AGAIN, nested
from runs.schemas import misfit
print(misfit(nested(14), {"anyOf": [{"type": "string"}, AGAIN, AGAIN]}))"""
    environment = {**os.environ, "DJANGO_SETTINGS_MODULE": "helix.settings", "HELIX_DATA_DIR": str(tmp_path)}
    done = subprocess.run(
        [sys.executable, "-c", code], env=environment, cwd=ROOT, capture_output=True, text=True, timeout=60, check=False
    )

    assert (done.returncode, done.stdout) == (0, "The value does not fit its schema.\n"), done.stderr


@pytest.mark.parametrize(
    ("value", "schema", "said"),
    [
        (1, None, ""),
        (1, True, ""),
        (1, {}, ""),
        (1, False, "False schema"),
        ("x", {"type": "number"}, '/: "x" is not of type "number"'),
        ({"items": [{"price": 1}, {"price": "2"}]}, ORDER, '/items/1/price: "2" is not of type "number"'),
        ({"items": [{}]}, ORDER, '/items/0: "price" is a required property'),
        ({"left": {"right": {}}}, TREE, ""),
        ({"left": {"right": {"other": 1}}}, TREE, "/left/right: "),
        ("ab", {"pattern": "^[a-c]+$"}, ""),
        ("abx", {"pattern": "^[a-c]+$"}, 'does not match "^[a-c]+$"'),
    ],
)
def test_what_does_not_fit_is_said_with_its_place(value: Any, schema: Any, said: str) -> None:
    found = misfit(value, schema)

    assert said in found
    assert bool(said) == bool(found)


def test_much_data_under_an_ordinary_schema_is_checked() -> None:
    orders: Any = {"items": [{"price": n} for n in range(100_000)]}

    assert misfit(orders, ORDER) == ""
    orders["items"][99_999]["price"] = "free"
    assert misfit(orders, ORDER) == "The value does not fit its schema."
    assert misfit(list(range(1_000_000)), {"items": {"type": "integer"}}) == ""


def test_visits_are_counted_as_references_are_written_out() -> None:
    assert cost_of({"type": "number"}, 1).visits == 1
    assert cost_of(doubling(3), 1).visits >= 8
    assert cost_of(doubling(40), 1).visits > 10**11
    assert cost_of(TREE, nested(3)).visits <= 20
    assert cost_of({"properties": {"a": {"$ref": "#/$defs/a~1b"}}, "$defs": {"a/b": {"pattern": "x"}}}, {}).has_patterns
