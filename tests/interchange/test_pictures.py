"""Pictures of a flow: what they show, that nothing gets out of them, and that a browser is not needed."""

import re
import struct
import zlib
from dataclasses import replace
from types import MappingProxyType
from xml.etree import ElementTree

import pytest
import resvg_py
from django.conf import settings
from django.utils.translation import override
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from flows.document import KINDS, Edge, Node
from flows.document.kinds.ports import default_size
from flows.interchange.budget import TooMuchError
from flows.interchange.exporting import write_file
from flows.interchange.formats import FORMATS
from flows.interchange.neutral import ExportedFlow
from flows.interchange.pictures import drawing_process, pdf, png, svg
from flows.interchange.pictures.fonts import font_files
from flows.interchange.pictures.text import ELLIPSIS, Font, fit, is_right_to_left, width, wrap
from flows.interchange.pictures.themes import chip_colours, theme
from flows.interchange.report import Report
from tests.servers import ROOT

WRITERS = {"svg": svg.write, "png": png.write, "pdf": pdf.write}
BLACK = "#000000"


def node(id: str, kind: str = "transform", /, **changes: object) -> Node:
    given = changes.pop("settings", {})
    assert isinstance(given, dict)
    width, height = default_size(kind, given)
    values: dict[str, object] = {
        "x": 0.0,
        "y": 0.0,
        "width": float(width),
        "height": float(height),
        "label": KINDS[kind].title,
        "description": "",
        "colour": KINDS[kind].colour,
        "parent": None,
        "enabled": True,
    }
    return Node(id=id, kind=kind, settings=MappingProxyType(given), **(values | changes))  # type: ignore[arg-type]


def flow(*nodes: Node, edges: tuple[Edge, ...] = (), title: str = "Plan", description: str = "") -> ExportedFlow:
    return ExportedFlow("f", 1, title, description, sorted(nodes, key=lambda node: node.id), edges)


def drawn(given: ExportedFlow, **options: object) -> str:
    return svg.write(given, Report("svg"), **options).decode()  # type: ignore[arg-type]


def texts(source: str) -> list[str]:
    root = ElementTree.fromstring(source)
    return ["".join(element.itertext()) for element in root.iter("{http://www.w3.org/2000/svg}text")]


