"""The server's actions on the page: in the menu, by a small form, by key; long ones with progress."""

import re
from typing import Any

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import Flow, Open, behind_proxy
from tests.browser.editor_page import EditorPage, rect
from tests.browser.nodes import PLAN
from tests.browser.panel import lost
from tests.proxy import Proxy

MENU = "[role=menu][aria-label=Actions]"
ROUTE = {"id": "route", "kind": "decision", "x": 120, "y": 400, "label": "Route"}
EDGE = {"id": "e", "source": "plan", "target": "route"}
PHONE = {"viewport": {"width": 390, "height": 844}, "has_touch": True}


def choose(tab: EditorPage, action: str) -> None:
    tab.page.locator(f"{MENU} [data-action={action}]").click()


def menu_of(tab: EditorPage, label: str) -> None:
    tab.node(label).click(button="right", position={"x": 30, "y": 20})
    expect(tab.page.locator(MENU)).to_be_visible()


def offered(tab: EditorPage) -> set[str]:
    return set(tab.page.locator(f"{MENU} [data-action]").evaluate_all("(all) => all.map((one) => one.dataset.action)"))


def test_each_menu_offers_what_fits(flow_of: Flow, opened: Open) -> None:
    alice = opened("alice", flow_of([PLAN, ROUTE], [EDGE]))
    menu_of(alice, "Plan")
    of_node = offered(alice)
    assert {"generate-children", "explain", "auto-layout", "extract-group"} <= of_node
    assert "reverse-edge" not in of_node
    alice.page.keyboard.press("Escape")
    alice.page.mouse.click(1000, 700, button="right")
    assert offered(alice) == {"auto-layout", "tidy-names"}


def test_a_viewer_is_offered_none(flow_of: Flow, opened: Open) -> None:
    vera = opened("vera", flow_of([PLAN]), state="read-only")
    menu_of(vera, "Plan")
    assert offered(vera) == set()


def test_children_by_the_form_with_the_keyboard_alone(flow_of: Flow, opened: Open) -> None:
    flow = flow_of([PLAN])
    alice, bob = opened("alice", flow), opened("bob", flow)
    menu_of(alice, "Plan")
    alice.page.get_by_role("menuitem", name="Generate children…").press("Enter")
    form = alice.page.get_by_role("dialog", name="Generate children")
    expect(form.get_by_label("Number of nodes")).to_be_focused()
    alice.page.keyboard.type("2")
    form.get_by_label("Labels").fill("First\nSecond")
    form.get_by_label("Kind").select_option("skill")
    form.get_by_role("button", name="Run").press("Enter")

    expect(alice.node("First")).to_have_attribute("data-kind", "skill")
    expect(bob.node("Second")).to_be_visible()
    expect(bob.edges).to_have_count(2)
    alice.settled().page.keyboard.press("Control+z")
    expect(bob.nodes).to_have_count(1)


def test_a_form_that_is_cancelled_does_nothing(flow_of: Flow, opened: Open) -> None:
    alice = opened("alice", flow_of([PLAN]))
    menu_of(alice, "Plan")
    choose(alice, "branch-out")
    form = alice.page.locator("[data-action-form]")
    expect(form).to_be_visible()
    alice.page.keyboard.press("Escape")
    expect(form).to_have_count(0)
    assert alice.stored()["version"] == 1


def test_a_refusal_is_told_and_a_bad_number_cannot_be_sent(flow_of: Flow, opened: Open) -> None:
    alice = opened("alice", flow_of([PLAN]))
    menu_of(alice, "Plan")
    choose(alice, "generate-children")
    form = alice.page.locator("[data-action-form]")
    form.get_by_label("Number of nodes").fill("21")
    form.get_by_role("button", name="Run").click()
    expect(form).to_be_visible()
    form.get_by_label("Number of nodes").fill("1")
    form.get_by_label("Labels").fill("x" * 300)
    form.get_by_role("button", name="Run").click()
    expect(alice.page.locator(".toast")).to_contain_text("Not done")


def test_shift_l_lays_out_the_flow(flow_of: Flow, opened: Open) -> None:
    alice = opened("alice", flow_of([PLAN, ROUTE], [EDGE]))
    alice.page.mouse.click(1000, 700)
    alice.page.keyboard.press("Shift+L")
    expect(alice.page.locator("[role=status]", has_text="Done: Auto-layout")).to_be_attached()
    places = {node["id"]: node for node in alice.settled().stored()["nodes"]}
    assert places["plan"]["x"] < places["route"]["x"]


def test_an_edge_is_turned_round_by_its_menu(flow_of: Flow, opened: Open) -> None:
    alice = opened("alice", flow_of([PLAN, ROUTE], [EDGE]))
    edge = alice.page.locator("[data-edge-id]").first
    box = rect(edge)
    alice.page.mouse.click(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2, button="right")
    choose(alice, "reverse-edge")
    expect(alice.page.locator("[data-edge-id][data-source=route]")).to_have_count(1)


def test_what_is_asked_without_a_connection_is_told(flow_of: Flow, opened: Open, network: Proxy) -> None:
    alice = opened("alice", flow_of([PLAN], on=network), on=network)
    menu_of(alice, "Plan")
    choose(alice, "explain")
    expect(alice.nodes).to_have_count(2)
    lost(network, alice)
    menu_of(alice, "Plan")
    choose(alice, "explain")
    expect(alice.page.locator(".toast")).to_contain_text("needs a connection")
    alice.complaints = []


def test_on_a_phone_the_menu_and_the_form_fit(flow_of: Flow, opened: Open) -> None:
    phone = opened("alice", flow_of([{**PLAN, "x": 40, "y": 40}]), **PHONE)
    phone.node("Plan").click(button="right", position={"x": 30, "y": 20})
    box = rect(phone.page.locator(MENU))
    assert box["y"] >= 0
    assert box["y"] + box["height"] <= 844
    choose(phone, "generate-children")
    form = rect(phone.page.locator("[data-action-form]"))
    assert form["width"] <= 390


@pytest.fixture(scope="module")
def small_bound() -> Any:
    """A server for which a flow of two nodes is a large one."""
    with behind_proxy(HELIX_LIMIT_ACTION_NODES="1") as (server, _proxy):
        yield server


def test_a_long_one_shows_its_progress_to_everybody(flow_of: Flow, opened: Open, small_bound: Any) -> None:
    flow = flow_of([PLAN, ROUTE], [EDGE], on=small_bound)
    alice, bob = opened("alice", flow, on=small_bound), opened("bob", flow, on=small_bound)
    alice.page.mouse.click(1000, 700)
    alice.page.keyboard.press("Shift+L")
    for tab in (alice, bob):
        expect(tab.page.locator("[role=status]", has_text=re.compile("Auto-layout"))).to_be_attached()
        expect(tab.page.locator("[data-job]")).to_have_count(0)
