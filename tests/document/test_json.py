"""What comes from outside: refused when the contract does not name it, whatever it is; otherwise decoded completely."""

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from flows.document import (
    DEFAULT_LIMITS,
    NO_LIMITS,
    DocumentLimits,
    Rejected,
    canonical_json,
    decode_edge,
    decode_graph,
    decode_node,
    decode_operation,
    decode_properties,
    decode_record,
    encode_node,
    parse_json,
    references_in,
)

NODE = {
    "id": "n1",
    "kind": "agent",
    "x": 100,
    "y": 40,
    "width": 144,
    "height": 80,
    "label": "Plan",
    "description": "",
    "colour": "#0ea5e9",
    "parent": None,
    "enabled": True,
    "settings": {"temperature": 0.2},
}
EDGE = {
    "id": "e1",
    "source": "n1",
    "target": "n2",
    "source_port": "out",
    "target_port": "in",
    "label": "",
    "animated": False,
}
OPERATIONS = [
    {"kind": "add_node", "node": NODE},
    {"kind": "move_node", "id": "n1", "x": 1, "y": -2.5},
    {"kind": "resize_node", "id": "n1", "width": 10, "height": 20.25},
    {"kind": "resize_node", "id": "n1", "width": 10, "height": 20, "x": 3},
    {"kind": "edit_node", "id": "n1", "set": {"label": "x", "parent": None, "settings": {"model": None}}},
    {"kind": "remove_node", "id": "n1"},
    {"kind": "add_edge", "edge": EDGE},
    {"kind": "edit_edge", "id": "e1", "set": {"label": "x", "animated": True}},
    {"kind": "remove_edge", "id": "e1"},
    {"kind": "edit_flow", "set": {"title": "x", "description": "y"}},
    {"kind": "batch", "operations": [{"kind": "remove_edge", "id": "e1"}]},
]
WHOLE = [
    {"kind": "create_flow", "title": "x", "description": "", "nodes": [NODE], "edges": [EDGE]},
    {"kind": "replace_graph", "nodes": [NODE], "edges": [EDGE]},
]


def code(decode, value, *limits) -> str:
    with pytest.raises(Rejected) as caught:
        decode(value, *(limits or (DEFAULT_LIMITS,)))
    str(caught.value).encode("utf-8")
    return caught.value.code


def nested(levels: int) -> object:
    value: object = 1
    for _ in range(levels):
        value = [value]
    return value


class TestOperations:
    @pytest.mark.parametrize("wire", OPERATIONS, ids=lambda wire: wire["kind"])
    def test_reading_and_writing_give_the_same(self, wire: dict) -> None:
        assert decode_operation(wire, DEFAULT_LIMITS).encode() == wire
        assert decode_record(wire).encode() == wire

    @pytest.mark.parametrize("wire", OPERATIONS, ids=lambda wire: wire["kind"])
    def test_a_key_too_many_is_refused(self, wire: dict) -> None:
        for key in ("nope", "client", "__proto__", "", "\ud800"):
            assert code(decode_operation, {**wire, key: 1}) == "invalid"
        inner = next((value for value in wire.values() if isinstance(value, dict)), None)
        if inner is not None:
            name = next(name for name, value in wire.items() if value is inner)
            assert code(decode_operation, {**wire, name: {**inner, "nope": 1}}) == "invalid"

    @pytest.mark.parametrize("wire", OPERATIONS, ids=lambda wire: wire["kind"])
    def test_a_key_too_few_is_refused(self, wire: dict) -> None:
        for key in wire.keys() - {"x"} if wire["kind"] == "resize_node" else wire:
            assert code(decode_operation, {name: value for name, value in wire.items() if name != key}) == "invalid"

    @pytest.mark.parametrize("wire", WHOLE, ids=lambda wire: wire["kind"])
    def test_records_of_the_log_cannot_be_submitted(self, wire: dict) -> None:
        assert code(decode_operation, wire) == "invalid"
        assert decode_record(wire).encode() == wire

    @pytest.mark.parametrize(
        "wire", [None, 1, "move_node", [], {}, {"kind": []}, {"kind": "MOVE_NODE"}, {"kind": None}]
    )
    def test_what_is_no_operation_is_refused(self, wire: object) -> None:
        assert code(decode_operation, wire) == "invalid"
        with pytest.raises(Rejected):
            decode_record(wire)


