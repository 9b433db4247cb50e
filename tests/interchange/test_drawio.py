"""draw.io's files: what they draw is kept or told, what hurts is refused, and what we write comes back."""

import base64
import random
import zlib
from dataclasses import replace
from pathlib import Path
from urllib.parse import quote
from xml.sax.saxutils import quoteattr

import pytest
from defusedxml.ElementTree import fromstring

from flows.document import DEFAULT_LIMITS, KINDS, Edge, Node, canonical_json, default_size, encode_edge, encode_node
from flows.interchange.budget import Budget, TooMuchError, UnreadableError
from flows.interchange.drawio import read, write
from flows.interchange.drawio.pages import UNPACKED
from flows.interchange.importing import Imported, read_file
from flows.interchange.neutral import ExportedFlow, NeutralFlow, NeutralNode
from flows.interchange.report import Report, Told
from flows.interchange.values import without_controls
from tests.interchange.random_flows import random_flow
from tests.nightly import amount, seeds

CORPUS = Path(__file__).parent / "corpus"
FILES = sorted([*CORPUS.glob("drawio/*.xml"), *CORPUS.glob("hostile/drawio_*.drawio")])


def model(*cells: str) -> str:
    return f'<mxGraphModel><root><mxCell id="0"/><mxCell id="1" parent="0"/>{"".join(cells)}</root></mxGraphModel>'


def file(*pages: str) -> bytes:
    inside = "".join(f'<diagram name="Page-{at}">{page}</diagram>' for at, page in enumerate(pages, 1))
    return f"<mxfile>{inside}</mxfile>".encode()


def cell(
    id: str, value: str = "", style: str = "html=1;", *, parent: str = "1", at: str = 'x="10" y="20"', **said: str
) -> str:
    more = "".join(f" {name}={quoteattr(text)}" for name, text in said.items())
    geometry = f'<mxGeometry {at} width="120" height="60" as="geometry"/>' if at else ""
    return (
        f'<mxCell id="{id}" value={quoteattr(value)} style={quoteattr(style)} vertex="1" parent="{parent}"{more}>'
        f"{geometry}</mxCell>"
    )


def line(id: str, source: str, target: str, value: str = "", style: str = "html=1;", *, parent: str = "1") -> str:
    ends = f"source={quoteattr(source)} target={quoteattr(target)}"
    return (
        f'<mxCell id="{id}" value={quoteattr(value)} style="{style}" edge="1" parent="{parent}" {ends}>'
        '<mxGeometry relative="1" as="geometry"/></mxCell>'
    )


def packed(text: str) -> str:
    deflate = zlib.compressobj(9, zlib.DEFLATED, -zlib.MAX_WBITS)
    return base64.b64encode(deflate.compress(quote(text, safe="").encode()) + deflate.flush()).decode()


def neutral(*cells: str) -> tuple[NeutralFlow, Report]:
    return raw(file(model(*cells)))


def raw(data: bytes, **budget: int) -> tuple[NeutralFlow, Report]:
    report = Report("drawio")
    return read(data, Budget(**{"nodes": 10_000, "edges": 20_000, **budget}), report), report


def only(*cells: str) -> NeutralNode:
    (node,) = neutral(*cells)[0].nodes
    return node


def whys(entries: list[Told]) -> set[str]:
    return {entry.why for entry in entries}


