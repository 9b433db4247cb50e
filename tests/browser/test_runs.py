"""Runs on everybody's canvas: pressing Run, seeing it, steering it, coming back to it."""

from typing import Any

import pytest
from playwright.sync_api import Locator, Route, expect

from tests.browser.api import Api
from tests.browser.conftest import Apart, Context, Flow, Open
from tests.browser.editor_page import DRAWN, PATIENCE_MS, EditorPage
from tests.browser.panel import forgiven, lost
from tests.proxy import Proxy

FIELDS = [
    {"name": "subject", "title": "Subject", "type": "string", "required": True},
    {"name": "orders", "title": "Orders", "type": "integer", "minimum": 1, "default": 3},
]
TICKET = {"id": "ticket", "kind": "input", "x": 0, "y": 0, "label": "New ticket", "settings": {"fields": FIELDS}}
SHOUT = {
    "id": "shout",
    "kind": "transform",
    "x": 240,
    "y": 0,
    "label": "Shout",
    "settings": {"type": "expression", "transformation": "input.subject | upper"},
}
REPLY = {"id": "reply", "kind": "output", "x": 480, "y": 0, "label": "Send reply"}
EDGES = [{"id": "ts", "source": "ticket", "target": "shout"}, {"id": "sr", "source": "shout", "target": "reply"}]
NODES = [TICKET, SHOUT, REPLY]
ASKING = {**SHOUT, "settings": {**SHOUT["settings"], "ask_first": {"who": "editors", "question": "Shout at them?"}}}
"""A run of this stays open until somebody answers."""
BROKEN = {"id": "call", "kind": "api", "x": 240, "y": 160, "label": "Call"}


def state(tab: EditorPage, label: str) -> Locator:
    """A node that has a state of a run."""
    return tab.page.locator(f'[data-node-id][data-label="{label}"][data-run-state]')


def is_in(tab: EditorPage, label: str, name: str) -> None:
    expect(state(tab, label)).to_have_attribute("data-run-state", name, timeout=PATIENCE_MS)


def pressed(tab: EditorPage, subject: str = "Where is it?") -> EditorPage:
    """Run pressed, and the form filled in and sent."""
    tab.page.locator("[data-command=run]").click()
    form = tab.page.locator("[data-run-form]")
    form.locator('[name="in.subject"]').fill(subject)
    form.locator("[type=submit]").click()
    expect(form).to_have_count(0)
    return tab


def drawer(tab: EditorPage) -> Locator:
    return tab.page.locator("[data-run-drawer] [data-run-view]")


# Pressing Run.


def test_what_is_missing_is_said_under_its_field_and_nothing_starts(opened: Open, flow_of: Flow) -> None:
    alice = opened("alice", flow_of(NODES, EDGES))
    alice.page.locator("[data-command=run]").click()
    form = alice.page.locator("[data-run-form]")
    form.locator('[name="in.orders"]').fill("none")
    form.locator("[type=submit]").click()

    expect(form.locator("#run-subject-error")).to_have_text("Subject is needed.")
    expect(form.locator("#run-orders-error")).to_contain_text("whole number")
    expect(form.locator('[name="in.subject"]')).to_have_attribute("aria-invalid", "true")
    expect(form.locator('[name="in.subject"]')).to_be_focused()
    expect(form.locator('[name="in.orders"]')).to_have_value("none")
    assert alice.call("GET", f"/flows/{alice.flow}/runs")["items"] == []
    alice.complaints.clear()  # a 422 is one for the browser


def test_what_cannot_run_says_where(opened: Open, flow_of: Flow) -> None:
    alice = opened("alice", flow_of([*NODES, BROKEN], EDGES))
    pressed_button = alice.page.locator("[data-command=run]")
    pressed_button.click()
    alice.page.locator('[data-run-form] [name="in.subject"]').fill("Hello")
    alice.page.locator("[data-run-form] [type=submit]").click()

    problem = alice.page.locator("[data-run-problem=missing_setting] [data-problem-node=call]")
    problem.click()
    expect(alice.page.locator("#dialog")).not_to_be_visible()
    expect(alice.node("Call")).to_have_attribute("data-selected", "")
    alice.complaints.clear()


def test_a_flow_without_inputs_starts_at_once(opened: Open, flow_of: Flow) -> None:
    lone = {**SHOUT, "settings": {"type": "expression", "transformation": "1 + 1"}}
    alice = opened("alice", flow_of([lone, REPLY], EDGES[1:]))

    alice.page.locator("[data-command=run]").click()

    is_in(alice, "Shout", "done")
    expect(drawer(alice)).to_have_attribute("data-state", "done")