class TestNodes:
    @pytest.mark.parametrize("key", ["id", "kind", "x", "y"])
    def test_what_is_required(self, key: str) -> None:
        assert code(decode_node, {name: value for name, value in NODE.items() if name != key}) == "invalid"

    @pytest.mark.parametrize(
        ("key", "values"),
        [
            ("id", ["", "a b", "a\n", "é", "a" * 65, "a/b", 1, None, "\u0661"]),
            ("kind", ["", "Agent", "nope", None, 1, ["agent"], "__proto__"]),
            ("x", [None, "1", True, 1_000_000.01, float("nan"), float("inf"), 10**400, [1]]),
            ("width", [0, 0.99, -1, 100_000.01, None, "1", True, float("inf")]),
            ("label", [None, 1, "x" * 2001, "\x00", "\ud800", ["x"]]),
            ("description", [None, 1, "x" * 5001, "a\x00b", "\udfff"]),
            ("colour", [None, "red", "#fff", "#12345g", "#1234567", "#123456\n", 0x123456]),
            ("parent", ["", 1, "a b", []]),
            ("enabled", [None, 1, 0, "true"]),
            ("settings", [None, [], "x", {"nope": 1}, {"temperature": 2}, {"model": "\x00"}, {"model": 1}]),
        ],
    )
    def test_what_does_not_fit_is_refused(self, key: str, values: list) -> None:
        for value in values:
            assert code(decode_node, {**NODE, key: value}) == "invalid", value

    @pytest.mark.parametrize(
        ("key", "values"),
        [
            ("id", ["_", "-", "A" * 64, "0"]),
            ("label", ["", "x" * 2000, "🙂‍↔️", "\u202eabc", "<script>", "  "]),
            ("description", ["x" * 5000]),
            ("x", [1_000_000, -1_000_000.0]),
            ("width", [1, 100_000]),
        ],
    )
    def test_what_fits_just_so_is_taken_as_it_is(self, key: str, values: list) -> None:
        for value in values:
            assert encode_node(decode_node({**NODE, key: value}, DEFAULT_LIMITS))[key] == value

    def test_numbers_are_normalised(self) -> None:
        settings = {"temperature": 1.0, "max_tokens": 9.0}
        wire = {**NODE, "x": 1.0, "y": -0.0, "width": 10.126, "height": 20.999999, "settings": settings}
        shown = canonical_json(encode_node(decode_node(wire, DEFAULT_LIMITS)))
        assert shown.endswith('"width":10.13,"x":1,"y":0}')
        assert '"height":21,' in shown
        assert '"settings":{"max_tokens":9,"temperature":1}' in shown

    def test_nulls_among_the_settings_of_a_new_node_are_nothing(self) -> None:
        assert decode_node({**NODE, "settings": {"model": None}}, DEFAULT_LIMITS).settings == {}

    def test_free_json_is_kept_as_it_is(self) -> None:
        body = {"__proto__": {"a": None}, "constructor": [True, 1, 0.1, "\u2028"], "": {}}
        node = decode_node({"id": "n", "kind": "api", "x": 0, "y": 0, "settings": {"body": body}}, DEFAULT_LIMITS)
        assert node.settings == {"body": body}

    @pytest.mark.parametrize(
        "body",
        [float("nan"), float("inf"), 2**53 + 2, -(2**60), 1e300, "\x00", {"\ud800": 1}, {"a\x00": 1}, {1: 2}, (1,)],
    )
    def test_free_json_that_cannot_be_kept_is_refused(self, body: object) -> None:
        wire = {"id": "n", "kind": "api", "x": 0, "y": 0, "settings": {"body": body}}
        assert code(decode_node, wire) == "invalid"

    def test_settings_are_at_most_8_levels_deep(self) -> None:
        wire = {"id": "n", "kind": "api", "x": 0, "y": 0}
        decode_node({**wire, "settings": {"body": nested(7)}}, DEFAULT_LIMITS)
        for levels in (8, 100, 1000):
            assert code(decode_node, {**wire, "settings": {"body": nested(levels)}}) == "invalid"

    def test_settings_are_counted_in_bytes_of_utf8(self) -> None:
        wire = {"id": "n", "kind": "note", "x": 0, "y": 0}
        fits = {"text": "é" * ((65_536 - len('{"text":""}')) // 2)}
        decode_node({**wire, "settings": fits}, DEFAULT_LIMITS)
        assert code(decode_node, {**wire, "settings": {"text": fits["text"] + "éé"}}) == "too_large"

    def test_a_decision_is_as_high_as_its_branches(self) -> None:
        wire = {"id": "n", "kind": "decision", "x": 0, "y": 0}
        heights = {
            count: decode_node({**wire, "settings": {"branches": names(count)}}, DEFAULT_LIMITS).height
            for count in range(5)
        }
        assert heights == {0: 80, 1: 88, 2: 108, 3: 128, 4: 148}
        named = {**wire, "height": 80, "settings": {"branches": names(4)}}
        assert decode_node(named, DEFAULT_LIMITS).height == 80

    @pytest.mark.parametrize(
        "branches",
        ["yes", [""], ["a", "a"], ["x" * 65], [1], [None], {"a": 1}, ["\x00"], [f"b{n}" for n in range(101)]],
    )
    def test_branches_are_different_names(self, branches: object) -> None:
        wire = {"id": "n", "kind": "decision", "x": 0, "y": 0, "settings": {"branches": branches}}
        assert code(decode_node, wire) == "invalid"


class TestEdges:
    @pytest.mark.parametrize(
        ("key", "values"),
        [
            ("id", ["", None, "a b"]),
            ("source", ["", None, 1]),
            ("target", ["", None, 1]),
            ("source_port", ["", None, 1, "x" * 65, "\x00"]),
            ("target_port", ["", None, 1, "x" * 65, "\ud800"]),
            ("label", [None, "x" * 2001]),
            ("animated", [None, 0, "yes"]),
        ],
    )
    def test_what_does_not_fit_is_refused(self, key: str, values: list) -> None:
        for value in values:
            assert code(decode_edge, {**EDGE, key: value}) == "invalid"
        if key in ("id", "source", "target"):
            assert code(decode_edge, {name: value for name, value in EDGE.items() if name != key}) == "invalid"


class TestGraphs:
    @pytest.mark.parametrize(("nodes", "edges"), [(None, []), ([], None), ({}, []), ([1], []), ([], ["e"]), ("", "")])
    def test_what_is_no_graph_is_refused(self, nodes: object, edges: object) -> None:
        with pytest.raises(Rejected, match="invalid"):
            decode_graph(nodes, edges, DEFAULT_LIMITS)

    def test_too_many_elements_are_refused_before_they_are_read(self) -> None:
        with pytest.raises(Rejected, match="limit_reached"):
            decode_graph([None] * 3, [], DocumentLimits(nodes=2))
        with pytest.raises(Rejected, match="limit_reached"):
            decode_graph([], [None] * 3, DocumentLimits(edges=2))

    @pytest.mark.parametrize(
        ("title", "description"), [("", ""), (None, ""), ("x", None), ("x" * 256, ""), ("x", "y" * 5001)]
    )
    def test_properties_that_do_not_fit_are_refused(self, title: object, description: object) -> None:
        with pytest.raises(Rejected, match="invalid"):
            decode_properties(title, description, DEFAULT_LIMITS)


class TestTheLog:
    def test_limits_of_today_do_not_hold_for_it(self) -> None:
        old = {**NODE, "label": "x" * 9000, "settings": {"bygone": "y" * 100_000, "temperature": "hot"}}
        record = decode_record({"kind": "add_node", "node": old})
        assert record.encode() == {"kind": "add_node", "node": old}
        assert code(decode_operation, {"kind": "add_node", "node": old}) in ("invalid", "too_large")

    def test_it_is_as_strict_about_the_shape(self) -> None:
        with pytest.raises(Rejected):
            decode_record({"kind": "add_node", "node": {**NODE, "nope": 1}})
        with pytest.raises(Rejected):
            decode_record({**WHOLE[0], "nope": 1})


class TestParsing:
    @pytest.mark.parametrize(
        "text",
        [
            "",
            "{",
            "NaN",
            "[Infinity]",
            '{"a": -Infinity}',
            "{'a': 1}",
            "[1,]",
            "\ufeff{}",
            b"\xff",
            b"\xff\xfe[\x00]\x00",
            "01",
        ],
    )
    def test_what_is_not_json_is_refused(self, text: str | bytes) -> None:
        assert code(lambda value, _: parse_json(value), text) == "invalid"

    @pytest.mark.parametrize("depth", [1_100, 100_000])
    @pytest.mark.parametrize(("opening", "closing"), [("[", "]"), ('{"a":', "}")])
    def test_depth_is_survived(self, depth: int, opening: str, closing: str) -> None:
        for text in (
            opening * depth,
            f"{opening * depth}1{closing * depth}",
            f"{opening * depth}1e999{closing * depth}",
        ):
            assert code(lambda value, _: parse_json(value), text) == "invalid"

    def test_a_deep_operation_is_refused_as_an_operation(self) -> None:
        settings = f'{{"body": {"[" * 990}{"]" * 990}}}'
        text = f'{{"kind": "add_node", "node": {{"id": "n", "kind": "api", "x": 0, "y": 0, "settings": {settings}}}}}'
        assert code(decode_operation, parse_json(text)) == "invalid"

    @pytest.mark.parametrize("x", ["1e999", "-1e999", '"\\ud800"', "123456789012345678901234567890", "1" * 400])
    def test_json_by_its_grammar_is_refused_by_its_meaning(self, x: str) -> None:
        wire = parse_json(f'{{"kind": "move_node", "id": "n", "x": {x}, "y": 0}}')
        assert code(decode_operation, wire) == "invalid"

    def test_text_and_bytes_are_read_alike(self) -> None:
        assert (
            parse_json('{"ä": [1, 2.5, null]}') == parse_json('{"ä": [1, 2.5, null]}'.encode()) == {"ä": [1, 2.5, None]}
        )
        assert parse_json('{"a": 1, "a": 2}') == {"a": 2}


class TestSpelling:
    @given(
        st.recursive(
            st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.text(),
            lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
        )
    )
    def test_the_canonical_spelling_is_the_plain_one(self, value: object) -> None:
        try:
            json.dumps(value, ensure_ascii=False).encode()
        except UnicodeEncodeError:
            return
        plain = json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
        assert canonical_json(value) == plain.replace("\\u007f", "\x7f")

    @given(st.floats(-1e6, 1e6))
    def test_numbers_come_back_as_they_were(self, value: float) -> None:
        assert parse_json(canonical_json(value)) == value


KEYS = ["kind", "id", "node", "edge", "set", "operations", "settings", "x", "y", "width", "label", "parent", "branches"]
KINDS = [
    "agent",
    "add_node",
    "move_node",
    "edit_node",
    "add_edge",
    "batch",
    "edit_flow",
    "replace_graph",
    "create_flow",
]
PIECES = st.sampled_from(KEYS + KINDS)
ANYTHING = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text()
    | PIECES
    | st.binary(max_size=3)
    | st.just(object()),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(PIECES | st.text() | st.integers(), inner, max_size=6),
    max_leaves=20,
)


class TestAnything:
    @settings(max_examples=400)
    @given(ANYTHING)
    def test_only_rejected_is_ever_raised(self, value: object) -> None:
        attempts = (
            lambda: decode_operation(value, DEFAULT_LIMITS),
            lambda: decode_record(value),
            lambda: decode_node(value, NO_LIMITS),
            lambda: decode_graph([value], [value], DEFAULT_LIMITS),
            lambda: decode_properties(value, value, DEFAULT_LIMITS),
        )
        for attempt in attempts:
            try:
                attempt()
            except Rejected as refusal:
                str(refusal).encode("utf-8")
        references_in(value)

    @settings(max_examples=400)
    @given(st.sampled_from([*OPERATIONS, *WHOLE]), st.data())
    def test_nor_by_an_operation_with_one_odd_value(self, wire: dict, data: st.DataObject) -> None:
        spoilt = json.loads(json.dumps(wire))
        places = [spoilt, *[value for value in spoilt.values() if isinstance(value, dict)]]
        place = data.draw(st.sampled_from(places))
        place[data.draw(st.sampled_from(sorted(place)))] = data.draw(ANYTHING)
        for decode in (lambda: decode_operation(spoilt, DEFAULT_LIMITS), lambda: decode_record(spoilt)):
            try:
                decoded = decode()
            except Rejected:
                continue
            assert decode_record(parse_json(canonical_json(decoded.encode()))) == decoded

    @settings(max_examples=300)
    @given(st.text() | st.binary())
    def test_nor_by_parsing(self, text: str | bytes) -> None:
        try:
            parse_json(text)
        except Rejected as refusal:
            assert refusal.code == "invalid"


def names(count: int) -> list[str]:
    """Return some branch names."""
    return [f"b{number}" for number in range(count)]
