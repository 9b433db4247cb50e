"""n8n's workflows as its editor exports them and people share them."""

import json
from typing import Any

import pytest

from flows.document import DEFAULT_LIMITS, Edge, Node
from flows.interchange.budget import TooMuchError, UnreadableError
from flows.interchange.exporting import Exported, write_file
from flows.interchange.formats import FORMATS
from flows.interchange.importing import Imported, read_file
from flows.interchange.json_text import MOST_VALUES, parse_json_file
from flows.interchange.n8n.expressions import condition_of, parameter_of, template_of
from flows.interchange.neutral import ExportedFlow

BASE = "n8n-nodes-base."
CHAIN = "@n8n/n8n-nodes-langchain."


def node(name: str, type: str = "set", parameters: Any = None, /, **more: Any) -> dict[str, Any]:
    full = type if "." in type else BASE + type
    held = {"id": f"id-{name}", "name": name, "type": full, "typeVersion": 1, "position": [0, 0]}
    return {**held, "parameters": parameters or {}, **more}


def to(*names: str, type: str = "main", index: int = 0) -> list[dict[str, Any]]:
    return [{"node": name, "type": type, "index": index} for name in names]


def read(nodes: list[Any], connections: Any = None, /, **more: Any) -> Imported:
    file = {"name": "T", "nodes": nodes, "connections": connections or {}, **more}
    return read_file(json.dumps(file).encode(), "n8n", DEFAULT_LIMITS)


def by_label(imported: Imported) -> dict[str, Node]:
    return {held.label: held for held in imported.nodes}


def ends(imported: Imported) -> list[tuple[str, str, str]]:
    at = {held.id: held.label for held in imported.nodes}
    return sorted((at[edge.source], edge.source_port, at[edge.target]) for edge in imported.edges)


def told(entries: Any) -> list[str]:
    return sorted(entry.what for entry in entries)


def exported(imported: Imported) -> Exported:
    flow = ExportedFlow("1", 1, imported.title, imported.description, imported.nodes, imported.edges)
    return write_file(flow, FORMATS["n8n"])


def written(imported: Imported) -> Any:
    return json.loads(exported(imported).body)


@pytest.mark.parametrize("file", [None, 3, [], {}, {"nodes": []}, {"nodes": {}, "connections": {}}, [{"type": "tab"}]])
def test_what_is_refused(file: object) -> None:
    with pytest.raises(UnreadableError):
        read_file(json.dumps(file).encode(), "n8n", DEFAULT_LIMITS)


def test_an_export_of_all_and_a_gallerys_wrapping() -> None:
    flow = {"name": "First", "nodes": [node("A")], "connections": {}}
    for file in ([flow, flow], {"workflow": flow}):
        imported = read_file(json.dumps(file).encode(), "n8n", DEFAULT_LIMITS)
        assert (imported.title, len(imported.nodes)) == ("First", 1)


def test_connections_are_by_name_and_outputs_may_be_null() -> None:
    connections = {"A": {"main": [None, to("B")]}, "B": {"main": [to("A", "C")], "error": None}, "C": None}

    assert ends(read([node("A"), node("B"), node("C")], connections)) == [
        ("A", "out", "B"),
        ("B", "out", "A"),
        ("B", "out", "C"),
    ]


def test_broken_connections_are_told_each() -> None:
    connections = {"id-A": {"main": [to("B", "id-B")]}, "A": {"main": [[*to("gone"), {}, None]]}}
    imported = read([node("A"), node("B")], connections)

    assert (imported.edges, told(imported.report.dropped)) == ((), ["edge"] * 5)


def test_same_names() -> None:
    imported = read([node("A"), node("A"), node("B")], {"A": {"main": [to("B")]}})

    assert (len(imported.nodes), len(imported.edges)) == (3, 1)
    assert len({entry["name"] for entry in written(imported)["nodes"]}) == 3


def test_what_is_plugged_in_goes_back_where_it_was() -> None:
    nodes = [node("Agent", CHAIN + "agent"), node("LM", CHAIN + "lmChatOpenAi"), node("T", CHAIN + "toolCode")]
    plugs = {
        "LM": {"ai_languageModel": [to("Agent", type="ai_languageModel")]},
        "T": {"ai_tool": [to("Agent", type="ai_tool")]},
    }
    imported = read(nodes, plugs)

    assert ends(imported) == [("LM", "out", "Agent"), ("T", "out", "Agent")]
    assert {"edge"} == set(told(imported.report.approximated))
    assert written(imported)["connections"] == plugs


