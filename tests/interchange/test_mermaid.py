"""What Mermaid means beyond its chart: kinds, groups, titles, and what is told or refused."""

import pytest

from flows.interchange.budget import UnreadableError
from flows.interchange.report import Report
from tests.interchange.reading import nodes_of, read, write
from tests.interchange.samples import all_kinds


def told(report: Report) -> dict[str, int]:
    """Return what is told, with how often."""
    return {one.why: one.count for one in (*report.approximated, *report.dropped)}


def chart(*lines: str) -> str:
    return "\n".join(("flowchart LR", *lines))


@pytest.mark.parametrize("before", ["", "# Notes\n\nnodes: none\n\n", "---\nlayout: page\n---\n"])
@pytest.mark.parametrize("after", ["", "```", "```\nMore text.\n"])
def test_a_chart_in_a_document_is_read_at_its_place(before: str, after: str) -> None:
    flow, report = read("mermaid", f"{before}```mermaid\n---\ntitle: T\n---\n{chart('a --> b')}\n{after}")

    assert flow.title == "T"
    assert [(edge.source, edge.target) for edge in flow.edges] == [("a", "b")]
    assert report.dropped == []


def test_further_charts_of_a_document_are_told() -> None:
    block = f"```mermaid\n{chart('a --> b')}\n```\n"
    flow, report = read("mermaid", f"{block}Text.\n{block}{block}")

    assert len(flow.edges) == 1
    assert [(one.what, one.where) for one in report.dropped] == [("page", "2"), ("page", "3")]


def test_a_mistake_in_a_document_has_the_documents_line() -> None:
    with pytest.raises(UnreadableError) as caught:
        read("mermaid", f"# Notes\n```mermaid\n{chart('a --> [')}\n```\n")

    assert caught.value.line == 4


def test_shapes_say_kinds_and_classes_say_it_before_them() -> None:
    flow, _report = read(
        "mermaid",
        chart("d{x}", "m[(x)]", "s[[x]]", "t(x)", "n@{ shape: comment, label: x }", "a[x]:::agent", "w{{x}}:::loop"),
    )

    assert {key: node.kind for key, node in nodes_of(flow).items()} == {
        **{"d": "decision", "m": "memory", "s": "skill", "t": "transform", "n": "note", "a": "agent", "w": "loop"},
    }


def test_a_shape_for_both_ends_is_an_input_or_an_output_by_its_links() -> None:
    flow, _report = read("mermaid", chart("a([x]) --> b([y]) --> c([z])"))

    assert [node.kind for node in flow.nodes] == ["input", "transform", "output"]


def test_labels_of_links_from_a_decision_are_its_branches() -> None:
    flow, _report = read("mermaid", chart("d{Ok?} -- Yes --> a", "d -->|No| b", "d --> c"))

    assert nodes_of(flow)["d"].settings == {"branches": ["Yes", "No"]}
    assert [(edge.source_port, edge.label) for edge in flow.edges] == [("Yes", "Yes"), ("No", "No"), ("", "")]


def test_a_circle_head_is_no_letter_of_the_next_name() -> None:
    flow, _report = read("mermaid", chart("A---oB", "A---xC", "oA --> xB"))

    assert [(edge.source, edge.target) for edge in flow.edges] == [("A", "B"), ("A", "C"), ("oA", "xB")]


def test_links_at_subgraphs_are_passed_on() -> None:
    flow, _report = read("mermaid", chart("A --> later", "subgraph later", "B", "end", "later --> A"))

    assert [(edge.source, edge.target) for edge in flow.edges] == [("A", "later"), ("later", "A")]
    assert nodes_of(flow)["later"].kind == "group"
    assert len(flow.nodes) == 3


def test_a_node_lies_in_the_subgraph_that_names_it_and_ends_first() -> None:
    flow, _report = read(
        "mermaid", chart("subgraph a", "x", "subgraph b", "x --> y", "end", "end", "subgraph c", "y --> z", "end")
    )

    assert {key: node.parent for key, node in nodes_of(flow).items()} == {
        **{"a": None, "b": "a", "c": None, "x": "b", "y": "b", "z": "c"},
    }


def test_an_invisible_link_is_told_and_not_kept() -> None:
    flow, report = read("mermaid", chart("a ~~~ b --> c"))

    assert [(edge.source, edge.target) for edge in flow.edges] == [("b", "c")]
    assert [(one.what, one.where, one.count) for one in report.dropped] == [("edge", "a → b", 1)]


def test_what_a_flow_cannot_hold_is_told_once_with_a_count() -> None:
    _flow, report = read(
        "mermaid",
        "%%{init: {}}%%\n"
        + chart(
            *("a --- b", "b <--> c", "c -.-> d", "d --x e", "e:::mine", "classDef mine fill:#fff"),
            *("linkStyle 0 stroke:red", 'click a href "https://example.com"', "click b call f()", "f[g(h)]"),
            *("subgraph s", "direction TB", "k", "end", "i@{ icon: x, label: I }", "j@{ shape: hourglass }"),
        ),
    )

    assert told(report) == {
        "It had no direction: it goes as written.": 1,
        "It had heads at both ends: it goes as written.": 1,
        "Edges are not dotted, thick, or drawn with other heads.": 2,
        "Shapes are kept for an export only.": 1,
        "A group has no direction of its own.": 1,
        "Mermaid reads this only with quotes.": 1,
        "Icons and pictures are not read.": 1,
        "Classes are not kept; their colours are.": 1,
        "Edges have no styles.": 1,
        "Nodes have no links and no calls.": 2,
        "Settings of the drawing are not read.": 1,
    }


