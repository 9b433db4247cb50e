"""The language of conditions and templates: what it says, what it refuses, and that we read it as the engine does."""

import math
from typing import Any

import pytest

from flows.expressions import (
    ExpressionError,
    ExpressionReason,
    check_condition,
    check_path,
    check_template,
    evaluate,
    find,
    references,
    render,
    unknown_names,
)

CONTEXT: dict[str, Any] = {
    "input": {"a": 3, "tags": ["x", "y"], "deep": {"items": [1, {"k": None}]}, "html": "<b>"},
    "nodes": {"plan": {"output": {"topic": "urgent"}}, "a-b": {"output": 7}},
    "prev": [1, 2, 3],
}


@pytest.mark.parametrize(
    ("text", "result"),
    [
        ("input.a * 2 + 1", 7),
        ("2 * input.a * input.a", 18),
        ("input.a * -input.a ** 2", 27),
        ("(input.a + 1) * (2)", 8),
        ("'ab' * 2", "abab"),
        ("input.a > 2 and 'x' in input.tags", True),
        ("-1", -1),
        ("nodes['a-b'].output", 7),
        ('nodes.plan.output.topic == "urgent"', True),
        ("input", CONTEXT["input"]),
        ("prev | sum", 6),
        ("prev | map('string') | join('+')", "1+2+3"),
        ("[input.deep]|map(attribute='items')|first", [1, {"k": None}]),
        ("input.deep.items", [1, {"k": None}]),
        ("input.gone is defined", False),
        ("input.gone | default('no')", "no"),
        ("none", None),
        ("input.deep | items | length", 1),
        ("input.deep is mapping and prev is sequence", True),
        ("range(3)", [0, 1, 2]),
        ("'}}' ~ \"{{\"", "}}{{"),
        ("prev[1:]", [2, 3]),
        ("input | tojson | length", 80),
    ],
)
def test_expressions(text: str, result: object) -> None:
    assert check_condition(text) is None
    assert evaluate(text, CONTEXT) == result


@pytest.mark.parametrize(
    ("text", "rendered"),
    [
        ("Hello {{ nodes.plan.output.topic | upper }}!", "Hello URGENT!"),
        ("{{ input.html }} & {{ input.tags }} {{ none }}{{ true }}", '<b> & ["x", "y"] true'),
        ("{% for tag in input.tags %}{{ loop.index }}{{ tag }} {% endfor %}", "1x 2y "),
        ("{%- if input.a > 2 -%} yes {%- else -%} no {%- endif -%}", "yes"),
        ("{# {{ no }} #}{% raw %}{{ as it is }}{% endraw %}", "{{ as it is }}"),
        ("no braces", "no braces"),
        ('{{ input.deep }} {{ input.a * 2 }} {{ "a" ~ input.tags }}', '{"items": [1, {"k": null}]} 6 a["x", "y"]'),
    ],
)
def test_templates(text: str, rendered: str) -> None:
    assert check_template(text) is None
    assert render(text, CONTEXT) == rendered


@pytest.mark.parametrize(
    ("text", "reason", "line", "column"),
    [
        ("1 +", ExpressionReason.SYNTAX, 1, 4),
        ("a\n  and )", ExpressionReason.SYNTAX, 2, 7),
        ("1) + (2", ExpressionReason.SYNTAX, 1, 2),
        ("'open", ExpressionReason.SYNTAX, 1, 1),
        ("a ; b", ExpressionReason.SYNTAX, 1, 3),
        ("", ExpressionReason.SYNTAX, 1, 1),
        ("input.gone", ExpressionReason.UNDEFINED, 1, 1),
        ("input.a * 2 and\n input.gone.x", ExpressionReason.UNDEFINED, 2, 7),
        ("nodes.gone.output", ExpressionReason.UNDEFINED, 1, 6),
        ("secret", ExpressionReason.UNDEFINED, 1, 1),
        ("1 / 0", ExpressionReason.FAILED, 1, 1),
        ("prev * 2", ExpressionReason.FAILED, 1, 1),
        ("input.a | nofilter", ExpressionReason.UNKNOWN_FILTER, 1, 11),
        ("input.a is odder", ExpressionReason.UNKNOWN_TEST, 1, 12),
        ("1e308 * 10", ExpressionReason.NOT_JSON, 1, 1),
        ("9 ** 30", ExpressionReason.NOT_JSON, 1, 1),
        ("{1: 2}", ExpressionReason.NOT_JSON, 1, 1),
    ],
)
def test_what_is_wrong_is_a_value_with_its_place(text: str, reason: ExpressionReason, line: int, column: int) -> None:
    found = evaluate(text, CONTEXT)

    assert isinstance(found, ExpressionError)
    assert (found.reason, found.line, found.column) == (reason, line, column), found