def test_inputs_and_further_outputs_go_back_where_they_were() -> None:
    nodes = [node("A", onError="continueErrorOutput"), node("B"), node("M", "merge")]
    connections = {"A": {"main": [to("M"), to("B")]}, "B": {"main": [to("M", index=1)]}}
    imported = read(nodes, connections)

    assert sorted(edge.label for edge in imported.edges) == ["", "", "error"]
    assert written(imported)["connections"] == connections


@pytest.mark.parametrize(
    ("entry", "kind", "settings"),
    [
        (node("A", "manualTrigger"), "input", {}),
        (node("A", CHAIN + "chatTrigger"), "input", {}),
        (node("A", "webhook", {"path": "x"}), "sensor", {"source": "webhook", "endpoint": "x"}),
        (
            node("A", "scheduleTrigger", {"rule": {"interval": [{"field": "minutes", "minutesInterval": 5}]}}),
            "sensor",
            {"source": "polling", "interval_ms": 300_000},
        ),
        (node("A", "gmailTrigger", {"pollTimes": {}}), "sensor", {"source": "polling"}),
        (node("A", "mqttTrigger"), "sensor", {"source": "pubsub"}),
        (node("A", "code", {"jsCode": "return 1"}), "skill", {"code": "return 1"}),
        (node("A", "function", {"functionCode": "return 2"}), "skill", {"code": "return 2"}),
        (node("A", "splitInBatches", {"batchSize": 5}), "loop", {"batch_size": 5}),
        (node("A", "respondToWebhook"), "output", {}),
        (node("A", "slack", credentials={"slackApi": {"id": "1", "name": "x"}}), "api", {}),
        (node("A", "redis"), "memory", {"backend": "redis"}),
        (node("A", CHAIN + "vectorStoreInMemory"), "memory", {"type": "vector_store"}),
        (node("A", CHAIN + "memoryBufferWindow"), "memory", {"type": "conversation"}),
        (node("A", CHAIN + "toolCode"), "skill", {}),
        (
            node(
                "A",
                CHAIN + "lmChatAnthropic",
                {"model": {"__rl": True, "value": "claude"}, "options": {"temperature": 0.5}},
            ),
            "agent",
            {"provider": "anthropic", "model": "claude", "temperature": 0.5},
        ),
        (
            node(
                "A", "scheduleTrigger", {"rule": {"interval": [{"field": "cronExpression", "expression": "0 9 * * 1"}]}}
            ),
            "sensor",
            {"source": "schedule", "cron": "0 9 * * 1"},
        ),
        (
            node("A", CHAIN + "agent", {"promptType": "define", "text": "=Answer {{ $json.text }}"}),
            "agent",
            {"prompt": "Answer {{ prev.text }}"},
        ),
        (node("A", "noOp"), "transform", {}),
        (node("A", "whatever"), "transform", {}),
        (node("A", "t.t.t"), "transform", {}),
    ],
    ids=lambda value: value["type"] if isinstance(value, dict) and "type" in value else None,
)
def test_kinds(entry: dict[str, Any], kind: str, settings: dict[str, Any]) -> None:
    (held,) = read([entry]).nodes

    assert held.kind == kind
    assert {name: value for name, value in held.settings.items() if name != "imported"} == settings


def test_a_request() -> None:
    parameters = {
        "method": "POST",
        "url": "=https://x.org/{{ $json.id }}",
        "sendHeaders": True,
        "headerParameters": {"parameters": [{"name": "Accept", "value": "*/*"}]},
        "sendQuery": True,
        "queryParameters": {"parameters": [{"name": "q", "value": "={{ $json['a b'] }}"}]},
        "sendBody": True,
        "specifyBody": "json",
        "jsonBody": '{"a": 1}',
        "authentication": "genericCredentialType",
        "genericAuthType": "httpBearerAuth",
        "options": {"timeout": 5000},
    }
    (held,) = read([node("A", "httpRequest", parameters, typeVersion=4.2, retryOnFail=True, maxTries=3)]).nodes
    settings = {name: value for name, value in held.settings.items() if name != "imported"}

    assert settings == {
        "method": "POST",
        "url": "https://x.org/{{ prev.id }}",
        "headers": {"Accept": "*/*"},
        "params": {"q": "{{ prev['a b'] }}"},
        "body": {"a": 1},
        "auth": "bearer",
        "timeout_ms": 5000,
        "retry_attempts": 2,
    }