class TestPacking:
    PAGE = model(cell("a", "Größe"), cell("b", "100% sure"), line("e", "a", "b"))

    @pytest.mark.parametrize(
        "data",
        [
            file(PAGE),
            file(packed(PAGE)),
            file("\n  " + packed(PAGE)[:40] + "\n" + packed(PAGE)[40:] + "  "),
            file(quote(PAGE, safe="")),
            file(PAGE.replace("&", "&amp;").replace("<", "&lt;")),
            PAGE.encode(),
            b"\xef\xbb\xbf" + file(PAGE),
            b'<?xml version="1.0" encoding="UTF-8"?>\n' + file(PAGE),
            ('<?xml version="1.0" encoding="UTF-16"?>' + file(PAGE).decode()).encode("utf-16"),
            f"<diagram>{packed(PAGE)}</diagram>".encode(),
        ],
        ids=["plain", "packed", "wrapped", "percent", "escaped", "bare", "mark", "declared", "utf-16", "diagram"],
    )
    def test_a_page_reads_the_same_however_it_is_packed(self, data: bytes) -> None:
        flow, _report = raw(data)

        assert [node.label for node in flow.nodes] == ["Größe", "100% sure"]
        assert [(edge.source, edge.target) for edge in flow.edges] == [("a", "b")]

    @pytest.mark.parametrize(
        "data",
        [
            b"",
            b"null",
            b"{}",
            b"<html><body/></html>",
            b"<mxfile/>",
            b"<mxfile><diagram>",
            file("!!!not base64!!!"),
            file(base64.b64encode(b"no deflate").decode()),
            file(packed(PAGE)[:-8]),
            file(packed("<mxGraphModel><root>")),
            file(packed("just text")),
            file(packed("<other/>")),
            b'<?xml version="1.0" encoding="klingon"?><mxfile/>',
            b"\x00\x01\x02",
            b"\x89PNG\r\n\x1a\n",
        ],
    )
    def test_what_is_no_drawing_is_refused_in_a_sentence(self, data: bytes) -> None:
        with pytest.raises(UnreadableError) as refused:
            raw(data)

        assert refused.value.message

    def test_a_fault_of_the_xml_has_its_line(self) -> None:
        with pytest.raises(UnreadableError) as refused:
            raw(b"<mxfile>\n<diagram>\n  </mxfile>")

        assert (refused.value.line, refused.value.column) == (3, 5)

    def test_an_empty_page_is_an_empty_flow(self) -> None:
        assert raw(file(""))[0].nodes == []

    def test_pages_unfold_to_so_many_bytes_and_no_more(self) -> None:
        padding = UNPACKED - len(model("")) - len(b"<!---->")
        whole = f"<!--{' ' * padding}-->{model('')}"
        deflate = zlib.compressobj(9, zlib.DEFLATED, -zlib.MAX_WBITS)
        fits = base64.b64encode(deflate.compress(whole.encode()) + deflate.flush()).decode()

        assert len(whole) == UNPACKED
        assert raw(file(fits))[0].nodes == []
        with pytest.raises(UnreadableError, match="unfold to more than 16 MiB"):
            raw(file(fits, packed(model(""))))

    def test_a_page_that_unfolds_to_128_mebibytes_is_never_unfolded(self) -> None:
        deflate = zlib.compressobj(9, zlib.DEFLATED, -zlib.MAX_WBITS)
        pieces = [deflate.compress(bytes(1 << 20)) for _ in range(128)]
        bomb = base64.b64encode(b"".join(pieces) + deflate.flush()).decode()

        with pytest.raises(UnreadableError, match="unfold"):
            raw(file(bomb))


class TestXml:
    @pytest.mark.parametrize(
        "head",
        [
            "<!DOCTYPE mxfile>",
            '<!DOCTYPE mxfile SYSTEM "http://example.org/x.dtd">',
            '<!DOCTYPE mxfile [<!ENTITY x "y">]>',
            '<!DOCTYPE mxfile [<!ENTITY x SYSTEM "file:///etc/passwd">]>',
            '<!DOCTYPE mxfile [<!ENTITY % x SYSTEM "http://example.org/x">%x;]>',
        ],
    )
    def test_document_types_and_entities_are_refused_on_every_level(self, head: str) -> None:
        page = model(cell("a"))

        for data in (f"{head}<mxfile><diagram>{page}</diagram></mxfile>".encode(), file(packed(head + page))):
            with pytest.raises(UnreadableError, match="document type"):
                raw(data)

    def test_an_entity_that_is_not_declared_is_refused(self) -> None:
        with pytest.raises(UnreadableError):
            raw(file(model('<mxCell id="a" value="&x;" vertex="1" parent="1"/>')))

    def test_elements_lie_in_each_other_only_so_deep(self) -> None:
        with pytest.raises(UnreadableError, match="too deep"):
            raw(b"<a>" * 100_000)


