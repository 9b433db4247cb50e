"""Work in proportion to what changed: counted, never timed. `bench.frames` has the times."""

from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import BrowserContext, Route, expect

from tests.browser.conftest import WINDOW, Flow, Open
from tests.browser.editor_page import DRAWN, EditorPage, rect, wait_until

COUNT = """(names) => {
  globalThis.counted = {};
  for (const [name, selector] of Object.entries(names)) {
    counted[name] = 0;
    const watched = document.querySelector(selector);
    new MutationObserver(() => (counted[name] += 1)).observe(watched, {childList: true});
  }
}"""
WHEEL = """async ([frames, by]) => {
  const canvas = document.querySelector("[data-canvas]");
  const {left, top, width, height} = canvas.getBoundingClientRect();
  for (let at = 0; at < frames; at += 1) {
    canvas.dispatchEvent(new WheelEvent("wheel", {
      ctrlKey: true, deltaY: by, clientX: left + width / 2, clientY: top + height / 2, bubbles: true, cancelable: true,
    }));
    await new Promise(requestAnimationFrame);
  }
}"""


def nodes(count: int) -> list[dict[str, Any]]:
    return [
        {"id": f"n{at}", "kind": "agent", "x": at % 40 * 200, "y": at // 40 * 120, "label": f"Node {at}"}
        for at in range(count)
    ]


def test_what_somebody_removes_of_my_selection_is_one_change(flow_of: Flow, opened: Open) -> None:
    flow = flow_of(nodes(300))
    alice, bob = opened("alice", flow), opened("bob", flow)
    alice.page.locator("[data-canvas]").focus()
    alice.page.keyboard.press("Control+a")
    expect(alice.page.locator("#n-n0[data-selected]")).to_be_attached()
    alice.page.locator(".selected-list, [data-inspector-form]").first.wait_for()
    alice.page.evaluate(COUNT, {"forms": "#inspector"})

    bob.operate({"kind": "batch", "operations": [{"kind": "remove_node", "id": f"n{at}"} for at in range(299)]})

    expect(alice.nodes).to_have_count(1)
    expect(alice.field("label")).to_have_value("Node 299")
    assert alice.page.evaluate("counted.forms") <= 2


def test_the_canvas_of_a_large_flow_is_fetched_once_on_a_first_visit(
    flow_of: Flow, context_for: Callable[..., BrowserContext]
) -> None:
    """A worker that comes while the canvas is on its way keeps that one."""
    flow = flow_of(nodes(2_100))
    context = context_for("alice", worker=True, viewport=WINDOW)
    asked: list[str] = []
    held: list[Route] = []
    path = f"/flows/{flow}/canvas"
    context.on("request", lambda request: asked.append(request.url) if request.url.endswith(path) else None)
    context.route(f"**{path}", lambda route: held.append(route), times=1)  # noqa: PLW0108
    alice = EditorPage(context, flow).live()
    kept = "async (path) => Boolean(await caches.match(path, {ignoreVary: true}))"
    wait_until(alice.page, kept, f"/flows/{flow}/")
    held[0].continue_()
    wait_until(alice.page, kept, path)

    assert len(asked) == 1


def test_a_zoom_changes_no_style_but_the_transform(flow_of: Flow, opened: Open) -> None:
    alice = opened("alice", flow_of(nodes(100)))
    expect(alice.page.locator("#n-n99[data-problem]")).to_be_attached()  # problems come later, and change nodes
    alice.page.locator("[data-tool=zoom-reset]").click()
    expect(alice.page.locator("[data-zoom-text]")).to_have_text("100%")
    alice.page.evaluate("""() => {
      globalThis.written = new Set();
      const note = (list) => list.forEach(({target, attributeName}) =>
        written.add(`${target.dataset.canvas ?? target.dataset.layer ?? target.localName} ${attributeName}`));
      const canvas = document.querySelector("[data-canvas]");
      globalThis.zooms = new Set();
      globalThis.watch = new MutationObserver(note);
      watch.observe(canvas, {attributes: true, subtree: true});
      zooms.add(getComputedStyle(document.querySelector("helix-node")).getPropertyValue("--zoom"));
    }""")
    alice.page.evaluate(WHEEL, [6, -4])
    inherited = alice.page.evaluate("""() => {
      zooms.add(getComputedStyle(document.querySelector("helix-node")).getPropertyValue("--zoom"));
      return [zooms.size, [...written].sort()];
    }""")
    assert inherited[0] == 1
    assert [name for name in inherited[1] if name.startswith("helix-node")] == []


def test_what_is_selected_comes_into_the_document_only_when_it_is_seen(flow_of: Flow, opened: Open) -> None:
    alice = opened("alice", flow_of(nodes(900)))
    alice.page.locator("[data-tool=zoom-reset]").click()
    expect(alice.page.locator("[data-zoom-text]")).to_have_text("100%")
    canvas = alice.page.locator("[data-canvas]")
    canvas.focus()
    alice.page.evaluate(WHEEL, [60, 0])
    alice.page.wait_for_function("() => document.querySelectorAll('helix-node').length < 200")
    alice.page.keyboard.press("Control+a")
    expect(alice.page.locator("[data-chosen] helix-node[data-selected]").first).to_be_attached()
    alice.page.evaluate(WHEEL, [20, -1])
    assert alice.nodes.count() < 200
    alice.page.keyboard.press("Escape")

    canvas.focus()
    alice.page.keyboard.press("Tab")
    expect(alice.node("Node 0")).to_be_focused()
    expect(alice.node("Node 0")).to_be_in_viewport()


def test_no_rule_looks_for_what_is_inside_the_canvas(flow_of: Flow, opened: Open) -> None:
    """Each node that comes, goes or is marked would be looked at for it as long as the canvas has the focus."""
    alice = opened("alice", flow_of(nodes(4)))
    rules = alice.page.evaluate("""() => [...document.styleSheets].flatMap(({cssRules}) => [...cssRules])
      .flatMap((rule) => [rule, ...(rule.cssRules ?? [])]).map(({selectorText}) => selectorText ?? "")""")
    assert len(rules) > 500
    around = [rule for rule in rules if ":has(" in rule and any(name in rule for name in ("canvas", "world", "editor"))]
    assert around == []


def test_the_canvas_shows_its_focus_only_while_nothing_is_selected(flow_of: Flow, opened: Open) -> None:
    alice = opened("alice", flow_of(nodes(4)))
    canvas = alice.page.locator("[data-canvas]")
    alice.page.keyboard.press("Tab")
    canvas.focus()
    expect(canvas).not_to_have_css("box-shadow", "none")
    alice.page.keyboard.press("Control+a")
    expect(alice.page.locator("helix-node[data-selected]")).to_have_count(4)
    expect(canvas).to_be_focused()
    expect(canvas).to_have_css("box-shadow", "none")
    alice.page.keyboard.press("Escape")
    expect(canvas).not_to_have_css("box-shadow", "none")


def test_the_minimap_asks_for_no_style_when_it_is_painted(flow_of: Flow, opened: Open) -> None:
    alice = opened("alice", flow_of(nodes(20)))
    alice.page.wait_for_function("() => document.querySelectorAll('[data-minimap] canvas').length === 2")
    alice.page.evaluate(DRAWN)
    alice.page.evaluate("""() => {
      globalThis.asked = globalThis.painted = 0;
      const {getComputedStyle} = globalThis;
      globalThis.getComputedStyle = (element, ...rest) => {
        if (element.matches("[data-minimap]")) asked += 1;
        return getComputedStyle(element, ...rest);
      };
      const {fillRect} = CanvasRenderingContext2D.prototype;
      CanvasRenderingContext2D.prototype.fillRect = function (...rect) {
        painted += 1;
        return fillRect.apply(this, rect);
      };
    }""")
    alice.operate({"kind": "move_node", "id": "n3", "x": 400, "y": 400})
    alice.page.wait_for_function("() => painted >= 20")
    assert alice.page.evaluate("asked") == 0


def test_the_frame_of_the_minimap_follows_the_theme(flow_of: Flow, opened: Open) -> None:
    alice = opened("alice", flow_of(nodes(4)))
    alice.page.wait_for_function("""() => {
      const frame = document.querySelectorAll("[data-minimap] canvas")[1];
      const {width, height} = frame ?? {};
      const blank = Object.assign(document.createElement("canvas"), {width, height});
      return frame && frame.toDataURL() !== blank.toDataURL();
    }""")
    drawn = "() => document.querySelectorAll('[data-minimap] canvas')[1].toDataURL()"
    alice.page.evaluate("document.documentElement.dataset.theme = 'light'")
    colour = "() => getComputedStyle(document.querySelector('[data-minimap]')).color"
    light = alice.page.evaluate(colour)
    alice.page.evaluate(DRAWN)
    before = alice.page.evaluate(drawn)
    alice.page.evaluate("document.documentElement.dataset.theme = 'dark'")
    assert alice.page.evaluate(colour) != light
    alice.page.evaluate(DRAWN)
    assert alice.page.evaluate(drawn) != before


def test_a_view_is_found_again_and_a_flow_that_has_left_it_is_shown_whole(flow_of: Flow, opened: Open) -> None:
    flow = flow_of(nodes(4))
    alice = opened("alice", flow)
    alice.page.evaluate(WHEEL, [8, 10])
    world = alice.page.locator("[data-world]")
    expect(alice.page.locator("[data-zoom-text]")).to_have_text("51%")
    alice.page.wait_for_function("() => localStorage.getItem('helix.views')?.includes('0.51')")
    place = world.evaluate("(world) => world.style.transform")
    alice.open(flow).live()
    assert world.evaluate("(world) => world.style.transform") == place

    moved = [{"kind": "move_node", "id": f"n{at}", "x": 90_000 + at * 200, "y": 90_000} for at in range(4)]
    alice.operate({"kind": "batch", "operations": moved})
    alice.open(flow).live()
    expect(alice.node("Node 0")).to_be_in_viewport()


@pytest.mark.parametrize("apart", [242, 280])
def test_the_first_view_is_in_the_middle_and_large(flow_of: Flow, opened: Open, apart: int) -> None:
    """The flow is 870 or 984 wide, the canvas 952."""
    alice = opened("alice", flow_of([{**node, "x": at * apart} for at, node in enumerate(nodes(4))]))
    canvas = rect(alice.page.locator("[data-canvas]"))
    boxes = [rect(alice.node(f"Node {at}")) for at in (0, 3)]
    assert boxes[0]["width"] >= 0.9 * 144
    left, right = boxes[0]["x"] - canvas["x"], canvas["x"] + canvas["width"] - boxes[1]["x"] - boxes[1]["width"]
    assert left == pytest.approx(right, abs=1.5)
    assert left >= 16


def test_nodes_stay_whole_when_they_are_small(flow_of: Flow, opened: Open) -> None:
    alice = opened("alice", flow_of(nodes(4)))
    shown = """() => {
      const node = document.querySelector("#n-n0");
      const {height} = node.getBoundingClientRect();
      const seen = (selector) => node.querySelector(selector)?.checkVisibility() ?? false;
      const size = (selector) => parseFloat(getComputedStyle(node.querySelector(selector)).fontSize);
      const zoom = height / node.offsetHeight;
      return {
        head: node.querySelector(".node-head").getBoundingClientRect().height / height,
        footer: seen(".node-footer"), second: seen(".node-second"), label: seen(".node-label"), chip: seen(".chip"),
        letters: size(".node-label") * zoom,
      };
    }"""
    lod = alice.page.locator("[data-canvas]")

    alice.page.evaluate(WHEEL, [4, 15])
    expect(lod).to_have_attribute("data-lod", "compact")
    small = alice.page.evaluate(shown)
    assert small["head"] > 0.9
    assert small["letters"] >= 8
    assert (small["footer"], small["second"], small["label"], small["chip"]) == (False, False, True, True)

    alice.page.evaluate(WHEEL, [3, 15])
    expect(lod).to_have_attribute("data-lod", "chip")
    smaller = alice.page.evaluate(shown)
    assert smaller["head"] > 0.9
    assert (smaller["footer"], smaller["label"], smaller["chip"]) == (False, False, True)