def switch(*names: str, **options: Any) -> dict[str, Any]:
    values = [{"outputKey": name, "renameOutput": True, "conditions": {}} for name in names]
    return node("S", "switch", {"rules": {"values": values}, "options": options}, typeVersion=3.2)


def test_branches_of_if_and_switch() -> None:
    nodes = [node("If", "if"), switch("new", "old", fallbackOutput="extra"), node("A"), node("B")]
    connections = {"If": {"main": [to("S"), to("A")]}, "S": {"main": [to("A"), [], to("B")]}}
    imported = read(nodes, connections)

    assert by_label(imported)["S"].settings["branches"] == ["new", "old"]
    assert ends(imported) == [("If", "false", "A"), ("If", "true", "S"), ("S", "default", "B"), ("S", "new", "A")]
    assert written(imported)["connections"] == connections


def test_a_branch_that_is_added_here_gets_a_rule() -> None:
    imported = read([switch("new"), node("A")], {"S": {"main": [to("A")]}})
    held = by_label(imported)
    edited = held["S"].edited({"settings": {"branches": ["late", "new"]}})
    edges = [
        *imported.edges,
        Edge("x", edited.id, held["A"].id, "late", "in"),
        Edge("y", edited.id, held["A"].id, "default", "in"),
    ]
    file = written(Imported("", "T", "", [edited, held["A"]], edges, imported.report))
    (back,) = [entry for entry in file["nodes"] if entry["name"] == "S"]

    assert [rule["outputKey"] for rule in back["parameters"]["rules"]["values"]] == ["late", "new"]
    assert [len(output) for output in file["connections"]["S"]["main"]] == [1, 1, 1]


@pytest.mark.parametrize(("version", "each"), [(1, 0), (2, 0), (3, 1)])
def test_a_loop_says_first_that_it_is_done_since_version_3(version: float, each: int) -> None:
    outputs = [to("B"), to("B")]
    outputs[1 - each] = to("C")
    nodes = [node("L", "splitInBatches", typeVersion=version), node("B"), node("C")]
    imported = read(nodes, {"L": {"main": outputs}, "B": {"main": [to("L")]}})

    assert ends(imported) == [("B", "out", "L"), ("L", "each", "B"), ("L", "out", "C")]
    assert written(imported)["connections"]["L"]["main"] == outputs


def test_sticky_notes() -> None:
    notes = [
        node("Sticky Note", "stickyNote", {"content": "# Read me", "width": 300, "height": 200, "color": 4}),
        node("Sticky Note1", "stickyNote", {"content": "x"}),
        node("My frame", "stickyNote", {}),
    ]
    first, second, third = read(notes).nodes

    assert (first.kind, first.label, first.settings["text"]) == ("note", "", "# Read me")
    assert (first.width, first.height, first.colour) == (300, 200, "#22c55e")
    assert (second.width, second.height, third.label) == (240, 160, "My frame")


def test_disabled_and_notes() -> None:
    (held,) = read([node("A", disabled=True, notes="Why", notesInFlow=True)]).nodes

    assert (held.enabled, held.description) == (False, "Why")
    (back,) = written(read([node("A", disabled=True, notes="Why")]))["nodes"]
    assert (back["disabled"], back["notes"]) == (True, "Why")


def test_a_start_with_incoming_edges_is_none() -> None:
    imported = read(
        [node("A"), node("W", "respondToWebhook"), node("B")], {"A": {"main": [to("W")]}, "W": {"main": [to("B")]}}
    )

    assert len(imported.edges) == 2


def test_a_type_that_means_no_kind_is_told() -> None:
    imported = read([node("A", "acme.frobnicate"), node("B"), node("C", "slack")])

    assert [(one.what, one.where) for one in imported.report.approximated] == [("node", "A"), ("node", "C")]
    assert "acme.frobnicate" in imported.report.approximated[0].why


def test_a_flow_of_ours_has_no_unknown_type() -> None:
    imported = read([node("A", "acme.frobnicate")])
    again = read_file(exported(imported).body, "n8n", DEFAULT_LIMITS)

    assert [one.kind for one in again.nodes] == ["transform"]
    assert by_label(again)["A"].settings == by_label(imported)["A"].settings