class TestKinds:
    @pytest.mark.parametrize(
        ("style", "kind"),
        [
            ("", "transform"),
            ("rounded=1;whiteSpace=wrap;html=1;", "transform"),
            ("rhombus;whiteSpace=wrap;html=1;", "decision"),
            ("shape=mxgraph.flowchart.decision;html=1;", "decision"),
            ("shape=cylinder3;html=1;", "memory"),
            ("shape=datastore;html=1;", "memory"),
            ("shape=mxgraph.flowchart.database;", "memory"),
            ("shape=process;html=1;", "skill"),
            ("shape=mxgraph.flowchart.predefined_process;", "skill"),
            ("shape=hexagon;perimeter=hexagonPerimeter2;", "loop"),
            ("ellipse;shape=cloud;html=1;", "api"),
            ("shape=note;html=1;", "note"),
            ("text;html=1;align=center;", "note"),
            ("swimlane;html=1;", "group"),
            ("group", "group"),
            ("html=1;container=1;", "group"),
            ("shape=mxgraph.aws4.resourceIcon;resIcon=mxgraph.aws4.database;", "memory"),
        ],
    )
    def test_shapes_say_kinds(self, style: str, kind: str) -> None:
        assert only(cell("a", "A", style)).kind == kind

    @pytest.mark.parametrize(
        "style", ["ellipse;html=1;", "shape=mxgraph.flowchart.terminator;", "shape=umlActor;", "shape=document;"]
    )
    def test_ends_of_a_flow_are_inputs_or_outputs_by_their_arrows(self, style: str) -> None:
        flow, _report = neutral(
            cell("a", "", style), cell("b"), cell("c", "", style), line("1e", "a", "b"), line("2e", "b", "c")
        )

        assert [node.kind for node in flow.nodes] == ["input", "transform", "output"]

    def test_an_unknown_shape_is_a_transform_and_told(self) -> None:
        flow, report = neutral(cell("a", "A", "shape=mxgraph.rack.cisco;"), cell("b", "B", "shape=mxgraph.rack.dell;"))

        assert {node.kind for node in flow.nodes} == {"transform"}
        (told,) = [one for one in report.approximated if one.what == "node"]
        assert (told.where, told.count) == ("a", 2)

    def test_a_label_out_of_a_decision_is_its_branch(self) -> None:
        flow, _report = neutral(
            cell("d", "?", "rhombus;html=1;"),
            cell("a"),
            cell("b"),
            line("e", "d", "a", "Yes"),
            line("f", "d", "b", "No"),
        )

        assert [edge.source_port for edge in flow.edges] == ["Yes", "No"]
        assert flow.nodes[0].settings["branches"] == ["Yes", "No"]

    def test_a_text_with_edges_is_a_node_and_one_without_a_note(self) -> None:
        flow, report = neutral(
            cell("t", "Text", "text;html=1;"), cell("a"), cell("u", "Alone", "text;html=1;"), line("e", "t", "a")
        )

        assert [(node.label, node.kind) for node in flow.nodes] == [
            ("Text", "transform"),
            ("", "transform"),
            ("Alone", "note"),
        ]
        assert "note" in {one.what for one in report.approximated}

    def test_a_long_note_says_it_in_its_text(self) -> None:
        node = only(cell("n", "First line<br>second line", "shape=note;html=1;"))

        assert (node.label, node.settings["text"]) == ("", "First line\nsecond line")


class TestLabels:
    @pytest.mark.parametrize(
        ("value", "style", "label"),
        [
            ("<b>Bold</b> &amp; <i>more</i>", "html=1;", "Bold & more"),
            ("One<br>two<div>three</div>", "html=1;", "One\ntwo\nthree"),
            ("a &lt;b&gt; c", "html=1;", "a <b> c"),
            ("<script>alert(1)</script>", "html=1;", ""),
            ("<b>not HTML</b>\nsecond", "rounded=1;", "<b>not HTML</b>\nsecond"),
            ("A&nbsp;B", "html=1;", "A B"),
        ],
    )
    def test_html_is_reduced_to_what_it_says(self, value: str, style: str, label: str) -> None:
        assert only(cell("a", value, style)).label == label

    @pytest.mark.parametrize("tag", ["object", "UserObject", "custom"])
    def test_an_object_around_a_cell_has_id_and_label(self, tag: str) -> None:
        inner = (
            '<mxCell style="html=1;" vertex="1" parent="1"><mxGeometry width="9" height="9" as="geometry"/></mxCell>'
        )
        node = only(f'<{tag} id="x" label="&lt;b&gt;Hi&lt;/b&gt;" tooltip="More" owner="Ann">{inner}</{tag}>')

        assert (node.key, node.label, node.description) == ("x", "Hi", "More")
        assert node.imported is not None
        assert node.imported["properties"] == {"owner": "Ann"}

    def test_placeholders_are_filled_in_from_the_object(self) -> None:
        inner = '<mxCell style="html=1;" vertex="1" parent="1"/>'
        asked = f'<object id="x" label="%name% of %nobody%" placeholders="1" name="Ann">{inner}</object>'

        assert only(asked).label == "Ann of %nobody%"
        assert only(asked.replace('placeholders="1"', "")).label == "%name% of %nobody%"

    def test_placeholders_cannot_multiply_without_end(self) -> None:
        inner = '<mxCell style="html=1;" vertex="1" parent="1"/>'

        node = only(f'<object id="x" label="{"%a%" * 100_000}" placeholders="1" a="{"y" * 100_000}">{inner}</object>')

        assert len(node.label) < 500_000

    def test_labels_that_lie_on_an_edge_are_its(self) -> None:
        label = cell("l", "inner", "edgeLabel;html=1;", parent="e", at='x="0.4" relative="1"')
        flow, _report = neutral(cell("a"), cell("b"), line("e", "a", "b", "outer"), label)

        assert len(flow.nodes) == 2
        assert [edge.label for edge in flow.edges] == ["outer\ninner"]


