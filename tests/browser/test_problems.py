"""What is wrong with a flow, as people see it: a count, badges, and a list in which one click puts it right."""

from collections.abc import Callable

from playwright.sync_api import Locator, Route, expect

from tests.browser.conftest import Open
from tests.browser.editor_page import EditorPage, rect
from tests.browser.inspector import choose

Flow = Callable[..., str]
NODES = [
    {"id": "ask", "kind": "input", "x": 0, "y": 0, "label": "Ask"},
    {"id": "call", "kind": "api", "x": 300, "y": 0, "label": "Call"},
    {
        "id": "route",
        "kind": "decision",
        "x": 600,
        "y": 0,
        "label": "Route",
        "settings": {"expression": "prev.x > 1", "branches": ["a"]},
    },
    {"id": "tell", "kind": "output", "x": 900, "y": 0, "label": "Tell"},
]
EDGES = [
    {"id": "1", "source": "ask", "target": "call"},
    {"id": "2", "source": "call", "target": "route"},
    {"id": "3", "source": "route", "target": "tell", "source_port": "a"},
]


def button(tab: EditorPage) -> Locator:
    return tab.page.locator("[data-problems]")


def items(tab: EditorPage) -> Locator:
    return tab.page.locator("[data-problem-item]")


def item(tab: EditorPage, code: str) -> Locator:
    return tab.page.locator(f'[data-problem-code="{code}"]')


def test_bob_fixes_by_click_and_alices_badge_goes(flow_of: Flow, opened: Open) -> None:
    flow = flow_of(NODES, EDGES)
    alice, bob = opened("alice", flow), opened("bob", flow)
    for tab in (alice, bob):
        expect(button(tab)).to_have_text("2")
        expect(button(tab)).to_have_attribute("aria-label", "1 error, 1 warning, 1 hint")
        expect(tab.node("Call")).to_have_attribute("data-problem", "error")
        expect(tab.node("Call")).to_have_attribute("title", "URL is missing.")
        expect(tab.node("Route")).to_have_attribute("data-problem", "warning")
        expect(tab.node("Ask")).not_to_have_attribute("data-problem", "error")

    button(bob).click()
    expect(items(bob)).to_have_count(3)
    item(bob, "no_default_branch").locator("[data-problem-fix]").click()
    bob.page.locator("[data-toasts] .toast").hover()  # so it stays

    for tab in (alice, bob):
        expect(tab.page.locator('[data-problem="warning"]')).to_have_count(0)
        expect(button(tab)).to_have_text("1")
    expect(items(bob)).to_have_count(2)
    bob.page.locator("[data-toasts] button", has_text="Undo").click()
    expect(alice.node("Route")).to_have_attribute("data-problem", "warning")


def test_what_is_wrong_stands_under_its_field_however_late_the_module_comes(flow_of: Flow, opened: Open) -> None:
    alice = opened("alice", flow_of(NODES, EDGES), service_workers="block")
    held: list[Route] = []
    alice.page.route("**/js/ui/problems*.js", lambda route: held.append(route))  # noqa: PLW0108
    with alice.page.expect_request("**/js/ui/problems*.js"):
        alice.page.reload()
    alice.live()
    choose(alice, "call")
    expect(alice.page.locator("[data-rows], .field-tools, [data-raw-toggle]").first).to_be_visible()
    held[0].continue_()
    problem = alice.page.locator('[data-field="settings.url"] [data-field-problem]')
    expect(problem).to_contain_text("URL is missing.")


def test_a_click_goes_to_the_node_and_escape_back_to_the_button(flow_of: Flow, opened: Open) -> None:
    alice = opened("alice", flow_of(NODES, EDGES))
    button(alice).click()
    expect(alice.page.locator("[data-problem-list]")).to_be_focused()

    alice.page.keyboard.press("ArrowDown")
    expect(item(alice, "missing_setting").locator("button").first).to_be_focused()
    alice.page.keyboard.press("Enter")
    expect(alice.node("Call")).to_have_attribute("data-selected", "")
    alice.page.keyboard.press("Escape")

    expect(alice.page.locator("[data-problem-list]")).to_be_hidden()
    expect(button(alice)).to_be_focused()


def test_a_viewer_sees_all_and_fixes_nothing(flow_of: Flow, opened: Open) -> None:
    vera = opened("vera", flow_of(NODES, EDGES), state="read-only")
    button(vera).click()

    expect(items(vera)).to_have_count(3)
    expect(vera.page.locator("[data-problem-fix]")).to_have_count(0)


def test_a_flow_that_is_mended_has_no_problems(flow_of: Flow, opened: Open) -> None:
    alice = opened("alice", flow_of([NODES[1] | {"settings": {"retry_attempts": 1}}], []))
    button(alice).click()
    expect(items(alice)).to_have_count(1)
    alice.call("POST", f"/flows/{alice.flow}/operations", {"operations": [{"kind": "remove_node", "id": "call"}]})

    expect(alice.page.locator(".problems-none")).to_have_text("No problems")
    expect(button(alice)).to_have_attribute("aria-label", "No problems")


def test_on_a_phone_the_list_is_a_sheet(flow_of: Flow, opened: Open) -> None:
    phone = opened("alice", flow_of(NODES, EDGES), viewport={"width": 390, "height": 844}, has_touch=True)
    button(phone).click()
    expect(items(phone)).to_have_count(3)
    box = rect(phone.page.locator("[data-problem-list]"))

    assert (round(box["width"]), round(box["y"] + box["height"])) == (390, 844)
    item(phone, "missing_setting").locator(".problem-go").click()
    expect(phone.page.locator("[data-problem-list]")).to_be_hidden()


def test_the_flows_form_has_a_tab_for_its_problems(flow_of: Flow, opened: Open) -> None:
    alice = opened("alice", flow_of(NODES, EDGES))
    form, shown = alice.page.locator("#inspector"), alice.page.locator("[data-problem-list]")
    tab = form.get_by_role("button", name="Problems")
    expect(tab).to_have_text("Problems 2")
    expect(form.get_by_role("button", name="Settings")).to_have_attribute("aria-current", "true")
    tab.focus()
    alice.page.keyboard.press("Enter")

    expect(shown).to_be_focused()
    expect(items(alice)).to_have_count(3)
    expect(shown.get_by_role("button", name="Problems 2")).to_have_attribute("aria-current", "true")
    assert rect(shown) == rect(alice.page.locator("[data-panel=inspector]"))
    shown.get_by_role("button", name="Settings").click()
    expect(shown).to_be_hidden()
    expect(tab).to_be_focused()
    choose(alice, "call")
    alice.page.keyboard.press("Escape")
    expect(tab).to_have_text("Problems 2")


def test_the_tab_of_a_flow_without_problems_says_so(flow_of: Flow, opened: Open) -> None:
    alice = opened("alice", flow_of())
    alice.page.locator("#inspector").get_by_role("button", name="Problems").click()

    expect(alice.page.locator("[data-problem-list]")).to_contain_text("No problems")


def test_settings_beside_the_problems_are_the_flows_whatever_is_selected(flow_of: Flow, opened: Open) -> None:
    alice = opened("alice", flow_of(NODES, EDGES))
    choose(alice, "call")
    alice.page.locator("[data-problems]").click()
    shown = alice.page.locator("[data-problem-list]")
    shown.get_by_role("button", name="Settings").click()
    expect(shown).to_be_hidden()
    form = alice.page.locator("#inspector")
    expect(form.get_by_role("button", name="Settings")).to_have_attribute("aria-current", "true")
    expect(alice.page.locator("helix-node[data-selected]")).to_have_count(0)
