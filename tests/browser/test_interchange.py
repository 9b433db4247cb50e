"""Files come in by drop, paste and button, and go out by a dialog; what was lost is told."""

import json
import re
from pathlib import Path

import pytest
from playwright.sync_api import BrowserContext, Locator, expect

from tests.browser.conftest import Context, Flow, Open
from tests.browser.editor_page import EditorPage
from tests.browser.nodes import PLAN
from tests.browser.test_copies import CLIPBOARD, PASTE
from tests.browser.test_problems import button, items
from tests.browser.test_sharing import dialog
from tests.interchange.corpus import FOLDER

FILE = json.dumps(
    {
        "title": "From elsewhere",
        "nodes": [
            {"id": "a", "kind": "input", "x": 0, "y": 0, "label": "Form"},
            {"id": "b", "kind": "agent", "x": 200, "y": 0, "label": "Classify"},
        ],
        "edges": [{"id": "e", "source": "a", "target": "b"}, {"id": "f", "source": "b", "target": "gone"}],
    }
)
YAML = "title: As text\nnodes:\n  x: {kind: agent, label: Written}\n"
DROP = """([selector, name, text]) => {
  const dataTransfer = new DataTransfer();
  dataTransfer.items.add(new File([text], name));
  const target = document.querySelector(selector);
  const options = {bubbles: true, cancelable: true, dataTransfer};
  for (const type of ["dragover", "drop"]) target.dispatchEvent(new DragEvent(type, options));
}"""


def report(tab: EditorPage) -> Locator:
    return tab.page.get_by_role("dialog", name="Import report")


def drop(tab: EditorPage, text: str, selector: str = "[data-canvas]", name: str = "some.json") -> None:
    tab.page.evaluate(DROP, [selector, name, text])


class TestOnTheCanvas:
    def test_a_dropped_file_comes_beside_what_is_there_for_everybody(self, flow_of: Flow, opened: Open) -> None:
        flow = flow_of([PLAN])
        alice, bob = opened("alice", flow), opened("bob", flow)

        drop(alice, FILE)

        expect(report(alice)).to_contain_text("2 nodes, 1 connection")
        expect(report(alice)).to_contain_text("b → gone")
        for tab in (alice, bob):
            expect(tab.nodes).to_have_count(3)
            expect(tab.node("Classify")).to_be_visible()
        alice.page.keyboard.press("Escape")
        expect(report(alice)).to_have_count(0)
        alice.page.keyboard.press("Control+z")
        for tab in (alice, bob):
            expect(tab.nodes).to_have_count(1)

    def test_the_report_can_be_opened_again(self, flow_of: Flow, opened: Open) -> None:
        alice = opened("alice", flow_of())
        drop(alice, FILE)
        report(alice).get_by_role("button", name="Close").last.click()

        alice.page.get_by_label("Import and export").click()
        alice.page.get_by_role("button", name="Import report").click()

        expect(report(alice)).to_contain_text("Left out (1)")

    def test_text_of_another_tool_is_pasted(self, flow_of: Flow, opened: Open) -> None:
        alice = opened("alice", flow_of())
        alice.page.evaluate(PASTE, YAML)

        expect(alice.node("Written")).to_be_visible()
        expect(report(alice)).to_contain_text("Everything in the file was imported.")

    @pytest.mark.parametrize("text", ["hello", "graph paper is blue", "[1, 2]", "title: a song\nby: me"])
    def test_other_text_is_pasted_as_ever(self, flow_of: Flow, opened: Open, text: str) -> None:
        alice = opened("alice", flow_of())
        alice.page.evaluate(PASTE, text)

        expect(alice.page.locator("[data-toasts]")).to_contain_text("There are no copied nodes to paste")
        alice.complaints[:] = [one for one in alice.complaints if "422" not in one]

    def test_what_is_wrong_in_a_file_is_said(self, flow_of: Flow, opened: Open) -> None:
        alice = opened("alice", flow_of())
        drop(alice, '{"title": "x",\n nodes}')

        expect(alice.page.locator("[data-toasts]")).to_contain_text("Line 2")
        expect(alice.nodes).to_have_count(0)
        alice.complaints[:] = [one for one in alice.complaints if "422" not in one]

    def test_an_empty_flow_offers_to_import_by_keyboard(self, flow_of: Flow, opened: Open, tmp_path: Path) -> None:
        alice = opened("alice", flow_of())
        (tmp_path / "some.yaml").write_text(YAML)
        button = alice.page.get_by_role("button", name="Import a file")
        button.focus()
        with alice.page.expect_file_chooser() as chosen:
            alice.page.keyboard.press("Enter")
        chosen.value.set_files(tmp_path / "some.yaml")

        expect(alice.node("Written")).to_be_visible()

    def test_a_viewer_imports_nothing(self, flow_of: Flow, opened: Open) -> None:
        vera = opened("vera", flow_of([PLAN]), state="read-only")
        drop(vera, FILE)
        vera.page.evaluate(PASTE, YAML)

        vera.page.get_by_label("Import and export").click()
        expect(vera.page.get_by_role("button", name="Import…")).to_have_count(0)
        expect(vera.nodes).to_have_count(1)