class TestGroups:
    def test_members_are_placed_from_the_group_they_lie_in(self) -> None:
        flow, _report = neutral(
            cell("pool", "Pool", "swimlane;html=1;", at='x="100" y="200"'),
            cell("lane", "Lane", "swimlane;html=1;", parent="pool", at='x="20"'),
            cell("a", "A", parent="lane", at='x="30" y="40"'),
        )

        assert [(node.kind, node.parent, node.x, node.y) for node in flow.nodes] == [
            ("group", None, 100, 200),
            ("group", "pool", 120, 200),
            ("transform", "lane", 150, 240),
        ]

    def test_members_may_come_before_their_group(self) -> None:
        flow, _report = neutral(cell("a", parent="g"), cell("g", "", "group", at='x="5" y="5"'))

        assert (flow.nodes[0].parent, flow.nodes[0].x) == ("g", 15)

    def test_a_shape_that_holds_others_is_a_group_unless_edges_end_at_it(self) -> None:
        held = cell("a", parent="s")

        assert neutral(cell("s"), held)[0].nodes[0].kind == "group"
        flow, report = neutral(cell("s"), held, cell("b"), line("e", "s", "b"))
        assert [(node.kind, node.parent) for node in flow.nodes[:2]] == [("transform", None), ("transform", None)]
        assert "group" in {one.what for one in report.approximated}

    def test_edges_at_containers_are_passed_on(self) -> None:
        flow, _report = neutral(cell("g", "", "swimlane;"), cell("a", parent="g"), cell("b"), line("e", "g", "b"))

        assert (flow.nodes[0].kind, flow.edges[0].source) == ("group", "g")

    def test_a_collapsed_one_has_the_size_that_it_has_unfolded(self) -> None:
        node = only(
            '<mxCell id="g" style="swimlane;" vertex="1" parent="1" collapsed="1">'
            '<mxGeometry x="1" y="2" width="80" height="20" as="geometry">'
            '<mxRectangle x="3" y="4" width="300" height="200" as="alternateBounds"/></mxGeometry></mxCell>'
        )

        assert (node.x, node.y, node.width, node.height) == (3, 4, 300, 200)
        assert node.settings == {"collapsed": True}

    def test_a_child_with_a_relative_place_stands_at_that_share_of_its_parent(self) -> None:
        child = (
            '<mxCell id="p" vertex="1" parent="a"><mxGeometry x="1" y="0.5" relative="1" as="geometry">'
            '<mxPoint x="-5" y="5" as="offset"/></mxGeometry></mxCell>'
        )
        flow, _report = neutral(cell("a"), child)

        assert (flow.nodes[1].x, flow.nodes[1].y) == (10 + 120 - 5, 20 + 30 + 5)

    @pytest.mark.parametrize("parents", [("a", "a"), ("b", "a"), ("gone", "a"), ("e", "e")])
    def test_parents_in_a_circle_or_gone_lose_nothing(self, parents: tuple[str, str]) -> None:
        flow = imported(cell("a", parent=parents[0]), cell("b", parent=parents[1]))

        assert len(flow.nodes) == 2

    def test_layers_and_cells_that_are_not_drawn_are_seen_through(self) -> None:
        layers = '<mxCell id="2" value="Hidden" parent="0" visible="0"/><mxCell id="u" parent="2"/>'
        flow, report = neutral(cell("a"), layers, cell("b", parent="2"), cell("c", parent="u"))

        assert [node.parent for node in flow.nodes] == [None, None, None]
        assert {one.where for one in report.approximated if one.what == "property"} == {"Hidden"}


