"""The templates that come with the product: each is useful as it stands, and they show all that a flow can be."""

import re
from collections import Counter

import minijinja
import pytest

from flows.document import KINDS, Document, Node, Rejected, apply, ports_of
from flows.interchange.pictures.text import Font, wrap
from flows.limits import Limits
from flows.parsing import parse_flow
from flows.templates import POPULAR, Template, builtin, builtin_count, fill, parameters_of
from flows.templates.builtin import CATEGORIES, read_template
from flows.titles import words

TEMPLATES = list(builtin().values())
each = pytest.mark.parametrize("template", TEMPLATES, ids=lambda template: template.id)
LABEL = Font(13, 600, -0.13)


def test_there_are_twenty_four_in_eight_categories() -> None:
    assert len(TEMPLATES) == 24
    assert [category for category in CATEGORIES if all(one.category != category for one in TEMPLATES)] == []
    assert min(Counter(one.category for one in TEMPLATES).values()) >= 2
    assert TEMPLATES[0].id == "first-flow", "the first that is offered is the one to begin with"


def test_what_is_offered_first_is_told_as_its_file_says_and_one_of_a_category() -> None:
    for one in POPULAR:
        assert (one.title, one.node_count) == (builtin()[one.id].title, len(builtin()[one.id].nodes))
    assert len({builtin()[one.id].category for one in POPULAR}) == len(POPULAR)
    assert builtin_count() == len(builtin())


def test_every_kind_is_used() -> None:
    assert {node.kind for one in TEMPLATES for node in one.nodes} == set(KINDS)


def test_every_title_and_description_is_known_to_the_translators() -> None:
    known = set(words())
    for one in TEMPLATES:
        assert {("template", one.title), ("template", one.description)} <= known


@each
def test_it_has_enough_to_be_useful(template: Template) -> None:
    steps = [node for node in template.nodes if node.kind not in ("note", "group")]

    assert len(steps) >= 4
    assert len(template.edges) >= 3
    assert any(node.kind == "input" for node in steps), "it runs by hand"
    assert any(node.kind == "output" for node in steps)
    assert template.title and template.description.endswith(".")


@each
def test_a_note_says_what_to_fill_in(template: Template) -> None:
    notes = [node for node in template.nodes if node.kind == "note"]

    assert [note.label for note in notes] == ["What to fill in"]
    assert len(str(notes[0].settings["text"])) > 40


@each
def test_every_branch_has_a_name_and_leads_somewhere(template: Template) -> None:
    left = {(edge.source, edge.source_port) for edge in template.edges}
    for node in template.nodes:
        if node.kind == "decision":
            assert len(ports_of(node).outputs) >= 3, "two branches, and the default"
            assert [port for port in ports_of(node).outputs if (node.id, port) not in left] == []
            assert node.settings["default_branch"] in ports_of(node).outputs
            assert node.settings["expression"]


@each
def test_every_loop_has_a_body_that_does_not_leak(template: Template) -> None:
    after: dict[str, set[str]] = {}
    for edge in template.edges:
        after.setdefault(edge.source, set()).add(edge.target)
    for node in template.nodes:
        if node.kind == "loop":
            body = _reached(
                {edge.target for edge in template.edges if edge.source == node.id and edge.source_port == "each"}, after
            )
            outside = _reached(
                {edge.target for edge in template.edges if edge.source == node.id and edge.source_port == "out"}, after
            )
            assert body and outside
            assert not body & outside
            assert node.settings["iterate_over"]


def _reached(begin: set[str], after: dict[str, set[str]]) -> set[str]:
    reached, waiting = set(begin), list(begin)
    while waiting:
        new = after.get(waiting.pop(), set()) - reached
        reached |= new
        waiting += new
    return reached


@each
def test_everything_hangs_together_and_nothing_goes_in_a_circle(template: Template) -> None:
    after: dict[str, set[str]] = {}
    for edge in template.edges:
        after.setdefault(edge.source, set()).add(edge.target)
    starts = {node.id for node in template.nodes if node.kind in ("input", "sensor")}
    steps = {node.id for node in template.nodes if node.kind not in ("note", "group")}

    assert starts | _reached(starts, after) == steps
    assert [id for id in steps if id in _reached(after.get(id, set()), after)] == []


@each
def test_it_needs_no_secret_and_no_account(template: Template) -> None:
    for node in template.nodes:
        assert not node.settings.keys() & {"secret", "provider", "model"}
        assert "$secret" not in str(dict(node.settings))
        assert node.kind != "memory" or node.settings.get("backend", "local") == "local"
    hosts = re.findall(r"https?://([^/\"' ]+)", str([dict(node.settings) for node in template.nodes]))
    assert all(host == "example.com" or host.endswith(".example.com") for host in hosts)


@each
def test_every_form_can_be_sent_as_it_is(template: Template) -> None:
    for node in template.nodes:
        if node.kind == "input":
            fields = node.settings["fields"]
            assert isinstance(fields, list) and fields
            for field in fields:
                assert field.keys() >= {"name", "title", "type", "default"}
                assert field["default"] != ""


