"""Node-RED's flows as its editor exports them and people share them."""

import json
from itertools import pairwise
from typing import Any

import pytest

from flows.document import DEFAULT_LIMITS, Edge, Node
from flows.interchange.budget import TooMuchError, UnreadableError
from flows.interchange.exporting import write_file
from flows.interchange.formats import FORMATS
from flows.interchange.importing import Imported, read_file
from flows.interchange.neutral import ExportedFlow

TAB = {"id": "t", "type": "tab", "label": "Flow 1", "info": "About"}


def read(*entries: object) -> Imported:
    return read_file(json.dumps(entries).encode(), "nodered", DEFAULT_LIMITS)


def node(id: str, type: str = "function", *wires: list[str], z: str = "t", **more: Any) -> dict[str, Any]:
    return {"id": id, "type": type, "z": z, "name": id, "x": 300, "y": 200, "wires": list(wires), **more}


def by_label(imported: Imported) -> dict[str, Node]:
    return {held.label: held for held in imported.nodes}


def ends(imported: Imported) -> list[tuple[str, str, str]]:
    at = {held.id: held.label for held in imported.nodes}
    return sorted((at[edge.source], edge.source_port, at[edge.target]) for edge in imported.edges)


def told(entries: Any) -> list[str]:
    return sorted(entry.what for entry in entries)


def written(imported: Imported) -> list[Any]:
    nodes, edges = imported.nodes, imported.edges
    flow = ExportedFlow("1", 1, imported.title, imported.description, nodes, edges)
    entries: list[Any] = json.loads(write_file(flow, FORMATS["nodered"]).body)
    return entries


@pytest.mark.parametrize("file", [None, 3, "x", {}, {"nodes": [], "connections": {}}, [1], [{"id": "a"}]])
def test_what_is_refused(file: object) -> None:
    with pytest.raises(UnreadableError):
        read_file(json.dumps(file).encode(), "nodered", DEFAULT_LIMITS)


def test_a_tab_is_the_title() -> None:
    imported = read(TAB, node("a"))

    assert (imported.title, imported.description) == ("Flow 1", "About")


def test_a_place_is_a_centre() -> None:
    (held,) = read(TAB, node("a")).nodes

    assert (held.x + held.width / 2, held.y + held.height / 2) == (300, 200)


def test_tabs_stand_below_each_other() -> None:
    imported = read(TAB, {**TAB, "id": "u", "label": "Flow 2"}, node("a"), node("b", z="u"), node("c", z="gone"))
    tops = [by_label(imported)[label] for label in "abc"]

    assert all(one.y + one.height < next.y for one, next in pairwise(tops))
    assert told(imported.report.approximated) == ["page"]


def test_the_admin_api_of_all_flows_and_of_one() -> None:
    whole = {"rev": "1", "flows": [TAB, node("a")]}
    one = {"id": "t", "label": "One", "nodes": [node("a")], "configs": [{"id": "c", "type": "mqtt-broker"}]}
    for file, title in ((whole, "Flow 1"), (one, "One")):
        imported = read_file(json.dumps(file).encode(), "nodered", DEFAULT_LIMITS)
        assert (imported.title, len(imported.nodes)) == (title, 1)


def test_a_config_node_is_told() -> None:
    imported = read(TAB, node("a"), {"id": "c", "type": "mqtt-broker", "name": "Broker"})

    assert [(entry.what, entry.where) for entry in imported.report.dropped] == [("config-node", "Broker")]


def test_a_switch_has_a_branch_for_each_rule() -> None:
    rules = [{"t": "eq", "v": "a"}, {"t": "eq", "v": "a"}, {"t": "btwn", "v": 1, "v2": 5}, {"t": "true"}, {"t": "else"}]
    switch = node("s", "switch", ["x"], ["y"], [], ["x"], ["y"], rules=rules, outputs=5)
    imported = read(TAB, switch, node("x"), node("y"))

    assert by_label(imported)["s"].settings["branches"] == ["= a", "= a#2", "1 to 5", "true"]
    assert ends(imported) == [("s", "= a", "x"), ("s", "= a#2", "y"), ("s", "default", "y"), ("s", "true", "x")]
    (back,) = [entry for entry in written(imported) if entry.get("name") == "s"]
    assert back["rules"] == rules
    assert [len(output) for output in back["wires"]] == [1, 1, 0, 1, 1]