class TestEdges:
    def test_loose_ends_loops_parallels_and_ends_at_edges_are_passed_on_and_told(self) -> None:
        loose = '<mxCell id="l" edge="1" parent="1" source="a"><mxGeometry as="geometry"/></mxCell>'
        cells = [
            cell("a"),
            cell("b"),
            line("1e", "a", "b"),
            line("2e", "a", "b"),
            line("3e", "a", "a"),
            line("4e", "a", "1e"),
            loose,
        ]
        flow, _report = neutral(*cells)

        assert len(flow.edges) == 5
        read = imported(*cells)
        assert read.report.kept["edges"] == 1
        assert sum(one.count for one in read.report.dropped if one.what == "edge") == 4

    @pytest.mark.parametrize(
        ("style", "why"),
        [
            ("endArrow=none;", "It has no arrow."),
            ("endArrow=none;startArrow=classic;", "Its arrow points back."),
            ("startArrow=classic;", "It has arrows at both ends."),
            ("endArrow=block;", ""),
        ],
    )
    def test_arrows_that_point_elsewhere_are_told(self, style: str, why: str) -> None:
        _flow, report = neutral(cell("a"), cell("b"), line("e", "a", "b", style=style))

        assert {one.why for one in report.approximated if one.what == "edge"} == ({why} if why else set())

    def test_a_cell_that_is_both_is_a_node(self) -> None:
        assert only('<mxCell id="a" vertex="1" edge="1" parent="1"/>').key == "a"


class TestPages:
    def test_they_stand_side_by_side_and_are_told(self) -> None:
        page = model(cell("a"), cell("b", at='x="300" y="0"'), line("e", "a", "b"))
        flow, report = raw(file(page, packed(page), model(cell("a"))))

        assert len({node.key for node in flow.nodes}) == 5
        assert [(edge.source, edge.target) for edge in flow.edges] == [("a", "b"), ("a-2", "b-2")]
        rights = [max((node.x or 0) + 120 for node in nodes) for nodes in (flow.nodes[:2], flow.nodes[2:4])]
        assert rights[0] < min(node.x or 0 for node in flow.nodes[2:4])
        assert rights[1] < (flow.nodes[4].x or 0)
        assert [(one.what, one.count) for one in report.approximated if one.what == "page"] == [("page", 2)]

    def test_the_first_page_names_the_flow_if_somebody_named_it(self) -> None:
        assert raw(b'<mxfile><diagram name="Orders"/></mxfile>')[0].title == "Orders"
        assert raw(b'<mxfile><diagram name="Page-1"/></mxfile>')[0].title == ""


class TestLooks:
    def test_colours_are_the_vivid_ones(self) -> None:
        assert only(cell("a", "", "fillColor=#dae8fc;strokeColor=#6c8ebf;")).colour == "#6c8ebf"
        assert only(cell("a", "", "fillColor=#ffffff;strokeColor=#000000;")).colour == ""
        assert only(cell("a", "", "fillColor=url(#x);strokeColor=javascript:1;")).colour == ""

    def test_pictures_go_and_their_addresses_with_them(self) -> None:
        flow, report = neutral(cell("a", "Logo", "shape=image;image=http://example.org/x.png;imageAspect=0;"))

        assert [(one.what, one.count) for one in report.dropped] == [("style", 1)]
        assert "example.org" not in repr(flow)

    @pytest.mark.parametrize("style", ["rotation=90;", "flipH=1;", "direction=south;"])
    def test_turned_shapes_are_told(self, style: str) -> None:
        assert "It is not turned here." in whys(neutral(cell("a", "", style))[1].approximated)

    def test_hidden_cells_are_kept_and_told(self) -> None:
        flow, report = neutral(cell("a", visible="0"))

        assert len(flow.nodes) == 1
        assert "It is hidden in the file and shown here." in whys(report.approximated)

    def test_links_are_kept_for_draw_io_if_they_are_addresses(self) -> None:
        def linked(link: str) -> tuple[NeutralFlow, Report]:
            return neutral(f'<object id="x" label="L" link="{link}"><mxCell vertex="1" parent="1"/></object>')

        flow, report = linked("https://example.org/a")
        assert [one.what for one in report.approximated if one.what == "link"] == ["link"]
        assert "https://example.org/a" in repr(flow)
        flow, report = linked("javascript:alert(1)")
        assert [one.what for one in report.dropped] == ["link"]
        assert "javascript" not in repr(flow)

    def test_secrets_go(self) -> None:
        flow, report = neutral(
            '<object id="x" label="L" api_key="k-123456789"><mxCell vertex="1" parent="1"/></object>'
        )

        assert "k-123456789" not in repr(flow)
        assert "secret" in {one.what for one in report.dropped}