def test_the_run_shows_on_both_canvases_and_a_viewer_cannot_steer(opened: Open, flow_of: Flow) -> None:
    flow = flow_of([TICKET, ASKING, REPLY], EDGES)
    alice, bob, vera = (
        opened(name, flow, state="read-only" if name == "vera" else "live") for name in ("alice", "bob", "vera")
    )
    pressed(alice)

    for tab in (alice, bob, vera):
        is_in(tab, "New ticket", "done")
        is_in(tab, "Shout", "asking")
        is_in(tab, "Send reply", "waiting")
        expect(tab.page.locator("#e-ts")).to_have_attribute("data-run-flow", "carried")
    expect(state(alice, "Shout")).to_have_attribute("aria-description", "Run: Needs an answer")
    expect(drawer(alice).locator("[data-run-do=cancel]")).to_be_visible()
    expect(drawer(bob).locator("[data-run-do=cancel]")).to_be_visible()
    expect(vera.page.locator("[data-command=run]")).to_have_count(0)
    expect(drawer(vera)).to_have_attribute("data-state", "waiting")
    expect(vera.page.locator("[data-run-do]")).to_have_count(0)

    bob.page.locator("[data-run-do=cancel]").click()
    for tab in (alice, bob, vera):
        is_in(tab, "Shout", "cancelled")
        expect(drawer(tab)).to_have_attribute("data-state", "cancelled")


# Questions.


def test_a_question_is_answered_on_the_node_and_the_run_goes_on(opened: Open, flow_of: Flow) -> None:
    flow = flow_of([TICKET, ASKING, REPLY], EDGES)
    alice, bob = opened("alice", flow), opened("bob", flow)
    pressed(alice)

    drawer(bob).locator("[data-run-go=shout]").click()
    form = bob.page.locator("[data-run-node] [data-run-answer]")
    expect(form).to_contain_text("Shout at them?")
    form.locator("[name=reply][value=yes]").click()

    is_in(alice, "Send reply", "done")
    alice.page.locator("[data-run-tab=output]").click()
    expect(alice.page.locator(".run-values")).to_contain_text("WHERE IS IT?")


def test_the_library_shows_what_waits_for_me(opened: Open, flow_of: Flow, context_for: Context) -> None:
    alice = pressed(opened("alice", flow_of([TICKET, ASKING, REPLY], EDGES)))
    is_in(alice, "Shout", "asking")
    page = context_for("bob").new_page()
    page.goto("/")
    question = page.locator(f'[data-questions] form[action*="/flows/{alice.flow}/"]')
    expect(question).to_contain_text("Shout at them?")

    question.locator("[name=reply][value=no]").click()

    expect(question).to_have_count(0)
    is_in(alice, "Shout", "skipped")
    page.close()


def test_what_waits_for_me_shows_once_it_is_dressed(opened: Open, flow_of: Flow, context_for: Context) -> None:
    alice = pressed(opened("alice", flow_of([TICKET, ASKING, REPLY], EDGES)))
    is_in(alice, "Shout", "asking")
    page = context_for("bob", service_workers="block").new_page()
    sheets: list[Route] = []
    page.route("**/css/runs*.css", lambda route: sheets.append(route))  # noqa: PLW0108  (Playwright takes no method of C)
    page.goto("/", wait_until="domcontentloaded")
    question = page.locator(f'[data-questions] form[action*="/flows/{alice.flow}/"]')
    expect(question).to_be_attached()

    expect(page.locator("[data-questions] > ul")).to_have_css("opacity", "0")
    for sheet in sheets:
        sheet.continue_()
    expect(page.locator("[data-questions] > ul")).to_have_css("animation-name", "none")
    question.locator("[name=reply][value=no]").click()
    is_in(alice, "Shout", "skipped")
    page.close()


# Coming back.


def test_a_page_loaded_during_a_run_shows_it(opened: Open, flow_of: Flow) -> None:
    alice = pressed(opened("alice", flow_of([TICKET, ASKING, REPLY], EDGES)))
    is_in(alice, "Shout", "asking")

    alice.page.reload()
    alice.live()

    is_in(alice, "Shout", "asking")
    is_in(alice, "New ticket", "done")
    expect(alice.page.locator("[data-run-drawer][data-folded]")).to_be_visible()