@pytest.mark.parametrize(
    "text",
    [
        "{% set a = 1 %}",
        "{% macro m() %}{% endmacro %}",
        "{% include 'x' %}",
        "{% import 'x' as y %}",
        "{% with a = [1] %}{% endwith %}",
        "{% filter upper %}{% endfilter %}",
        "{% block a %}{% endblock %}",
        "{% call x() %}{% endcall %}",
        "{% for a in [[1, 1]] %}{% endfor %}",
        "{% for a in input.tags + input.tags %}{% endfor %}",
        "{% for a in input.gone | default([[1]]) %}{% endfor %}",
        "{% for a in prev recursive %}{% endfor %}",
    ],
)
def test_statements_that_could_make_much_of_little_are_not_there(text: str) -> None:
    for found in (check_template(text), render(text, CONTEXT)):
        assert isinstance(found, ExpressionError)
        assert found.reason is ExpressionReason.STATEMENT


def test_no_name_of_the_context_is_given_to_something_else() -> None:
    found = check_template("{% for nodes in prev %}{{ nodes }}{% endfor %}")

    assert found is not None
    assert found.reason is ExpressionReason.RESERVED


@pytest.mark.parametrize(
    "text",
    [
        "input.__class__",
        "input.tags.append(1)",
        "input.deep.pop('items')",
        "input._values",
        "input._meter",
        "input.tags.__init__",
        "''.format",
        "input.tags|attr('__class__')",
        "debug()",
        "namespace(a=1)",
        "input.items.__globals__",
    ],
)
def test_nothing_of_python_is_reached(text: str) -> None:
    before = repr(CONTEXT)

    assert isinstance(evaluate(text, CONTEXT), ExpressionError)
    assert repr(CONTEXT) == before


def test_a_result_is_a_copy_of_its_own() -> None:
    found = evaluate("input", CONTEXT)
    assert isinstance(found, dict)
    found["tags"] = []
    assert CONTEXT["input"]["tags"] == ["x", "y"]


@pytest.mark.parametrize(
    ("text", "nodes", "inputs", "is_open"),
    [
        ("nodes.plan.output + input.a", {"plan"}, {"a"}, False),
        ("nodes['a-b'].output ~ nodes[\"q\"].output", {"a-b", "q"}, set(), False),
        ("nodes[input.which].output", set(), {"which"}, True),
        ("nodes | length", set(), set(), True),
        ("'nodes.plan' ~ \"input.x\"", set(), set(), False),
        ("prev.nodes.plan", set(), set(), False),
        ("prev | default(nodes.x.output)", {"x"}, set(), False),
        ("range(input = 1)", set(), set(), False),
        ("{'nodes': nodes.y}", {"y"}, set(), False),
    ],
)
def test_what_a_text_mentions(text: str, nodes: set[str], inputs: set[str], is_open: bool) -> None:
    found = references(text, is_template=False)

    assert (found.nodes, found.inputs, found.is_open) == (nodes, inputs, is_open)


def test_a_templates_comments_and_raw_text_mention_nothing() -> None:
    text = (
        "{# nodes.a #}{% raw %}{{ nodes.b }}{% endraw %} nodes.c {{ nodes.d.output }}{% if nodes.e.output %}{% endif %}"
    )

    assert references(text, is_template=True).nodes == {"d", "e"}


class Recorder(dict[str, object]):
    """The nodes of a context, which notes those that were asked for."""

    def __init__(self) -> None:
        super().__init__({f"n{number}": {"output": number} for number in range(10)})
        self.asked: set[str] = set()

    def __getitem__(self, key: str) -> object:
        self.asked.add(key)
        return super().__getitem__(key)


@pytest.mark.parametrize(
    "text",
    [
        "nodes.n1.output + nodes['n2'].output",
        "[nodes . n3 . output, nodes\n['n4'] ['output']]",
        "nodes.n5.output if nodes['n6'].output else 0",
        "{'a': nodes.n7['output']}['a'] * nodes.n8.output",
        "(nodes).n9.output",
    ],
)
def test_what_an_evaluation_asks_for_is_what_the_text_was_said_to_mention(text: str) -> None:
    nodes = Recorder()
    result = evaluate(text, {"nodes": nodes})
    found = references(text, is_template=False)

    assert not isinstance(result, ExpressionError)
    assert nodes.asked
    assert nodes.asked <= found.nodes or found.is_open