class TestGeometry:
    @pytest.mark.parametrize("odd", ["NaN", "inf", "-1e999", "1e999", "", "abc", "1;2", "0x10", "9" * 500])
    def test_a_place_that_is_no_number_is_none_and_told(self, odd: str) -> None:
        flow, report = neutral(cell("a", at=f'x="{odd}" y="0"'))

        assert (flow.nodes[0].x, flow.nodes[0].y) == (None, None)
        assert "It has no place in the file." in whys(report.approximated)

    def test_a_missing_coordinate_is_0(self) -> None:
        node = only(cell("a", at='y="7"'))

        assert (node.x, node.y) == (0, 7)

    @pytest.mark.parametrize("at", ['x="-99999999" y="1e12"', 'x="12px" y="0"', ""])
    def test_whatever_it_says_the_node_gets_onto_the_canvas(self, at: str) -> None:
        (node,) = imported(cell("a", at=at)).nodes

        assert abs(node.x) <= 1_000_000
        assert abs(node.y) <= 1_000_000


class TestBudget:
    def test_nodes_and_edges_at_their_limits_and_one_past_them(self) -> None:
        cells = [cell("a"), cell("b"), line("e", "a", "b")]

        assert len(raw(file(model(*cells)), nodes=2, edges=1)[0].nodes) == 2
        with pytest.raises(TooMuchError):
            raw(file(model(*cells)), nodes=1, edges=1)
        with pytest.raises(TooMuchError):
            raw(file(model(*cells)), nodes=2, edges=0)

    @pytest.mark.parametrize("shape", ["chain", "backwards", "circle", "undrawn"])
    def test_work_is_in_proportion_to_the_cells(self, shape: str) -> None:
        assert steps(shape, 2_000) < 2.2 * steps(shape, 1_000)


def steps(shape: str, count: int) -> int:
    """Return the work of reading so many cells whose parents are a chain, a circle, or not drawn."""
    cells = {
        "chain": [cell(f"n{at}", parent=f"n{at - 1}" if at else "1") for at in range(count)],
        "backwards": [cell(f"n{at}", parent=f"n{at - 1}" if at else "1") for at in reversed(range(count))],
        "circle": [cell(f"n{at}", parent=f"n{(at + 1) % count}") for at in range(count)],
        "undrawn": [
            *(f'<mxCell id="u{at}" parent="u{(at + 1) % count}"/>' for at in range(count)),
            *(cell(f"n{at}", parent=f"u{at}") for at in range(count)),
        ],
    }[shape]
    budget = Budget(nodes=count, edges=0, seconds=60)
    read(file(model(*cells)), budget, Report("drawio"))
    return budget._steps


def imported(*cells: str) -> Imported:
    return read_file(file(model(*cells)), "drawio", DEFAULT_LIMITS)


def flow_of(*nodes: Node, edges: tuple[Edge, ...] = (), title: str = "T") -> ExportedFlow:
    return ExportedFlow("f", 1, title, "About it", nodes, edges)


def node_of(id: str, kind: str, **more: object) -> Node:
    width, height = default_size(kind, {})
    colour = KINDS[kind].colour
    return replace(Node(id, kind, 8, 16, width, height, id, "", colour, None, True, {}), **more)  # type: ignore[arg-type]


def again(flow: ExportedFlow) -> Imported:
    return read_file(write(flow, Report("drawio")), "drawio", DEFAULT_LIMITS)