def test_who_was_away_catches_up(apart: Apart, network: Proxy) -> None:
    alice, bob = apart([TICKET, ASKING, REPLY], EDGES)
    pressed(alice)
    is_in(alice, "Shout", "asking")
    lost(network, alice)
    drawer(bob).locator("[data-run-go=shout]").click()
    bob.page.locator("[data-run-answer] [value=yes]").click()
    is_in(bob, "Send reply", "done")
    is_in(alice, "Shout", "asking")

    network.accept()
    alice.live()

    is_in(alice, "Send reply", "done")
    expect(drawer(alice)).to_have_attribute("data-state", "done", timeout=PATIENCE_MS)
    forgiven(alice)


def test_without_a_connection_run_says_so(apart: Apart, network: Proxy) -> None:
    alice, _bob = apart(NODES, EDGES)
    lost(network, alice)

    alice.page.locator("[data-command=run]").click()

    expect(alice.page.locator("[data-toasts]")).to_contain_text("This needs a connection")
    forgiven(alice)


def test_a_run_of_an_older_version_is_drawn_on_it(opened: Open, flow_of: Flow) -> None:
    alice = pressed(opened("alice", flow_of(NODES, EDGES)))
    is_in(alice, "Send reply", "done")
    run = drawer(alice).get_attribute("data-run-view")
    alice.operate({"kind": "edit_node", "id": "shout", "set": {"label": "Whisper"}})
    expect(alice.node("Whisper")).to_be_visible()
    alice.page.locator("[data-command=runs]").first.click()

    alice.page.locator(f'[data-run="{run}"] a').click()

    page = alice.page
    expect(page.locator("[data-run-version='1']")).to_contain_text("Back to now")
    is_in(alice, "Shout", "done")
    expect(alice.node("Whisper")).to_have_count(0)
    page.locator("[data-run-row=shout]").click()
    expect(page.locator("[data-run-node-view=shout]")).to_contain_text("WHERE IS IT?")
    page.locator("[data-run-version] a").click()
    expect(alice.node("Whisper")).to_be_visible()


# By keyboard, and for those who hear it.


def test_all_of_it_by_keyboard(opened: Open, flow_of: Flow) -> None:
    alice = opened("alice", flow_of(NODES, EDGES))
    keys = alice.page.keyboard
    alice.page.locator("[data-canvas]").focus()
    keys.press("Control+Enter")
    expect(alice.page.locator('[data-run-form] [name="in.subject"]')).to_be_focused()
    keys.type("Hello")
    alice.page.locator("[data-run-form] [type=submit]").focus()
    keys.press("Enter")
    is_in(alice, "Send reply", "done")

    alice.page.locator("[data-run-tab=timeline]").focus()
    keys.press("ArrowRight")
    expect(alice.page.locator("[data-run-tab=log]")).to_be_focused()
    expect(alice.page.locator("[data-run-log]")).to_contain_text("Send reply")
    keys.press("ArrowLeft")
    alice.page.locator("[data-run-row=ticket]").focus()
    keys.press("ArrowDown")
    expect(alice.page.locator("[data-run-row=shout]")).to_be_focused()
    keys.press("Enter")
    expect(alice.page.locator("[data-run-node]")).to_be_focused()
    keys.press("Escape")
    expect(alice.page.locator("[data-run-node]")).not_to_be_visible()
    alice.page.locator("[data-canvas]").focus()
    keys.press("r")
    expect(alice.page.locator("[data-runs-panel]")).to_be_focused()
    keys.press("Escape")
    expect(alice.page.locator("[data-runs-panel]")).not_to_be_visible()


def test_what_happens_is_said(opened: Open, flow_of: Flow) -> None:
    flow = flow_of([TICKET, ASKING, REPLY], EDGES)
    alice, bob = opened("alice", flow), opened("bob", flow)
    pressed(alice)
    line = bob.page.locator("[data-announcer]")

    expect(line).to_contain_text("Shout: Needs an answer", timeout=PATIENCE_MS)


def test_the_palette_and_the_help_know_it(opened: Open, flow_of: Flow) -> None:
    flow = flow_of(NODES, EDGES)
    vera = opened("vera", flow, state="read-only")
    vera.page.keyboard.press("Control+k")
    vera.page.locator("[data-commands] input").fill("run this flow")
    expect(vera.page.locator("[data-commands] [data-value='command:run']")).to_have_attribute("aria-disabled", "true")


# Steering.