@pytest.mark.parametrize(
    ("type", "parameters", "names"),
    [
        ("httpRequest", {"url": "={{ $('A').item.json.url }}"}, "url"),
        ("httpRequest", {"url": "https://example.com/{{ $json.id }}", "method": "POST"}, "url"),
        ("httpRequest", {"url": "x", "headerParameters": {"parameters": [{"value": "={{ 1 }}"}]}}, "headers"),
        ("switch", {"rules": {"values": [{"outputKey": "one"}]}}, "expression"),
    ],
)  # fmt: skip
def test_what_n8n_says_in_its_own_code_is_told(type: str, parameters: dict[str, Any], names: str) -> None:
    (told_one,) = read([node("A", type, parameters)]).report.approximated

    assert (told_one.what, told_one.where) == ("property", "A")
    assert names in told_one.why


def test_what_n8n_says_in_plain_words_is_not_told() -> None:
    imported = read([node("A", "httpRequest", {"url": "={{ $json.url }}"}), node("B", "httpRequest", {})])

    assert imported.report.approximated == []


def test_what_is_not_read_is_told() -> None:
    more = {"pinData": {"A": [{"json": {"x": "CANARY"}}]}, "staticData": {"x": "CANARY"}, "tags": [{"name": "t"}]}
    imported = read([node("A", webhookId="CANARY")], settings={"timezone": "CANARY", "executionOrder": "v1"}, **more)

    assert told(imported.report.dropped) == ["property"] * 4 + ["secret"]
    assert "CANARY" not in repr(imported)


@pytest.mark.parametrize("entry", [None, 3, [], {}, {"id": "x"}])
def test_what_is_no_node_is_told(entry: object) -> None:
    imported = read([entry, node("A")])

    assert (len(imported.nodes), told(imported.report.dropped)) == (1, ["node"])


def test_places_in_other_shapes() -> None:
    nodes = [node("A", position={"x": 5, "y": 6}), node("B", position=["7", 8]), node("C", position=[9])]
    held = by_label(read(nodes))

    assert (held["A"].x, held["B"].x, held["B"].y) == (5, 7, 8)


def test_too_many_connections() -> None:
    with pytest.raises(TooMuchError):
        read([node("A"), node("B")], {"A": {"main": [to("B") * 20_001]}})


@pytest.mark.parametrize(
    ("theirs", "ours"),
    [
        ("plain", "plain"),
        ("={{ $json.a }}", "{{ prev.a }}"),
        ("=Hi {{ $json.a.b[0] }}!", "Hi {{ prev.a.b[0] }}!"),
        ("={{$json}}", "{{ prev }}"),
        ("=plain", "plain"),
        ("={{ $json.a + 1 }}", None),
        ("={{ $json.a.length }}", None),
        ("={{ $('A').item.json.x }}", None),
        ("={{ $json.a", None),
        ("a {{ b }}", None),
        ("{% x %}", None),
    ],
)
def test_expressions_from_n8n(theirs: str, ours: str | None) -> None:
    assert template_of(theirs) == ours


@pytest.mark.parametrize(
    ("ours", "theirs"),
    [
        ("plain", "plain"),
        ("=plain", "==plain"),
        ("{{ prev.a }}", "={{ $json.a }}"),
        ("{{ input.a }}", None),
        ("{{ prev.a | upper }}", None),
    ],
)
def test_expressions_to_n8n(ours: str, theirs: str | None) -> None:
    assert parameter_of(ours) == theirs


def test_conditions() -> None:
    def condition(left: str, type: str, operation: str, right: Any) -> dict[str, Any]:
        return {"leftValue": left, "rightValue": right, "operator": {"type": type, "operation": operation}}

    sure = [condition("={{ $json.a }}", "string", "equals", 'x"y'), condition("={{ $json.n }}", "number", "gte", 3)]

    assert condition_of({"conditions": {"conditions": sure, "combinator": "or"}}) == 'prev.a == "x\\"y" or prev.n >= 3'
    for unsure in (
        condition("={{ $json.a }}", "string", "regex", "x"),
        condition("={{ $json.a }}", "number", "gt", "={{ 1 }}"),
        condition("a", "string", "equals", "x"),
        condition("={{ $json.a }}", "number", "gt", True),
    ):
        assert condition_of({"conditions": {"conditions": [unsure]}}) is None
    assert condition_of({}) is None