class TestWriting:
    def test_every_kind_comes_back(self) -> None:
        flow = flow_of(*(node_of(kind, kind, x=200 * at) for at, kind in enumerate(KINDS)))

        assert again(flow).nodes == flow.nodes

    def test_draw_io_reads_it(self) -> None:
        """Every id once, every parent and end there, parents first, labels as escaped HTML."""
        group = node_of("g", "group", x=100, y=100, width=400, height=300)
        flow = flow_of(
            group,
            node_of("a", "agent", parent="g", x=140, y=160, label="1 < 2\n& <b>"),
            node_of("d", "decision", x=600, settings={"branches": ["Yes", "No"]}),
            edges=(Edge("a", "a", "d", "out", "in"),),
        )
        root = fromstring(write(flow, Report("drawio"))).find("diagram/mxGraphModel/root")
        assert root is not None
        cells = [(one.get("id") or "", one if one.tag == "mxCell" else one.find("mxCell")) for one in root]
        ids = [id for id, _cell in cells]

        assert len(set(ids)) == len(ids)
        for at, (_id, one) in enumerate(cells[1:], 1):
            assert one is not None
            assert one.get("parent") in ids[:at]
            assert {one.get("source", ids[0]), one.get("target", ids[0])} <= set(ids)
        a = next(one for one in root if one.get("id") == "a")
        assert a.get("label") == "1 &lt; 2<br>&amp; &lt;b&gt;"
        geometry = a.find("mxCell/mxGeometry")
        assert geometry is not None
        assert (geometry.get("x"), geometry.get("y")) == ("40", "60")

    def test_edges_leave_at_their_ports(self) -> None:
        decision = node_of("d", "decision", height=108, settings={"branches": ["Yes", "No"]})
        edges = tuple(Edge(f"e{port}", "d", "t", port, "in") for port in ("Yes", "No", "default"))
        flow = flow_of(decision, node_of("t", "transform", x=400), edges=edges)
        root = fromstring(write(flow, Report("drawio")))
        styles = [one.get("style", "") for one in root.iter("mxCell") if one.get("edge")]

        assert [style.split("exitY=")[1].split(";")[0] for style in styles] == ["0.537", "0.7222", "0.9074"]
        assert [one.get("label") for one in root.iter("object") if one.get("helix_port")] == ["Yes", "No", "default"]
        assert [edge.label for edge in again(flow).edges] == ["", "", ""]

    def test_what_was_imported_from_draw_io_comes_back(self) -> None:
        style = "shape=mxgraph.flowchart.decision;html=1;fontSize=7;fillColor=#dae8fc;strokeColor=#6c8ebf;"
        place = '<mxGeometry x="1" y="2" width="30" height="40" as="geometry"/>'
        inner = f'<mxCell style="{style}" vertex="1" parent="1">{place}</mxCell>'
        asked = f'<object id="x" label="?" owner="Ann">{inner}</object>'
        first = imported(asked)
        text = write(flow_of(*first.nodes), Report("drawio"))

        assert style in text.decode()
        assert 'owner="Ann"' in text.decode()
        assert read_file(text, "drawio", DEFAULT_LIMITS).nodes == first.nodes

    def test_a_kind_or_colour_that_was_changed_since_shows(self) -> None:
        first = imported(cell("a", "A", "rhombus;html=1;fontSize=7;"))
        changed = [replace(node, kind="agent", colour="#123456") for node in first.nodes]
        (read,) = again(flow_of(*changed)).nodes

        assert (read.kind, read.colour) == ("agent", "#123456")

    def test_a_label_that_was_changed_in_draw_io_is_the_new_one(self) -> None:
        text = write(flow_of(node_of("a", "agent", label="two  spaces")), Report("drawio")).decode()

        assert "two  spaces" in [node.label for node in read_file(text.encode(), "drawio", DEFAULT_LIMITS).nodes]
        edited = text.replace('label="two  spaces"', 'label="edited"', 1)
        assert [node.label for node in read_file(edited.encode(), "drawio", DEFAULT_LIMITS).nodes] == ["edited"]

    def test_ids_of_nodes_and_edges_may_be_alike_and_numbers(self) -> None:
        flow = flow_of(
            *(node_of(id, "transform", x=200 * at) for at, id in enumerate(["0", "1", "e"])),
            edges=(Edge("0", "0", "1", "out", "in"), Edge("e", "1", "e", "out", "in")),
        )
        read = again(flow)

        assert (read.nodes, read.edges) == (flow.nodes, flow.edges)

    def test_control_characters_go_and_are_told(self) -> None:
        report = Report("drawio")
        text = write(flow_of(node_of("a", "agent", label="a\x01b\x0bc\ufffe")), report)

        assert [node.label for node in read_file(text, "drawio", DEFAULT_LIMITS).nodes] == ["abc"]
        assert [(one.what, one.where) for one in report.dropped] == [("label", "a")]

    def test_an_empty_flow_is_an_empty_page(self) -> None:
        read = again(flow_of(title=""))

        assert (read.title, read.description, list(read.nodes)) == ("", "About it", [])

    def test_the_same_flow_gives_the_same_bytes(self) -> None:
        for seed in seeds(5, nightly=100):
            assert write(random_flow(seed), Report("drawio")) == write(random_flow(seed), Report("drawio"))