def test_again_from_a_node_takes_what_is_before_it(opened: Open, flow_of: Flow) -> None:
    alice = pressed(opened("alice", flow_of(NODES, EDGES)))
    is_in(alice, "Send reply", "done")
    first = drawer(alice).get_attribute("data-run-view")

    alice.page.locator("[data-run-row=reply]").click()
    alice.page.locator("[data-run-node] [data-run-do=again]").click()

    expect(alice.page.locator(f'[data-run-view]:not([data-run-view="{first}"])')).to_be_visible(timeout=PATIENCE_MS)
    is_in(alice, "Send reply", "done")
    run = alice.call("GET", f"/runs/{drawer(alice).get_attribute('data-run-view')}")
    assert run["again_of"] == first


def test_pause_and_resume(opened: Open, flow_of: Flow) -> None:
    alice = pressed(opened("alice", flow_of([TICKET, ASKING, REPLY], EDGES)))
    is_in(alice, "Shout", "asking")
    drawer(alice).locator("[data-run-do=pause]").click()
    expect(drawer(alice)).to_have_attribute("data-state", "paused", timeout=PATIENCE_MS)
    drawer(alice).locator("[data-run-do=resume]").click()
    expect(drawer(alice)).to_have_attribute("data-state", "waiting", timeout=PATIENCE_MS)


@pytest.mark.parametrize("width", [390, 1100])
def test_on_a_narrow_screen_nothing_lies_over_what_is_needed(opened: Open, flow_of: Flow, width: int) -> None:
    options: dict[str, Any] = {"viewport": {"width": width, "height": 844}}
    alice = pressed(opened("alice", flow_of(NODES, EDGES), **options))
    expect(drawer(alice)).to_have_attribute("data-state", "done", timeout=PATIENCE_MS)

    for name in ("drawer-fold", "drawer-close", "run-tab=log", "run-do=again"):
        alice.page.locator(f"[data-run-drawer] [data-{name}]").click(trial=True)
    assert alice.page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_what_is_drawn_anew_takes_nothing_of_a_click(opened: Open, flow_of: Flow) -> None:
    alice = opened("alice", flow_of([TICKET, ASKING, REPLY], EDGES))
    pressed(alice)
    is_in(alice, "Shout", "asking")
    log = drawer(alice).get_by_role("tab", name="Log")
    alice.page.mouse.move(*alice.centre(log))
    alice.page.mouse.down()

    run = drawer(alice).get_attribute("data-run-view")
    with alice.page.expect_response(lambda answer: "/drawer?" in answer.url):
        alice.call("POST", f"/runs/{run}/cancel")
    alice.page.evaluate(DRAWN)
    alice.page.mouse.up()

    expect(log).to_have_attribute("aria-selected", "true")
    expect(drawer(alice)).to_have_attribute("data-state", "cancelled")


def test_the_map_leaves_the_canvas_to_an_open_drawer_until_it_is_asked_for(opened: Open, flow_of: Flow) -> None:
    alice = opened("alice", flow_of(NODES, EDGES))
    button, map = alice.page.locator("[data-tool=minimap]"), alice.page.locator("[data-minimap]")

    def expect_map(is_shown: bool) -> None:
        expect(map).to_be_visible(visible=is_shown)
        expect(button).to_have_attribute("aria-pressed", str(is_shown).lower())

    expect_map(True)
    pressed(alice)
    expect(drawer(alice)).to_be_visible()
    expect_map(False)
    alice.page.locator("[data-drawer-fold]").click()
    expect_map(True)
    alice.page.locator("[data-drawer-fold]").click()
    expect_map(False)
    button.click()
    expect_map(True)


def test_one_press_is_one_run(context_for: Context, opened: Open, flow_of: Flow) -> None:
    alice = opened("alice", flow_of(NODES, EDGES))
    alice.page.locator("[data-command=run]").click()
    key = alice.page.locator("[data-run-form] [name=key]").input_value()
    token = Api(context_for("alice")).context.cookies()
    assert token
    started = alice.page.evaluate(
        """async (key) => {
          const token = document.cookie.match(/csrftoken=([^;]+)/)[1];
          const body = new URLSearchParams({key, "in.subject": "Twice"});
          const send = () => fetch(location.pathname + "runs/start", {method: "POST", redirect: "manual",
            headers: {"X-CSRFToken": token, "HX-Request": "true"}, body});
          return (await Promise.all([send(), send()])).map((answer) => answer.headers.get("HX-Trigger"));
        }""",
        key,
    )
    assert started[0] == started[1] is not None
    assert len(alice.call("GET", f"/flows/{alice.flow}/runs")["items"]) == 1