@pytest.mark.parametrize(
    ("entry", "kind", "settings"),
    [
        (node("a", "inject"), "input", {}),
        (node("a", "inject", repeat="5"), "sensor", {"source": "polling", "interval_ms": 5000}),
        (node("a", "inject", crontab="*/30 * * * *"), "sensor", {"source": "polling", "interval_ms": 1_800_000}),
        (node("a", "inject", crontab="0 12 * * 1-5"), "sensor", {"source": "schedule", "cron": "0 12 * * 1-5"}),
        (node("a", "http in", url="/x"), "sensor", {"source": "webhook", "endpoint": "/x"}),
        (node("a", "mqtt in", topic="t/#"), "sensor", {"source": "pubsub", "endpoint": "t/#"}),
        (node("a", "debug"), "output", {}),
        (node("a", "http response"), "output", {}),
        (node("a", "file", filename="/tmp/x"), "output", {"type": "file", "file_path": "/tmp/x"}),
        (node("a", "function", func="return msg;"), "skill", {"code": "return msg;"}),
        (node("a", "template", template="Hi"), "transform", {"type": "template", "transformation": "Hi"}),
        (node("a", "template", template="Hi {{payload}}"), "transform", {}),
        (node("a", "change"), "transform", {}),
        (node("a", "mysql"), "memory", {}),
        (node("a", "openai-chat"), "agent", {}),
        (node("a", "comment", info="# Read"), "note", {"text": "# Read"}),
        (node("a", "something in"), "sensor", {}),
        (node("a", "something"), "transform", {}),
    ],
    ids=lambda value: value["type"] if isinstance(value, dict) and "type" in value else None,
)
def test_kinds(entry: dict[str, Any], kind: str, settings: dict[str, Any]) -> None:
    (held,) = read(TAB, entry).nodes

    assert held.kind == kind
    assert {name: value for name, value in held.settings.items() if name != "imported"} == settings


def test_a_request() -> None:
    headers = [
        {"keyType": "Accept", "keyValue": "", "valueType": "other", "valueValue": "text/plain"},
        {"keyType": "other", "keyValue": "X-Api-Key", "valueType": "other", "valueValue": "CANARY"},
        {"keyType": "other", "keyValue": "X", "valueType": "msg", "valueValue": "topic"},
    ]
    (held,) = read(
        TAB, node("a", "http request", method="POST", url="http://x", authType="bearer", headers=headers)
    ).nodes

    assert held.settings["url"] == "http://x"
    assert (held.settings["method"], held.settings["auth"]) == ("POST", "bearer")
    assert held.settings["headers"] == {"Accept": "text/plain"}
    assert "CANARY" not in repr(held)


def test_disabled_nodes_and_tabs() -> None:
    assert [held.enabled for held in read(TAB, node("a", d=True), node("b")).nodes] == [False, True]
    assert [held.enabled for held in read({**TAB, "disabled": True}, node("a")).nodes] == [False]


def test_links_are_edges_also_across_tabs_and_once() -> None:
    out = node("out", "link out", links=["in", "gone"])
    into = node("in", "link in", ["b"], z="u", links=["out"])
    imported = read(TAB, {**TAB, "id": "u"}, node("a", "inject", ["out"]), out, into, node("b", "debug", z="u"))

    assert ends(imported) == [("a", "out", "out"), ("in", "out", "b"), ("out", "out", "in")]
    assert told(imported.report.dropped) == ["link"]
    back = {entry["name"]: entry for entry in written(imported) if "name" in entry}
    assert back["out"]["links"] == [back["in"]["id"]]
    assert not any(back["out"]["wires"])


def test_a_link_that_only_one_end_lists() -> None:
    imported = read(TAB, node("out", "link out", links=[]), node("in", "link in", [], links=["out"]))

    assert ends(imported) == [("out", "out", "in")]