def test_nothing_that_it_can_say_is_lost_there_and_back() -> None:
    for seed in seeds(60, nightly=3_000):
        flow = _importable(random_flow(seed))
        read = again(flow)

        assert (read.title, read.description) == (flow.title, flow.description), seed
        assert _spelled(read.edges) == _spelled(flow.edges), seed
        if len({(node.x, node.y) for node in flow.nodes}) > 1:
            assert _spelled(read.nodes) == _spelled(flow.nodes), seed
        assert read.report.dropped == [], seed


def _importable(flow: ExportedFlow) -> ExportedFlow:
    """Return a flow as if it had come from any file: texts are clean, nothing is kept of another format."""
    nodes = [
        replace(
            node,
            label=without_controls(node.label),
            description=without_controls(node.description),
            settings={name: value for name, value in node.settings.items() if name != "imported"},
        )
        for node in flow.nodes
    ]
    edges = [replace(edge, label=without_controls(edge.label)) for edge in flow.edges]
    return replace(flow, nodes=nodes, edges=edges, description=without_controls(flow.description))


def _spelled(elements: object) -> list[str]:
    return sorted(
        canonical_json(encode_node(one) if isinstance(one, Node) else encode_edge(one))
        for one in elements  # type: ignore[attr-defined]
    )


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_a_mutated_file_is_read_or_refused(path: Path) -> None:
    data = path.read_bytes()
    for seed in seeds(amount(25, nightly=1), nightly=2_000):
        rng = random.Random(f"{path.name} {seed}")
        for text in (_mutated(data, rng), _mutated_inside(data, rng)):
            try:
                read = read_file(text, "drawio", DEFAULT_LIMITS)
            except (UnreadableError, TooMuchError):
                continue
            kept = read.report.kept
            assert kept["nodes"] + kept["groups"] + kept["notes"] == len(read.nodes), seed


def _mutated(data: bytes, rng: random.Random) -> bytes:
    """Change, take out, double or swap a few pieces of a file."""
    text = bytearray(data)
    for _ in range(rng.randint(1, 6)):
        start = rng.randrange(len(text) or 1)
        end = min(len(text), start + rng.choice([1, 1, 2, 8, 64]))
        match rng.randrange(4):
            case 0:
                text[start:end] = rng.randbytes(end - start)
            case 1:
                del text[start:end]
            case 2:
                text[start:start] = text[start:end]
            case _:
                text[start:end] = rng.choice(
                    [b'"', b"<", b"&", b"=", b"</root>", b'parent="a"', b"1e999", b"%00", b"]]>"]
                )
    return bytes(text)


def _mutated_inside(data: bytes, rng: random.Random) -> bytes:
    """Mutate what is packed, and pack it again."""
    start, end = data.find(b">", data.find(b"<diagram")) + 1, data.rfind(b"</diagram>")
    try:
        inflated = zlib.decompress(base64.b64decode(data[start:end], validate=True), -zlib.MAX_WBITS)
    except (ValueError, zlib.error):
        return _mutated(data, rng)
    deflate = zlib.compressobj(9, zlib.DEFLATED, -zlib.MAX_WBITS)
    return data[:start] + base64.b64encode(deflate.compress(_mutated(inflated, rng)) + deflate.flush()) + data[end:]