@each
def test_every_expression_and_text_can_be_parsed_and_speaks_of_what_is_before(template: Template) -> None:
    before: dict[str, set[str]] = {}
    for edge in template.edges:
        before.setdefault(edge.target, set()).add(edge.source)
    engine = minijinja.Environment()
    for node in template.nodes:
        for name in ("expression", "iterate_over"):
            if isinstance(value := node.settings.get(name), str):
                engine.add_template(f"{node.id}.{name}", f"{{{{ {value} }}}}")
        for name in ("transformation", "format_template", "url"):
            if isinstance(value := node.settings.get(name), str):
                is_expression = node.settings.get("type") == "expression"
                engine.add_template(f"{node.id}.{name}", f"{{{{ {value} }}}}" if is_expression else value)
        named = set(re.findall(r'nodes\["([^"]+)"\]', str(node.settings)))
        assert named <= _reached(before.get(node.id, set()), before), node.id


@each
def test_every_skill_is_python(template: Template) -> None:
    for node in template.nodes:
        if node.kind == "skill":
            code = str(node.settings["code"])
            assert code.startswith("def run(**")
            compile(code, node.id, "exec")


@each
def test_nothing_lies_on_anything_and_all_is_on_the_grid(template: Template) -> None:
    nodes = list(template.nodes)
    for at, one in enumerate(nodes):
        assert (one.x % 8, one.y % 8, one.width % 8, one.height % 8) == (0, 0, 0, 0)
        for other in nodes[at + 1 :]:
            if one.parent == other.id:
                assert _holds(other, one), one.id
            elif other.parent == one.id:
                assert _holds(one, other), other.id
            else:
                assert not _overlap(one, other), (one.id, other.id)


def _overlap(one: Node, other: Node) -> bool:
    across = one.x < other.x + other.width and other.x < one.x + one.width
    return across and one.y < other.y + other.height and other.y < one.y + one.height


def _holds(group: Node, node: Node) -> bool:
    across = group.x <= node.x and node.x + node.width <= group.x + group.width
    return across and group.y + 32 <= node.y and node.y + node.height <= group.y + group.height


@each
def test_no_label_is_cut(template: Template) -> None:
    for node in template.nodes:
        if node.kind not in ("note", "group"):
            lines = wrap(((node.label, LABEL, ""),), node.width - 50, 3)
            assert len(lines) <= 2, node.label


@each
def test_it_is_a_flow(template: Template) -> None:
    record = parse_flow(title=template.title, description=template.description)
    assert record.title == template.title
    nodes, edges = fill(template, {})
    assert (set(nodes), set(edges)) == (set(template.nodes), set(template.edges))
    assert len(template.version) == 16


def test_parameters_say_what_they_ask_for() -> None:
    asked = {one.id: parameters_of(one) for one in TEMPLATES if one.parameters}

    assert asked["stock-levels"] == [
        {"name": "budget", "title": "Order without asking up to", "type": "number", "default": 500}
    ]
    assert asked["long-translation"][0]["default"] == "German"
    assert asked["ask-your-documents"][0] == {
        "name": "model",
        "title": "Model that answers",
        "type": "text",
        "default": "",
    }
    assert set(asked) >= {"invoice-to-approval", "credit-risk"}


def test_a_value_stands_where_its_parameter_points() -> None:
    nodes, _ = fill(builtin()["stock-levels"], {"budget": 80})
    fields = next(node for node in nodes if node.id == "stock").settings["fields"]

    assert isinstance(fields, list)
    assert fields[1]["default"] == 80
    assert builtin()["stock-levels"].nodes != nodes
    before = next(node for node in builtin()["stock-levels"].nodes if node.id == "stock").settings["fields"]
    assert isinstance(before, list) and before[1]["default"] == 500, "the template is as it was"


@pytest.mark.parametrize("values", [{"budget": "much"}, {"budget": True}, {"budget": [1]}, {"else": 1}])
def test_a_wrong_value_is_refused(values: dict[str, object]) -> None:
    with pytest.raises(Rejected, match="invalid"):
        fill(builtin()["stock-levels"], values)


def test_an_empty_text_leaves_a_setting_unset() -> None:
    nodes, _ = fill(builtin()["ask-your-documents"], {"model": ""})

    assert "model" not in next(node for node in nodes if node.id == "answer").settings


def test_a_file_that_does_not_hold_together_is_refused() -> None:
    text = """
title: Broken
description: ''
category: start-here
nodes: {a: {kind: agent, label: A}}
edges: {e: {from: a.out, to: b.in}}
layout: {a: {x: 0, y: 0}}
"""
    with pytest.raises(Rejected, match="unknown_node"):
        read_template("broken", text)


def test_the_graph_of_each_can_be_created() -> None:
    for one in TEMPLATES:
        record = parse_flow(title=one.title)
        nodes, edges = fill(one, {})
        apply(Document(), type(record)(record.title, "", nodes, edges), Limits())