def test_a_junction_hands_on() -> None:
    junction = {"id": "j", "type": "junction", "z": "t", "x": 5, "y": 5, "wires": [["b", "c"]]}
    imported = read(TAB, node("a", "inject", ["j"]), junction, node("b"), node("c"))

    assert ends(imported) == [("", "out", "b"), ("", "out", "c"), ("a", "out", "")]
    assert [entry["type"] for entry in written(imported) if entry["id"] == "j"] == ["junction"]


def test_groups_in_each_other_by_either_list() -> None:
    outer = {"id": "g", "type": "group", "z": "t", "name": "G", "nodes": ["h", "b"], "x": 1, "y": 2, "w": 900, "h": 500}
    inner = {
        "id": "h",
        "type": "group",
        "z": "t",
        "name": "H",
        "nodes": [],
        "g": "g",
        "x": 9,
        "y": 9,
        "w": 500,
        "h": 300,
    }
    held = by_label(read(TAB, outer, inner, node("a", g="h"), node("b"), node("c", g="gone")))

    assert (held["a"].parent, held["H"].parent, held["b"].parent) == (held["H"].id, held["G"].id, held["G"].id)
    assert (held["G"].x, held["G"].width, held["c"].parent) == (1, 900, None)


def test_further_outputs_are_kept_for_the_way_back() -> None:
    imported = read(TAB, node("f", "function", ["a"], ["b"], outputs=2), node("a"), node("b"))
    (back,) = [entry for entry in written(imported) if entry.get("name") == "f"]

    assert [len(output) for output in back["wires"]] == [1, 1]


def test_loose_wires_are_told_each() -> None:
    assert told(read(TAB, node("a", "inject", ["x", "y"])).report.dropped) == ["edge", "edge"]


def test_ids_that_are_used_twice() -> None:
    imported = read(TAB, node("a", "function", ["a"]), node("a", "function", ["a"]))

    assert (len(imported.nodes), len(imported.edges)) == (2, 1)


def subflow(id: str, into: list[str], *outs: list[tuple[str, int]]) -> dict[str, Any]:
    return {
        "id": id,
        "type": "subflow",
        "name": id,
        "in": [{"x": 0, "y": 0, "wires": [{"id": one} for one in into]}],
        "out": [{"x": 0, "y": 0, "wires": [{"id": one, "port": port} for one, port in out]} for out in outs],
    }


@pytest.mark.parametrize(("type", "unknown"), [("acme", True), ("change", False), ("junction", False)])
def test_a_type_that_means_no_kind_is_told(type: str, unknown: bool) -> None:
    imported = read(TAB, node("a", type))

    assert [(one.what, one.where) for one in imported.report.approximated] == [("node", "a")] * unknown