class TestExport:
    def test_a_viewer_sees_and_takes_a_file(self, flow_of: Flow, opened: Open) -> None:
        vera = opened("vera", flow_of([PLAN]), state="read-only", permissions=CLIPBOARD)
        vera.page.keyboard.press("Control+e")
        dialog = vera.page.get_by_role("dialog", name="Export")
        expect(dialog.locator("pre")).to_contain_text('"title": "Drawn together"')

        dialog.get_by_label("YAML").check()
        expect(dialog.locator("pre")).to_contain_text("title: Drawn together")
        dialog.get_by_role("button", name="Copy").click()
        expect(dialog.get_by_role("button", name="Copied")).to_be_visible()
        assert vera.page.evaluate("navigator.clipboard.readText()").startswith("helix: 1\n")

        with vera.page.expect_download() as download:
            dialog.get_by_role("button", name="Download").click()
        assert download.value.suggested_filename == "Drawn together.yaml"

    def test_a_picture_has_a_theme_and_a_scale(self, flow_of: Flow, opened: Open) -> None:
        alice = opened("alice", flow_of([PLAN]))
        alice.page.get_by_label("Import and export").click()
        alice.page.get_by_role("link", name="Export…").click()
        dialog = alice.page.get_by_role("dialog", name="Export")
        expect(dialog.get_by_label("Theme")).to_be_hidden()

        dialog.get_by_label("SVG").check()
        dialog.get_by_label("Theme").select_option("dark")

        image = dialog.locator('img[src*="theme=dark"]')
        expect(image).to_have_js_property("complete", True)
        expect(image).not_to_have_js_property("naturalWidth", 0)


def test_a_file_of_another_tool_goes_through_all_of_it(context_for: Context, opened: Open, tmp_path: Path) -> None:
    """Dropped, mended by clicks, laid out, shared, exported, changed in a document, and imported again."""
    alice = EditorPage(context_for("alice", permissions=CLIPBOARD))
    alice.page.goto("/")
    drop(alice, (FOLDER / "n8n" / "pinecone_linkedin.json").read_text(), "main", "LinkedIn.json")
    alice.live()
    expect(report(alice)).to_contain_text("13 nodes, 11 connections, 4 notes")
    alice.page.keyboard.press("Escape")
    alice.node("Run weekly").click()

    button(alice).click()
    offers = alice.page.locator("[data-problem-fix]")
    expect(offers.nth(5)).to_be_visible()
    while offers.count():
        id = items(alice).filter(has=offers).first.get_attribute("data-problem-item")
        item = alice.page.locator(f'[data-problem-item="{id}"]')
        item.locator(offers).click()
        expect(item).to_have_count(0)
    alice.page.keyboard.press("Escape")

    alice.page.locator("[data-canvas]").press("Shift+L")
    expect(alice.page.locator("[role=status]", has_text="Done: Auto-layout")).to_be_attached()
    share = dialog(alice)
    share.locator("#new-link").press("Enter")
    share.get_by_role("button", name="Create link").click()
    expect(share.get_by_role("status").first).to_have_text("Link created.")
    alice.page.keyboard.press("Escape")

    alice.page.keyboard.press("Control+e")
    export = alice.page.get_by_role("dialog", name="Export")
    export.get_by_label("Mermaid").check()
    expect(export.locator("pre")).to_contain_text("flowchart LR")
    export.get_by_role("button", name="Copy").click()
    expect(export.get_by_role("button", name="Copied")).to_be_visible()
    written = alice.page.evaluate("navigator.clipboard.readText()")
    document = f"# How we read comments\n\n```mermaid\n{written}```\n"
    (changed,) = re.findall(r"```mermaid\n(.*)```", document.replace('"AI Agent"', '"Answer"'), re.DOTALL)

    alice.page.goto("/")
    drop(alice, changed, "main", "comments.mmd")
    alice.live()
    expect(report(alice)).to_contain_text("13 nodes, 11 connections, 4 notes")
    expect(alice.node("Answer")).to_be_visible()
    assert alice.complaints == []


class TestInTheLibrary:
    @pytest.fixture
    def library(self, context_for: Context) -> BrowserContext:
        return context_for("alice")

    def test_a_dropped_file_becomes_a_flow_and_is_opened(self, library: BrowserContext) -> None:
        tab = EditorPage(library)
        tab.page.goto("/")
        tab.page.evaluate(DROP, ["main", "A plan.json", json.dumps({"nodes": json.loads(FILE)["nodes"]})])

        tab.live()
        expect(report(tab)).to_contain_text("2 nodes")
        expect(tab.page.locator("#flow-title")).to_have_value("A plan")
        assert tab.complaints == []

    def test_a_chosen_file_that_cannot_be_read_is_said(self, library: BrowserContext) -> None:
        page = library.new_page()
        page.goto("/")
        with page.expect_file_chooser() as chosen:
            page.get_by_role("button", name="Import").press("Enter")
        chosen.value.set_files({"name": "x.json", "mimeType": "application/json", "buffer": b'{\n"a": }'})

        expect(page.get_by_role("alert")).to_contain_text("Line 2")