EVERY_KIND = flow(
    *(node(kind, kind, x=index % 4 * 200.0, y=index // 4 * 120.0) for index, kind in enumerate(KINDS)),
    edges=(Edge("e", "input", "agent", "out", "in", "first"), Edge("f", "decision", "loop", "default", "in", "", True)),
)


def test_every_kind_shows_its_label_its_second_line_and_its_icon() -> None:
    source = drawn(EVERY_KIND)

    shown = texts(source)
    assert [kind.title for kind in KINDS.values() if kind.title not in shown] == []
    assert shown.count("Sensor") == 2, "the label, and the kind below it"
    assert "first" in shown
    icons = {kind.icon for kind in KINDS.values() if kind.name not in ("note", "group")}
    assert (
        icons == set(re.findall(r'<g id="icon-([\w-]+)"', source)) == set(re.findall(r'href="#icon-([\w-]+)"', source))
    )


@pytest.mark.parametrize("name", ["light", "dark"])
def test_the_colours_are_those_of_the_pages(name: str) -> None:
    source = drawn(EVERY_KIND, theme=name)

    colours = theme(name)  # type: ignore[arg-type]
    for token in ("canvas", "node", "border-2", "text", "edge", "accent", "note", "chip-agent", "ink-agent"):
        assert colours[token] in source, token
    other = theme("dark" if name == "light" else "light")
    assert other["canvas"] not in source


def test_a_colour_of_ones_own_goes_through_the_recipe_of_the_pages() -> None:
    assert chip_colours("#5b8def", "light")[0] == "#eaf0fd"
    chip, ink = chip_colours("#123abc", "light")
    assert {chip, ink} <= set(re.findall("#[0-9a-f]{6}", drawn(flow(node("a", colour="#123abc")))))
    assert chip_colours("#ffff00", "light")[1] != "#ffff00", "yellow on white cannot be read"


def test_the_file_has_a_title_and_a_description_and_nothing_from_elsewhere() -> None:
    hostile = "</title><script>alert(1)</script>&\x00\ud800 javascript:x"
    given = flow(
        node("a", label=hostile),
        node("b", "note", y=200.0, settings={"text": f"[{hostile}](https://x.org/a) <img src=https://x.org>"}),
        node("d", "decision", x=300.0, settings={"branches": [hostile]}),
        edges=(Edge("e", "a", "d", "out", "in", hostile),),
        title=hostile,
        description=hostile,
    )
    root = ElementTree.fromstring(drawn(given))

    names = {element.tag.partition("}")[2] for element in root.iter()}
    assert names <= {
        "svg",
        "title",
        "desc",
        "defs",
        "g",
        "use",
        "rect",
        "circle",
        "path",
        "line",
        "text",
        "tspan",
        "ellipse",
    }
    for element in root.iter():
        for name, value in element.attrib.items():
            assert not name.startswith("on") and "url(" not in value and "//" not in value
            assert name != "href" or value.startswith("#icon-")
    assert root[0].tag.endswith("title") and (root[0].text or "").startswith("</title>")
    assert root[1].tag.endswith("desc")


def test_a_description_is_made_where_there_is_none() -> None:
    assert "<desc>12 nodes, 2 edges</desc>" in drawn(EVERY_KIND)


@pytest.mark.parametrize("name", WRITERS)
def test_the_same_flow_gives_the_same_bytes(name: str) -> None:
    write = WRITERS[name]

    assert write(EVERY_KIND, Report(name)) == write(EVERY_KIND, Report(name))


@pytest.mark.parametrize("name", WRITERS)
def test_a_picture_loses_nothing(name: str) -> None:
    report = write_file(EVERY_KIND, FORMATS[name]).report

    assert report.dropped == report.approximated == []


@pytest.mark.parametrize("name", FORMATS)
def test_the_report_counts_what_a_file_holds(name: str) -> None:
    report = write_file(EVERY_KIND, FORMATS[name]).report
    lost = [told.count for told in report.dropped if told.what in ("node", "edge", "group", "note")]

    assert report.kept.keys() == {"nodes", "edges", "groups", "notes"}
    assert sum(report.kept.values()) + sum(lost) == 14


@pytest.mark.parametrize("name", WRITERS)
def test_an_empty_flow_is_a_small_picture_that_says_so(name: str) -> None:
    assert WRITERS[name](flow(), Report(name))
    assert texts(drawn(flow())) == ["This flow is empty"]


def test_the_words_are_in_the_readers_language() -> None:
    with override("de"):
        assert texts(drawn(flow(node("a", enabled=False))))[1] == "Aus"


def test_a_node_that_is_off_is_dashed_and_so_are_its_edges() -> None:
    nodes = node("a", enabled=False), node("b", x=300.0)
    source = drawn(flow(*nodes, edges=(Edge("e", "a", "b", "out", "in"),)))

    assert "Off" in texts(source)
    assert source.count('stroke-dasharray="4 3"') == 1
    assert source.count('stroke-dasharray="2 5"') == 1


def test_a_collapsed_group_hides_its_members_and_takes_their_edges() -> None:
    nodes = (
        node("g", "group", label="Work", settings={"collapsed": True}),
        node("a", label="Inside", x=40.0, y=60.0, parent="g"),
        node("b", label="Beside", x=40.0, y=120.0, parent="g"),
        node("c", label="Outside", x=500.0),
    )
    edges = Edge("e", "a", "b", "out", "in", "within"), Edge("f", "b", "c", "out", "in", "leaves")
    shut, open_ = drawn(flow(*nodes, edges=edges)), drawn(flow(replace(nodes[0], settings={}), *nodes[1:], edges=edges))

    assert {"Work", "2", "Outside", "leaves"} <= set(texts(shut))
    assert not {"Inside", "Beside", "within"} & set(texts(shut))
    assert {"Work", "2", "Inside", "Beside", "within", "leaves"} <= set(texts(open_))
    assert "M208 22C" in shut, "its edge begins at the group's middle"


def test_groups_lie_below_edges_and_edges_below_nodes() -> None:
    nodes = (
        node("z", "group", label="Outer", width=900.0),
        node("y", "group", label="Inner", parent="z"),
        node("a", x=20.0),
    )
    source = drawn(flow(*nodes, node("b", x=400.0), edges=(Edge("e", "a", "b", "out", "in", "label"),)))

    places = [source.index(f">{name}<") for name in ("Outer", "Inner", "label", "Transform")]
    assert places == sorted(places)
    assert source.index(">Inner<") < source.index('stroke-linecap="round"/>') < source.index(">label<")


def test_a_notes_text_keeps_its_looks_and_ends_where_the_paper_ends() -> None:
    text = "Some **bold** and `code` and a [link](https://x.org).\n\n- one\n- two\n\n" + "more " * 200
    source = drawn(flow(node("n", "note", label="Read me", width=240.0, height=170.0, settings={"text": text})))

    shown = texts(source)
    assert shown[0] == "Read me"
    assert shown[1] == "Some bold and code and a link."
    assert shown.count("•") == 2
    assert shown[-1].endswith(ELLIPSIS)
    assert 'font-weight="600">bold</tspan>' in source
    assert all(float(y) <= 170 for y in re.findall(r'<text x="[\d.]+" y="([\d.]+)"', source))


def test_what_is_left_out_below_a_short_note_is_shown_by_an_ellipsis() -> None:
    source = drawn(flow(node("n", "note", height=48.0, settings={"text": "one\ntwo\nthree"})))

    assert texts(source) == ["Note", f"one{ELLIPSIS}"]


def test_a_long_label_takes_two_lines_and_its_whole_text_is_under_the_pointer() -> None:
    label = "A very long label that takes more than two lines"
    source = drawn(flow(node("a", label=label)))

    assert texts(source)[0].startswith("A very") and texts(source)[1].endswith(ELLIPSIS)
    assert f"<title>{label}</title>" in source
    assert len(texts(source)) == 2, "no second line"


@pytest.mark.parametrize("label", ["שלום עולם", "مرحبا"])
def test_what_reads_from_right_to_left_begins_at_the_right(label: str) -> None:
    source = drawn(flow(node("a", label=label, width=240.0)))

    assert is_right_to_left(label) and not is_right_to_left("a " + label)
    assert re.search(rf'<text x="232" [^>]*text-anchor="end"[^>]*>\u2067<tspan[^>]*>{label}</tspan>\u2069', source)


@pytest.mark.parametrize("scale", [1, 2, 4])
def test_a_png_has_scale_pixels_for_one_of_the_canvas(scale: int) -> None:
    data = png.write(flow(node("a", x=-500.0)), Report("png"), scale=scale)

    assert struct.unpack(">II", data[16:24]) == ((136 + 64) * scale, (60 + 64) * scale)


@pytest.mark.parametrize("name", WRITERS)
@pytest.mark.parametrize("wrong", [{"scale": 0.9}, {"scale": 4.1}, {"theme": "blue"}])
def test_no_other_scale_or_theme_is_taken(name: str, wrong: dict[str, object]) -> None:
    with pytest.raises(ValueError):
        WRITERS[name](flow(), Report(name), **wrong)  # type: ignore[arg-type]


@pytest.mark.parametrize(("pixels", "told"), [(200 * 124, 0), (200 * 124 - 1, 1)])
def test_a_png_with_too_many_pixels_is_made_smaller_and_that_is_told(
    pixels: int, told: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(settings, "HELIX_LIMITS", replace(settings.HELIX_LIMITS, picture_pixels=pixels))
    report = Report("png")

    data = png.write(flow(node("a")), report)

    wide, high = struct.unpack(">II", data[16:24])
    assert wide * high <= pixels
    assert [entry.what for entry in report.approximated] == ["page"] * told


@pytest.mark.parametrize("name", WRITERS)
def test_what_takes_too_long_is_drawn_no_further(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(svg, "SECONDS", 0.0) if name == "svg" else monkeypatch.setattr(drawing_process, "PATIENCE", 0.0)
    with pytest.raises(TooMuchError, match="drawing"):
        WRITERS[name](flow(node("a")), Report(name))


def test_what_draws_is_loaded_by_a_process_of_its_own_alone() -> None:
    """It keeps Python's lock for seconds: as long, nothing else goes on."""
    libraries = re.compile(r"^\s*(?:import|from) (?:resvg_py|typst)\b", re.MULTILINE)
    rooms = ("web", "accounts", "flows", "runs", "sessions", "helix")
    found = [path for room in rooms for path in (ROOT / room).rglob("*.py") if libraries.search(path.read_text())]
    assert found == [drawing_process.PROGRAM]


@pytest.mark.parametrize("name", ["png", "pdf"])
def test_nodes_far_from_each_other_still_make_a_picture(name: str) -> None:
    report = Report(name)

    assert WRITERS[name](flow(node("a", x=-1e6), node("b", x=1e6)), report)
    assert [entry.what for entry in report.approximated] == ["page"]


@pytest.mark.parametrize("name", ["png", "pdf"])
def test_characters_that_no_font_here_draws_are_told(name: str) -> None:
    report = Report(name)

    WRITERS[name](flow(node("a", label="Ship 日本"), node("b", label="Ελληνικά Кириллица עברית عربي")), report)

    assert [(entry.what, entry.where, entry.count) for entry in report.approximated] == [("label", "a", 2)]


def test_a_pdf_has_one_page_a_title_and_its_text_as_text() -> None:
    data = pdf.write(flow(node("a"), title="Plan of a trip"), Report("pdf"))

    assert data.startswith(b"%PDF-")
    assert b"/Title(Plan of a trip)" in data
    streams = b"".join(_inflated(data))
    assert b"Inter-SemiBold" in data + streams and b"Inter-Regular" in data + streams
    assert re.search(rb"\bBT\b", streams), "letters, not outlines"
    assert len(re.findall(rb"/Type\s*/Page\b", data + streams)) == 1


def _inflated(data: bytes) -> list[bytes]:
    found = []
    for match in re.finditer(rb"stream\r?\n(.*?)\r?\nendstream", data, re.DOTALL):
        try:
            found.append(zlib.decompress(match[1]))
        except zlib.error:
            continue
    return found


@pytest.mark.parametrize("weight", [400, 600])
@pytest.mark.parametrize("text", ["Every 30 s", "Wide Words: MWQ", "Ελληνικά κείμενα", "Кириллица", "שלוםעולם"])
def test_the_widths_are_those_of_the_fonts_that_ship(text: str, weight: int) -> None:
    """A line has a bar's ink at both ends, so that what lies between them is its width, but for a little kerning."""
    font = Font(40, weight)
    drawn_width = _ink(f"|{text}|", weight) - _ink("|", weight) - width("|", font)

    assert drawn_width == pytest.approx(width(text, font), rel=0.015)


def _ink(text: str, weight: int) -> int:
    """Return how many columns of a picture from the first to the last hold ink."""
    source = (
        '<svg xmlns="http://www.w3.org/2000/svg" width="900" height="80"><g font-family="Inter, DejaVu Sans">'
        f'<text x="20" y="50" font-size="40" font-weight="{weight}">{text}</text></g></svg>'
    )
    files = [str(path) for path in font_files()]
    data = bytes(resvg_py.svg_to_bytes(svg_string=source, skip_system_fonts=True, font_files=files))
    columns = [at for row in _rows(data) for at in range(900) if row[4 * at + 3] > 100]
    return max(columns) - min(columns)


def _rows(data: bytes) -> list[bytearray]:
    """Undo a PNG's filters: RGBA, eight bits, not interlaced."""
    wide, high = struct.unpack(">II", data[16:24])
    assert data[24:29] == b"\x08\x06\x00\x00\x00"
    chunks, at = b"", 8
    while at < len(data):
        (length,) = struct.unpack(">I", data[at : at + 4])
        chunks += data[at + 8 : at + 8 + length] if data[at + 4 : at + 8] == b"IDAT" else b""
        at += 12 + length
    raw, before, rows = zlib.decompress(chunks), bytearray(4 * wide), []
    for line in range(high):
        kind, *values = raw[line * (4 * wide + 1) : (line + 1) * (4 * wide + 1)]
        row = bytearray(values)
        for index in range(4 * wide):
            left, up = row[index - 4] if index > 3 else 0, before[index]
            corner = before[index - 4] if index > 3 else 0
            row[index] = (row[index] + _predicted(kind, left, up, corner)) & 255
        rows.append(row)
        before = row
    return rows


def _predicted(kind: int, left: int, up: int, corner: int) -> int:
    guess = left + up - corner
    paeth = min((left, up, corner), key=lambda one: abs(guess - one))
    return (0, left, up, (left + up) // 2, paeth)[kind]


@given(st.text(max_size=120), st.floats(20, 300), st.integers(1, 4))
@hypothesis_settings(max_examples=200)
def test_a_wrapped_text_keeps_its_letters_and_its_measure(text: str, room: float, most: int) -> None:
    font = Font(12)
    lines = wrap(((text, font, ""),), room, most)

    assert len(lines) <= most
    said = ["".join(piece for piece, _, _ in line) for line in lines]
    assert all(width(line, font) <= room + 0.01 or len(line) <= 2 or _is_one_cluster(line) for line in said)
    kept = "".join("".join(said).split())
    assert kept == "".join(text.split()) or kept.endswith(ELLIPSIS)
    assert fit(text, room, font) == (fit(fit(text, room, font), room, font))


def _is_one_cluster(line: str) -> bool:
    return all(width(letter, Font(12)) == 0 for letter in line[1:-1]) or width(line[:1], Font(12)) > 10


@given(st.text(max_size=40), st.text(max_size=80), st.floats(1, 500), st.floats(1, 300), st.sampled_from(sorted(KINDS)))
@hypothesis_settings(max_examples=150)
def test_any_label_text_and_size_make_xml(label: str, text: str, wide: float, high: float, kind: str) -> None:
    given = flow(node("a", kind, label=label, width=wide, height=high, settings={"text": text}), title=label)

    ElementTree.fromstring(svg.write(given, Report("svg")))
