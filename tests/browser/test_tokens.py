"""How the real page looks at rest, light and dark: colours and measures as the browser computes them, by a table."""

import colorsys
import re
from pathlib import Path

import pytest
from playwright.sync_api import expect

from flows.document import KINDS
from tests.browser.computed import LINES, STEPS, STRAY, TOKENS, WRITTEN, Row, differing
from tests.browser.conftest import Flow, Open
from tests.browser.editor_page import EditorPage, rect
from tests.browser.views import still

Colour = tuple[float, float, float]
ICONS = next((Path(__file__).resolve().parents[2] / "static" / "vendor").glob("lucide-static-*/icons"))
LETTER = """(chip) => {
  const {content, fontFamily, color} = getComputedStyle(chip, "::before");
  return [content.slice(1, 2), fontFamily, color];
}"""
DRAWN = """async ([letter, svg]) => {
  const size = 240;
  const drawn = (draw) => {
    const context = Object.assign(document.createElement("canvas"), {width: size, height: size}).getContext("2d");
    draw(context);
    return context.getImageData(0, 0, size, size).data.filter((_, at) => at % 4 === 3);
  };
  await document.fonts.load(`${size}px kinds`, letter);
  const image = new Image(size, size);
  image.src = `data:image/svg+xml,${encodeURIComponent(svg)}`;
  await image.decode();
  const wanted = drawn((context) => context.drawImage(image, 0, 0, size, size));
  const found = drawn((context) => {
    context.font = `${size}px kinds`;
    context.textBaseline = "alphabetic";
    context.fillText(letter, 0, size);
  });
  const sum = (all) => all.reduce((a, b) => a + b, 0);
  return sum(found.map((one, at) => Math.abs(one - wanted[at]))) / sum(wanted);
}"""
NODES = [
    {"id": kind, "kind": kind, "x": 240 * (at % 4), "y": 160 * (at // 4), "label": f"The {kind}"}
    for at, kind in enumerate(KINDS)
]
RADII: list[Row] = [
    ("#n-sensor", "border-radius", "10px"),
    ("#n-note", "border-radius", "8px"),
    ("#n-group", "border-radius", "14px"),
    ("#n-sensor .chip", "border-radius", "7px"),
    ("#n-sensor .port", "border-radius", "50%"),
    (".tools", "border-radius", "10px"),
    (".minimap", "border-radius", "10px"),
    (".menu", "border-radius", "12px"),
    (".share-button", "border-radius", "8px"),
    ("#inspector [name=label]", "border-radius", "8px"),
    (".palette-item", "border-radius", "8px"),
    (".avatar", "border-radius", "50%"),
]
SHADOWS: list[Row] = [
    ("#n-sensor", "box-shadow", "0 1px 2px light-dark(rgba(16, 24, 40, .06), rgba(0, 0, 0, .4))"),
    (".share-button", "box-shadow", "var(--shadow-1)"),
    (".tools", "box-shadow", "var(--shadow-2)"),
    (".minimap", "box-shadow", "var(--shadow-2)"),
    (".menu", "box-shadow", "var(--shadow-3)"),
    (".bar", "box-shadow", "none"),
    (".palette", "box-shadow", "none"),
    (".inspector", "box-shadow", "none"),
]
SIZES: list[Row] = [
    (".bar", "height", "48px"),
    (".palette", "width", "208px"),
    (".inspector", "width", "280px"),
    (".panel-head", "height", "56px"),
    (".palette-search input", "height", "32px"),
    (".palette-item", "height", "34px"),
    (".palette-item .chip", "width", "24px"),
    (".share-button", "height", "32px"),
    ("#inspector [name=label]", "height", "32px"),
    (".switch", "width", "30px"),
    (".switch", "height", "18px"),
    ("[data-sync]", "height", "24px"),
    (".tools", "height", "40px"),
    (".tools .icon-button", "width", "32px"),
    (".minimap", "width", "176px"),
    (".minimap", "height", "112px"),
    ("#n-sensor .chip", "width", "26px"),
    ("#n-sensor .port", "width", "9px"),
]
TEXTS: list[Row] = [
    ("body", "font", "400 13px/18px var(--font)"),
    (".flow-title", "font", "600 14px/20px var(--font)"),
    (".panel-title h2", "font", "600 14px/18px var(--font)"),
    (".palette-name", "font", "500 13px/18px var(--font)"),
    ("#inspector [name=label]", "font", "400 13px/18px var(--font)"),
    (".share-button", "font", "600 13px/18px var(--font)"),
    (".menu [role=menuitem]", "font", "500 13px/18px var(--font)"),
    ("#n-sensor .node-label", "font", "600 13px/16px var(--font)"),
    ("#n-sensor .node-second", "font", "400 11.5px/15px var(--font)"),
]
BORDERS: list[Row] = [
    *((node, "border", "1px solid var(--border-2)") for node in ("#n-sensor", "#n-skill", ".share-button", "kbd")),
    ("#n-note", "border", "1px solid var(--note-line)"),
    ("#n-group", "border", "1px solid var(--group-line)"),
    ("#inspector [name=label]", "border", "1px solid var(--control)"),
    *((area, "border", "1px solid var(--border)") for area in (".tools", ".minimap", ".menu")),
    (".bar", "border-bottom", "1px solid var(--border)"),
    (".palette", "border-right", "1px solid var(--border)"),
    (".inspector", "border-left", "1px solid var(--border)"),
]
COLOURS: list[Row] = [
    ("body", "background-color", "var(--canvas)"),
    (".canvas", "background-color", "var(--canvas)"),
    *((area, "background-color", "var(--surface)") for area in (".bar", ".palette", ".inspector", ".tools", ".menu")),
    ("#n-sensor", "background-color", "var(--node)"),
    ("#n-note", "background-color", "var(--note)"),
    ("#n-group", "background-color", "var(--group-fill)"),
    ("#n-sensor .node-label", "color", "var(--text)"),
    ("#n-sensor .node-second", "color", "var(--text-2)"),
    ("#n-note .node-label", "color", "var(--note-text)"),
    (".group-heading", "color", "var(--text-3)"),
    (".run-button", "background-color", "var(--accent)"),
]
TABLE = {
    "radii": RADII,
    "shadows": SHADOWS,
    "sizes": SIZES,
    "texts": TEXTS,
    "borders": BORDERS,
    "colours": COLOURS,
}
MEANING = ("--ok", "--warn", "--danger", "--note", "--chip-", "--ink-", "--person-line-")
"""Colours that say something: a state, a kind, a person, paper."""
ACCENT = ("--accent", "--accent-hover", "--accent-text", "--accent-soft", "--on-accent", "--halo", "--ring")
CHROME = ".bar, .palette, .inspector, .tools, .minimap, .menu"
SAYING = (
    ".chip, .avatar, .swatch, .colour-input, .danger, .danger *, .sync-icon *,"
    " [data-problems], [data-problems] *, [data-problem-count]"
)
"""What has a colour of its own because it says something: kinds, people, states."""
LAYOUT = (
    *(".bar", ".bar-end", ".panel-tabs", ".palette-search", ".palette-groups", ".group-heading", ".palette-hint"),
    *(".panel-head", ".panel-body", ".panel-section", ".section-fields", ".field", ".switch-row"),
    *(".tools", ".tools .divider", ".minimap", ".menu", ".menu [role=menuitem]", ".share-button"),
)
"""What gives the editor's parts their places."""
SCALE = {0, 2, 4, 8, 10, 12, 16, 20, 24, 32}
SMALL = (
    "kbd, .avatar, .field-label, .field-help, .section-title, .group-heading, .palette-hint, .panel-title p, small,"
    " .visually-hidden, [data-problem-count], summary, .code, .rows-add, .field-tool"
)
"""Hints, headings, counts, code, labels and tools of fields may be smaller."""


@pytest.fixture(params=["light", "dark"])
def theme(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def alice(flow_of: Flow, opened: Open, theme: str) -> EditorPage:
    """All kinds of nodes, an agent selected, and its menu open."""
    tab = opened("alice", flow_of(NODES), color_scheme=theme)
    tab.page.locator("#n-agent .node-second").click(button="right")
    expect(tab.page.locator(".menu:visible")).to_be_visible()
    expect(tab.field("settings.temperature")).to_be_visible()
    still(tab.page)
    return tab


@pytest.mark.parametrize("topic", TABLE)
def test_the_page_is_drawn_as_the_table_has_it(topic: str, alice: EditorPage) -> None:
    assert differing(alice, TABLE[topic]) == []


def test_there_is_one_family_of_greys_and_one_accent(alice: EditorPage, theme: str) -> None:
    tokens = {name: over(colour, theme) for name, colour in alice.page.evaluate(TOKENS).items()}
    greys = {name: colour for name, colour in tokens.items() if not name.startswith((*MEANING, *ACCENT))}
    assert {"--canvas", "--surface", "--border", "--control", "--text", "--edge"} <= set(greys)
    assert {name for name, colour in greys.items() if chroma(colour) > 0.1} == set()
    assert {name for name, colour in greys.items() if chroma(colour) > 0.02 and not 205 <= hue(colour) <= 230} == set()
    accents = {name: tokens[name] for name in ACCENT if name != "--on-accent"}
    assert {name for name, colour in accents.items() if not 218 <= hue(colour) <= 232} == set()
    assert chroma(tokens["--accent"]) > 0.5


def over(colour: list[float], theme: str) -> Colour:
    """Return a colour as it looks on the canvas."""
    red, green, blue, opacity = colour
    ground = (1 - opacity) * (0.96 if theme == "light" else 0.07)
    return red * opacity + ground, green * opacity + ground, blue * opacity + ground


def chroma(colour: Colour) -> float:
    return max(colour) - min(colour)


def hue(colour: Colour) -> float:
    return 360 * colorsys.rgb_to_hsv(*colour)[0]


def test_nothing_of_the_chrome_has_another_colour(alice: EditorPage) -> None:
    tokens = [name for name in alice.page.evaluate(TOKENS) if not name.startswith(MEANING)]
    assert alice.page.evaluate(STRAY, [CHROME, tokens, SAYING]) == []
    alice.page.keyboard.press("Escape")
    alice.page.keyboard.press("Escape")
    expect(alice.page.locator("[data-node-id][data-selected]")).to_have_count(0)
    assert alice.page.evaluate(STRAY, [CHROME, tokens, SAYING]) == []


def test_each_kind_has_an_icon_and_a_colour_of_its_own(alice: EditorPage) -> None:
    canvas, palette = "#n-{} .chip", "[data-palette-kind={}] .chip"
    drawn = [kind for kind in KINDS if kind not in {"note", "group"}]  # paper and a frame are told by themselves
    assert differing(alice, [*grounds(canvas, drawn), *grounds(palette, list(KINDS))]) == []
    letters = {kind: letter(alice, palette.format(kind)) for kind in KINDS}
    assert {kind: letter(alice, canvas.format(kind)) for kind in drawn} == {kind: letters[kind] for kind in drawn}
    off = {kind: alice.page.evaluate(DRAWN, [letters[kind][0], icon(of.icon)]) for kind, of in KINDS.items()}
    assert {kind: share for kind, share in off.items() if share > 0.05} == {}
    own, inks = {own for own, _ink in letters.values()}, {ink for _own, ink in letters.values()}
    assert len(own) == len(inks) == len(KINDS)
    for kind, of in KINDS.items():
        expect(alice.page.locator(f"#n-{kind}")).to_have_attribute("aria-label", re.compile(f", {of.title}"))


def grounds(chip: str, kinds: list[str]) -> list[Row]:
    """Return on which ground the icon of each kind stands."""
    return [(chip.format(kind), "background-color", f"var(--chip-{kind})") for kind in kinds]


def letter(tab: EditorPage, chip: str) -> tuple[str, str]:
    """Return the letter that is a chip's icon, and its colour."""
    drawn, family, ink = tab.page.locator(chip).evaluate(LETTER)
    assert family.strip('"') == "kinds"
    return drawn, ink


def icon(name: str) -> str:
    """Return an icon as it is drawn with strokes."""
    return (ICONS / f"{name}.svg").read_text()


def test_space_goes_in_steps(alice: EditorPage) -> None:
    steps = alice.page.evaluate(STEPS, list(LAYOUT))
    assert [(part, name, step) for part, name, step in steps if abs(step) not in SCALE] == []
    chip, node = (rect(alice.page.locator(part)) for part in ("#n-sensor .chip", "#n-sensor"))
    assert (chip["x"] - node["x"]) / chip["width"] * 26 == pytest.approx(8, abs=0.1)


def test_lines_are_one_pixel_wide(alice: EditorPage) -> None:
    assert set(alice.page.evaluate(LINES)) == {"0px", "1px"}


def test_text_is_13_or_14_pixels_high(alice: EditorPage) -> None:
    written = alice.page.evaluate(WRITTEN, [CHROME, SMALL])
    assert len(written) > 40
    assert [(what, size) for what, size in written if size not in {13, 14}] == []