def test_the_most_vivid_colour_of_a_style_is_the_nodes() -> None:
    flow, _report = read(
        "mermaid",
        chart("a --> b & c & d", "style a fill:#f9f,stroke:#333", "class b,c x", "classDef x fill:#eee,stroke:#f00"),
    )

    assert [node.colour for node in flow.nodes] == ["#ff99ff", "#ff0000", "#ff0000", ""]


def test_title_description_and_direction_come_along() -> None:
    front, _report = read("mermaid", "---\ntitle: 'It''s it'\n---\nflowchart BT\naccDescr {\n More\n on it\n}\nA")
    plain, _report = read("mermaid", chart("accTitle: Title", "accDescr: Said", "A"))

    assert (front.title, front.description, front.direction) == ("It's it", "More\non it", "BT")
    assert (plain.title, plain.description, plain.direction) == ("Title", "Said", "LR")


def test_ids_of_links_say_what_is_animated() -> None:
    flow, _report = read("mermaid", chart("a e1@--> b e2@==> c", "e1@{ animate: true }", "e2@{ curve: linear }"))

    assert [edge.animated for edge in flow.edges] == [True, False]
    assert len(flow.nodes) == 3


def test_a_tooltip_is_the_description() -> None:
    flow, _report = read("mermaid", chart("a --> b", 'click a "https://example.com" "Tip"', 'click b back "Other"'))

    assert [node.description for node in flow.nodes] == ["Tip", "Other"]
    assert "example.com" not in repr(flow)


@pytest.mark.parametrize(
    ("label", "text"),
    [
        ('"#quot;a#quot; #35; #9829;"', '"a" # ♥'),
        ('"<b>bold</b> &amp; <i>x</i>"', "bold & x"),
        ('"<script>alert(1)</script>x"', "x"),
        ('"one<br/>two<BR >three\\nfour"', "one\ntwo\nthree\nfour"),
        ('"`**bold** _and_ *more* snake_case 2 * 3`"', "bold and more snake_case 2 * 3"),
        ("fa:fa-car Car", "Car"),
        ('" "', ""),
        ("plain text; more", "plain text; more"),
        ('"#unknown; #99999999;"', "#unknown; #99999999;"),
        ("a > b", "a > b"),
    ],
)
def test_a_label_is_what_it_says(label: str, text: str) -> None:
    assert read("mermaid", chart(f"a[{label}]"))[0].nodes[0].label == text


@pytest.mark.parametrize(
    ("text", "line", "said"),
    [
        ("sequenceDiagram\nA->>B: hi", 1, "sequenceDiagram"),
        ("%% one\n\nstateDiagram-v2\n[*] --> A", 3, "stateDiagram-v2"),
        ("---\ntitle: x\n---\npie\n", 4, "pie"),
        ("nonsense\nA --> B", 1, "flowchart"),
        ("A --> B", 1, "flowchart"),
        ("---\ntitle: &a x\n---\nflowchart LR\nA", 2, "aliases"),
        ("---\ntitle: x\na: *b\n---\nflowchart LR\nA", 3, "aliases"),
        ("---\na: 1\ntitle: !!python/name:os.system\n---\nflowchart LR\nA", 3, "aliases"),
        ("---\ntitle: [\n---\nflowchart LR\nA", 2, "YAML"),
        ("flowchart LR\nA@{ label: &x y }", 2, "names with a text"),
        ("flowchart LR\nA@{ label: {a: b} }", 2, "names with a text"),
        ("flowchart LR\nA\nB[(x]", 3, "label does not end"),
        ("flowchart LR\nA --> B\nC -- never", 3, "link does not end"),
        ("flowchart LR\n%%{init", 2, "directive"),
    ],
)
def test_a_refusal_says_where_and_why(text: str, line: int, said: str) -> None:
    with pytest.raises(UnreadableError) as refused:
        read("mermaid", text)

    assert refused.value.line == line or (refused.value.line == line + 1 and "YAML" in said)
    assert said in refused.value.message


def test_the_column_is_that_of_the_slip() -> None:
    with pytest.raises(UnreadableError) as refused:
        read("mermaid", chart("A --> B", "    A -> B"))

    assert (refused.value.line, refused.value.column) == (3, 7)


def test_names_of_javascript_are_names_like_any() -> None:
    flow, _report = read("mermaid", chart("__proto__ --> constructor", "toString --> __proto__"))

    assert list(nodes_of(flow)) == ["__proto__", "constructor", "toString"]


def test_a_subgraph_in_itself_is_two() -> None:
    flow, _report = read("mermaid", chart("subgraph a", "subgraph a", "x", "end", "end"))

    assert len([node for node in flow.nodes if node.kind == "group"]) == 2


def test_an_export_tells_what_is_not_in_it() -> None:
    _text, report = write("mermaid", all_kinds())

    assert [(one.what, one.where, one.count) for one in report.dropped] == [
        *(("property", "settings", 2), ("property", "places", 14), ("property", "descriptions", 2)),
    ]
