"""Typing is never lost: what stands in a field stays there, whatever others, network and server do meanwhile."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import WINDOW, Context, Draw, behind_proxy
from tests.browser.editor_page import EditorPage
from tests.browser.inspector import choose, compose, error_of, node_of
from tests.browser.panel import lost
from tests.proxy import Proxy
from tests.servers import Server

MANY_MOVES = [{"kind": "move_node", "id": "c", "x": 400, "y": 8 * step} for step in range(1, 10)]
HAS_ERROR = "[aria-invalid=true]"


@pytest.fixture(scope="module")
def _behind_proxy() -> Iterator[tuple[Server, Proxy]]:
    """A server that sends a whole canvas to whoever is more than five changes behind."""
    with behind_proxy(HELIX_LIMIT_CATCH_UP="5") as server_and_proxy:
        yield server_and_proxy


def test_others_write_into_the_fields_i_am_not_in(drawn: Draw) -> None:
    tab = choose(drawn(), "a")
    label = tab.field("label")
    label.press("End")
    label.press_sequentially("ner")
    tab.operate(
        {"kind": "edit_node", "id": "a", "set": {"label": "Theirs", "settings": {"model": "m-2", "temperature": None}}}
    )
    expect(tab.field("settings.model")).to_have_value("m-2")
    expect(tab.field("settings.temperature")).to_have_value("0.7")
    expect(label).to_have_value("Planner")
    expect(label).to_be_focused()
    label.press("Tab")
    stored = node_of(tab, "a")["label"]
    expect(label).to_have_value(stored)


@pytest.mark.parametrize("restart", [False, True], ids=["the socket is cut", "the server is restarted"])
def test_the_field_its_caret_and_its_text_outlast_a_lost_connection(
    drawn: Draw, behind: Server, network: Proxy, *, restart: bool
) -> None:
    tab = choose(drawn(), "a")
    label = tab.field("label")
    label.press("End")
    label.press_sequentially("ning")
    label.press("ArrowLeft")
    if restart:
        behind.terminate()
    else:
        network.cut()
    label.press_sequentially("x")
    if restart:
        tab.live("offline")
        label.press_sequentially("y")
        behind.start()
    tab.live()
    label.press_sequentially("z")
    expect(label).to_be_focused()
    typed = "Planninxyzg" if restart else "Planninxzg"
    expect(label).to_have_value(typed)
    assert label.evaluate("field => field.selectionStart") == len(typed) - 1
    expect(tab.node(typed)).to_have_count(1)
    assert node_of(tab, "a")["label"] == typed


def test_a_whole_canvas_leaves_the_field_alone(
    drawn: Draw, context_for: Context, behind: Server, network: Proxy
) -> None:
    tab = choose(drawn(), "a")
    other = EditorPage(context_for("alice", on=behind, viewport=WINDOW), tab.flow).live()
    label = tab.field("label")
    label.press("End")
    lost(network, tab)
    label.press_sequentially("ner")
    other.operate(*MANY_MOVES, {"kind": "edit_node", "id": "a", "set": {"settings": {"model": "m-2"}}})
    with tab.page.expect_response(lambda response: response.url.endswith("/canvas")):
        network.accept()
        tab.live()
    expect(tab.field("settings.model")).to_have_value("m-2")
    label.press_sequentially("!")
    expect(label).to_be_focused()
    expect(tab.node("Planner!")).to_have_count(1)
    assert node_of(tab, "a")["label"] == "Planner!"


def test_what_was_refused_waits_to_be_mended(drawn: Draw) -> None:
    tab = choose(drawn(), "a")
    tab.field("settings.temperature").fill("7")
    expect(error_of(tab, "settings.temperature")).to_contain_text("from 0 to 1")
    choose(tab, "b")
    expect(tab.page.locator(f"#inspector {HAS_ERROR}")).to_have_count(0)
    choose(tab, "a")
    expect(tab.field("settings.temperature")).to_have_value("7")
    expect(error_of(tab, "settings.temperature")).to_contain_text("from 0 to 1")
    tab.field("settings.temperature").fill("0.9")
    expect(error_of(tab, "settings.temperature")).to_be_hidden()
    assert node_of(tab, "a")["settings"]["temperature"] == 0.9
    choose(tab, "b")
    choose(tab, "a")
    expect(tab.page.locator(f"#inspector {HAS_ERROR}")).to_have_count(0)


def test_who_may_not_write_any_more_keeps_the_text_and_sends_it_when_they_may_again(
    drawn: Draw, context_for: Context, network: Proxy
) -> None:
    tab = drawn()
    member = {"email": "bob@example.com", "role": "editor"}
    bob_id = tab.call("POST", f"/flows/{tab.flow}/members", member)["id"]
    bob = choose(EditorPage(context_for("bob", on=network, viewport=WINDOW), tab.flow).live(), "a")
    bob.field("description").focus()
    compose(bob, "途中")
    tab.call("PATCH", f"/flows/{tab.flow}/members/{bob_id}", {"role": "viewer"})
    bob.live("read-only")
    expect(error_of(bob, "description")).to_contain_text("not saved")
    expect(bob.field("description")).to_have_value("途中")
    assert not bob.field("description").is_editable()
    tab.call("PATCH", f"/flows/{tab.flow}/members/{bob_id}", {"role": "editor"})
    bob.live()
    expect(bob.field("description")).to_be_editable()
    expect(bob.page.locator("#inspector [data-command=menu]")).to_have_count(1)
    bob.field("description").press("End")
    bob.field("description").press_sequentially("!")
    expect(error_of(bob, "description")).to_be_hidden()
    expect(bob.page.locator("#n-a")).to_have_attribute("data-description", "途中!")


def test_typing_in_one_field_is_one_step_however_often_one_pauses(drawn: Draw) -> None:
    tab = choose(drawn(), "a")
    label = tab.field("label")
    label.press("End")
    for word in ("One", "Two", "Three"):
        label.press_sequentially(word)
        expect(tab.node(label.input_value())).to_have_count(1)
    tab.field("description").press_sequentially("Why")
    undo = tab.page.locator("[data-tool=undo]")
    undo.click()
    expect(tab.field("description")).to_have_value("")
    expect(label).to_have_value("PlanOneTwoThree")
    undo.click()
    expect(label).to_have_value("Plan")
    assert node_of(tab, "a")["label"] == "Plan"
