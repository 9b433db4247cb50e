"""What a person does to nodes by pointer and keys, each found by its id, and what is to be seen of it at once."""

from playwright.sync_api import expect

from tests.browser.editor_page import EditorPage


def select(tab: EditorPage, id: str) -> None:
    tab.page.locator(f"#n-{id} .node-second").click()
    expect(tab.page.locator(f"#n-{id}[data-selected]")).to_be_visible()


def nudge(tab: EditorPage, id: str, times: int) -> None:
    select(tab, id)
    for _ in range(times):
        tab.page.keyboard.press("ArrowRight")


def rename(tab: EditorPage, id: str, label: str) -> None:
    select(tab, id)
    tab.page.keyboard.press("F2")
    tab.page.keyboard.type(label)
    tab.page.keyboard.press("Enter")


def waits(tab: EditorPage, count: int) -> None:
    expect(tab.root).to_have_attribute("data-pending", str(count))
