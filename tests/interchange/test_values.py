"""What is spared a walk comes out as if it had been walked."""

import json

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from flows.document import Rejected
from flows.document.json import read_json
from flows.interchange.report import Report
from flows.interchange.secrets import without_secrets
from flows.interchange.values import stored_json

TEXT = st.text(st.characters(), max_size=5)
ATOMS = st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), TEXT, st.sampled_from([1.0, 1e16, 2**53 + 1]))
JSON = st.recursive(ATOMS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXT, inner, max_size=3))


def outcome(read: object, value: object, depth: int) -> str:
    """Return what reading gives, spelled so that 1 and 1.0 differ, or that it is refused."""
    try:
        return json.dumps(read(value, "value", depth))  # type: ignore[operator]
    except Rejected:
        return "refused"


@given(JSON, st.integers(1, 3))
@example([[[[[[[[[1]]]]]]]]], 1)
@example([[[[[[[[1]]]]]]]], 1)
@example({"a": "\x00"}, 1)
@example({"\ud800": 1}, 1)
@example([float("nan")], 1)
def test_json_is_stored_as_it_is_read(value: object, depth: int) -> None:
    assert outcome(stored_json, value, depth) == outcome(read_json, value, depth)


@pytest.mark.parametrize("value", [{"key": "value", "a": [1, {"b": "design"}]}, "a label", [["Name", "x"]], None, 5])
def test_what_has_no_sign_of_a_secret_is_not_walked(value: object) -> None:
    report = Report("n8n")

    assert without_secrets(value, "", report) is value
    assert report.dropped == []