def test_parameters_come_back_whatever_they_are() -> None:
    parameters = {
        "a": {"b": {"c": {"d": {"e": {"f": [1, 2.5, None, True, "x"]}}}}},
        "url": "https://x.org",
        "jsCode": "return",
    }
    more = {"onError": "continueRegularOutput", "executeOnce": True}
    (back,) = written(read([node("A", "code", parameters, typeVersion=2, **more)]))["nodes"]

    assert (back["parameters"], back["typeVersion"], back["type"]) == (parameters, 2, f"{BASE}code")
    assert {name: back[name] for name in more} == more


def test_what_was_changed_here_is_written() -> None:
    parameters = {"url": "={{ $('A').item.json.x }}", "method": "PUT", "options": {"timeout": 1}}
    (held,) = read([node("A", "httpRequest", parameters, typeVersion=4.2)]).nodes
    edited = held.edited({"label": "B", "settings": {"url": "https://y.org/{{ prev.id }}"}})
    (back,) = written(Imported("", "T", "", [edited], [], read([]).report))["nodes"]

    assert back["name"] == "B"
    assert back["parameters"] == {**parameters, "url": "=https://y.org/{{ $json.id }}"}


def test_branches_that_n8n_spells_otherwise_keep_their_edges() -> None:
    names = ["first", "two\nlines", "two lines", "  wide"]
    decision = Node("d", "decision", 0, 0, 120, 98, "D", "", "#ef4444", None, True, {"branches": names})
    ends_ = [
        Node(f"o{number}", "output", 300, 100 * number, 120, 60, name, "", "#06b6d4", None, True, {})
        for number, name in enumerate(names)
    ]
    edges = [Edge(f"e{number}", "d", f"o{number}", name, "in", "x") for number, name in enumerate(names)]
    again = read_file(
        write_file(ExportedFlow("1", 1, "", "", [decision, *ends_], edges), FORMATS["n8n"]).body, "n8n", DEFAULT_LIMITS
    )

    assert {(edge.source_port, edge.label) for edge in again.edges} == {(name, "x") for name in names}
    assert {port: label for _, port, label in ends(again)} == dict(zip(names, names, strict=True))


def test_a_flow_of_ours() -> None:
    nodes = [
        Node("g", "group", 0, 0, 400, 300, "G", "", "#94a3b8", None, True, {}),
        Node("s", "sensor", 10, 50, 136, 60, "In", "", "#22c55e", "g", True, {"source": "webhook", "endpoint": "/x"}),
        Node("d", "decision", 200, 50, 120, 98, "", "", "#ef4444", None, True, {"branches": ["yes", "no"]}),
        Node("l", "loop", 400, 0, 120, 60, "Each", "", "#8b5cf6", None, True, {"batch_size": 3}),
        Node("o", "output", 600, 0, 120, 60, "Out", "", "#06b6d4", None, True, {}),
    ]
    edges = [
        Edge("1", "s", "d", "out", "in"),
        Edge("2", "d", "l", "no", "in"),
        Edge("3", "l", "o", "out", "in", "done"),
    ]
    result = write_file(ExportedFlow("1", 1, "", "", nodes, edges), FORMATS["n8n"])
    file = json.loads(result.body)

    assert [entry["type"].partition(".")[2] for entry in file["nodes"]] == [
        *("stickyNote", "webhook", "switch", "splitInBatches", "respondToWebhook")
    ]
    assert file["connections"] == {
        "In": {"main": [to("Decision")]},
        "Decision": {"main": [[], to("Each")]},
        "Each": {"main": [to("Out")]},
    }
    assert (file["name"], told(result.report.approximated)) == ("Untitled", ["group", "label"])


def test_a_file_of_more_values_than_can_be_held_is_refused_before_it_is_read() -> None:
    empty = b"[]," * (MOST_VALUES // 2)
    fits = b'{"nodes": [{"name": "A", "type": "x"}], "connections": [' + empty[:-30] + b"[]]}"

    assert len(read_file(fits, "n8n", DEFAULT_LIMITS, seconds=60).nodes) == 1
    with pytest.raises(TooMuchError) as caught:
        read_file(fits[:-2] + b"," + empty + b"[]]}", "n8n", DEFAULT_LIMITS, seconds=60)
    assert caught.value.limit == "values"


def test_files_of_our_own_are_bounded_by_their_bytes_alone() -> None:
    assert parse_json_file(b"[" + b"0," * MOST_VALUES + b"0]") == [0] * (MOST_VALUES + 1)