def test_names_that_no_text_gets() -> None:
    assert unknown_names("topic + input.x + loop.index", is_template=False) == {"topic", "input"}
    assert unknown_names("{% for x in prev %}{{ x }}{{ y }}{% endfor %}", is_template=True) == {"prev", "y"}


def test_a_json_path() -> None:
    value: Any = {"a": [{"b": 1, "c": 2}, {"b": [2]}], "x": {"b": 3}}

    assert find("$.a[*].b", value) == [1, [2]]
    assert find("$..b", value) == [1, [2], 3]
    assert find("$.a[?@.c == 2].b", value) == [1]
    assert find("$.gone", value) == []


@pytest.mark.parametrize(
    "path", ["$.a[?", "a b", "$[?match(@.a, '(a+)+$')]", "$..a..b..c", "$" + ".a" * 2000, "$[?search(@, 'x')]"]
)
def test_a_path_that_is_refused(path: str) -> None:
    assert check_path(path) is not None
    assert isinstance(find(path, {}), ExpressionError)


def test_not_a_number_is_no_result() -> None:
    assert math.isinf(1e400)
    assert isinstance(evaluate("1e400", {}), ExpressionError)


@pytest.mark.parametrize("path", ["$[?count($..*) > 1]", "$[?value($..*) == 1]", "$..[?@ == $.rows]"])
def test_a_path_that_reads_a_large_value_again_is_too_much_work(path: str) -> None:
    rows: Any = {"rows": [{"a": key, "b": "x"} for key in range(100_000)]}
    assert_reason(find(path, rows), ExpressionReason.TOO_MUCH_WORK)


def test_an_object_of_many_members_is_too_much_work() -> None:
    members: Any = {str(key): key for key in range(250_000)}
    assert_reason(find("$[?count($..*) > 1]", members), ExpressionReason.TOO_MUCH_WORK)


@pytest.mark.parametrize("number", ["1e999", "-1e400", "9" * 900])
def test_a_number_that_is_too_large_for_a_path_is_an_error_of_form(number: str) -> None:
    path = f"$[?@ == {number}]"
    assert_reason(check_path(path), ExpressionReason.SYNTAX)
    assert_reason(find(path, [1]), ExpressionReason.SYNTAX)


@pytest.mark.parametrize("path", ["$[?@ =~ /a/]", "$[?@ =~ /a/i]", "$[?@ =~ /(/]", "$[?match(@, 'a')]"])
def test_paths_have_no_patterns(path: str) -> None:
    assert_reason(check_path(path), ExpressionReason.SYNTAX)


def test_what_goes_wrong_inside_a_function_of_a_path_is_an_error() -> None:
    assert_reason(find("$[?typeof(@) == 'x']", ["a"]), ExpressionReason.FAILED)


@pytest.mark.parametrize("text", ["input", "[input]|map('float')", "[1e308 * 10]|map('int')"])
def test_a_number_that_json_cannot_hold_is_an_error(text: str) -> None:
    assert isinstance(evaluate(text, {"input": 10**400}), ExpressionError)
    assert isinstance(render("{{ " + text + " }}", {"input": 10**400}), ExpressionError)
    assert_reason(find("$", 10**400), ExpressionReason.NOT_JSON)


@pytest.mark.parametrize("id", [2**53 + 1, 1234567890123456789, 2**63 - 1, 2**64 - 1, -(2**63)])
def test_whole_numbers_of_64_bits_keep_their_digits(id: int) -> None:
    context = {"input": {"id": id, "ids": [id]}}
    assert evaluate("input", context) == context["input"]
    assert evaluate("{'a': input.ids|first}", context) == {"a": id}
    assert (
        render("{{ input.id }} {{ input.ids }} {{ input|tojson }}", context)
        == f'{id} [{id}] {{"id": {id}, "ids": [{id}]}}'
    )
    assert find("$.id", {"id": id}) == [id]


@pytest.mark.parametrize("number", [2**64, -(2**63) - 1])
def test_a_whole_number_of_more_than_64_bits_is_an_error(number: int) -> None:
    assert_reason(evaluate("input", {"input": number}), ExpressionReason.NOT_JSON)


def test_a_filter_that_reads_too_much_is_an_error() -> None:
    context = {"input": list(range(250_000))}
    assert_reason(evaluate("input|map('int')|length", context), ExpressionReason.TOO_MUCH_WORK)
    assert_reason(render("{{ input|map('int')|length }}", context), ExpressionReason.TOO_MUCH_WORK)


def assert_reason(found: object, reason: ExpressionReason) -> None:
    assert isinstance(found, ExpressionError)
    assert found.reason is reason, found