class TestSubflows:
    def test_an_instance_without_a_name_has_its_subflows(self) -> None:
        definition = [subflow("S", ["p"]) | {"name": "Clean up"}, node("p", z="S")]
        imported = read(TAB, *definition, node("i", "subflow:S", name=""), node("k", "subflow:S", name="Mine"))

        assert {one.label for one in imported.nodes if one.kind == "group"} == {"Clean up", "Mine"}

    def test_an_instance_is_a_group_wired_through(self) -> None:
        definition = [subflow("S", ["p"], [("q", 0)]), node("p", "function", ["q"], z="S"), node("q", z="S")]
        instance = node("i", "subflow:S", ["b"])
        imported = read(TAB, *definition, node("a", "inject", ["i"]), instance, node("b", "debug"))
        held = by_label(imported)

        assert ends(imported) == [("a", "out", "p"), ("p", "out", "q"), ("q", "out", "b")]
        assert held["i"].kind == "group"
        assert held["p"].parent == held["i"].id
        assert held["i"].x <= held["p"].x
        assert held["p"].x + held["p"].width <= held["i"].x + held["i"].width
        assert imported.report.dropped == []

    def test_two_instances_do_not_overlap(self) -> None:
        definition = [subflow("S", ["p"]), node("p", z="S")]
        imported = read(TAB, *definition, node("i", "subflow:S"), node("k", "subflow:S"))
        one, other = by_label(imported)["i"], by_label(imported)["k"]

        assert one.y + one.height <= other.y
        assert imported.report.kept == {"nodes": 2, "edges": 0, "groups": 2, "notes": 0}

    def test_one_in_another_and_one_that_only_hands_on(self) -> None:
        through = subflow("T", [], [("T", 0)])
        outer = [subflow("S", ["i"], [("i", 0)]), node("i", "subflow:U", z="S"), through]
        inner = [subflow("U", ["p"], [("p", 0)]), node("p", z="U")]
        entries = [node("a", "inject", ["s"]), node("s", "subflow:S", ["w"]), node("w", "subflow:T", ["b"]), node("b")]

        assert ends(read(TAB, *outer, *inner, *entries)) == [("a", "out", "p"), ("p", "out", "b")]

    def test_one_that_nothing_uses_is_shown(self) -> None:
        imported = read(TAB, subflow("S", []), node("p", z="S"), node("a"))

        assert len(imported.nodes) == 2
        assert told(imported.report.approximated) == ["page"]

    def test_one_inside_itself_stays_a_node(self) -> None:
        imported = read(TAB, subflow("S", ["p"]), node("p", "subflow:S", z="S"), node("i", "subflow:S"))

        assert by_label(imported)["p"].kind == "skill"

    def test_one_that_is_missing(self) -> None:
        assert by_label(read(TAB, node("i", "subflow:gone")))["i"].kind == "skill"

    def test_a_wire_at_one_that_connects_nothing_is_told(self) -> None:
        imported = read(TAB, subflow("S", []), node("a", "inject", ["i"]), node("i", "subflow:S", ["b"]), node("b"))

        assert told(imported.report.dropped) == ["edge", "edge"]

    def test_a_small_file_that_unfolds_into_millions(self) -> None:
        entries = []
        for level in range(25):
            inside = [node(f"{side}{level}", f"subflow:S{level + 1}", z=f"S{level}") for side in "ab"]
            entries += [subflow(f"S{level}", []), *inside]
        last = [subflow("S25", []), node("leaf", z="S25")]
        with pytest.raises(TooMuchError):
            read(TAB, *entries, *last, node("i", "subflow:S0"))

    def test_a_long_chain_is_no_deep_recursion(self) -> None:
        entries = [
            entry
            for level in range(400)
            for inner in [f"n{level}"]
            for entry in (
                subflow(f"S{level}", [inner], [(inner, 0)]),
                node(inner, f"subflow:S{level + 1}", z=f"S{level}"),
            )
        ]
        imported = read(TAB, *entries, node("a", "inject", ["i"]), node("i", "subflow:S0", ["b"]), node("b"))

        assert told(imported.report.dropped) == []
        assert len(imported.edges) == 2


def test_a_flow_of_ours() -> None:
    nodes = [
        Node("s", "sensor", 0, 0, 136, 60, "In", "", "#22c55e", None, True, {"source": "webhook", "endpoint": "/x"}),
        Node("d", "decision", 200, 0, 120, 98, "If", "", "#ef4444", None, True, {"branches": ["yes", "no"]}),
        Node("l", "loop", 400, 0, 120, 60, "Each", "", "#8b5cf6", None, True, {}),
        Node("k", "skill", 600, 0, 136, 60, "Run", "Does it", "#f59e0b", None, False, {"code": "def run(): ..."}),
    ]
    edges = [Edge("1", "s", "d", "out", "in"), Edge("2", "d", "l", "no", "in"), Edge("3", "l", "k", "each", "in", "x")]
    flow = ExportedFlow("1", 1, "T", "", nodes, edges)
    tab, *entries = json.loads(write_file(flow, FORMATS["nodered"]).body)

    assert (tab["label"], [entry["type"] for entry in entries]) == ("T", ["http in", "switch", "function", "function"])
    assert entries[1]["wires"] == [[], ["l"], []]
    assert entries[2]["wires"] == [["k"], []]
    assert entries[3]["func"].startswith("// def run")
    assert entries[3]["d"] is True
