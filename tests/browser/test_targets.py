"""On touch, what is pressed most is 44 px large and all else at least 24; less motion and more contrast are had."""

from collections.abc import Callable

from playwright.sync_api import BrowserContext, Page, expect

from tests.browser.conftest import Flow, Open
from tests.browser.editor_page import EditorPage
from tests.browser.inspector import form_of
from tests.browser.test_everyone import LINKS, PHONE, SMALL
from tests.browser.views import still

MAIN = """.bar .icon-button, .bar .run-button, .problems-button, [data-tools] button, [data-tool=add],
  [data-node-actions] button, .panel-head button, .panel-tabs button, .panel-body :is(.input, .select), .empty-action,
  .outline-add, [role=option], [role=treeitem], [role=menuitem], .menu > :is(a, button), .dialog-head button,
  .dialog-foot :is(a, button), .find-row button, .library-head :is(a, button), .sections a, .view-switch a,
  .starters :is(a, button), .sort, .star,
  .card-drop > summary, .toast button"""
OTHERS = """:is(a[href], button, input:not([type=hidden]), select, textarea, summary):not([role=treeitem] a),
  [role=option], [role=treeitem]"""
OPEN = "dialog[open], .find:not([hidden])"
# How large each control is where a finger meets it: without what lies over it, with what it adds around itself.
# Not measured is what is out of the window and cannot be scrolled into it, a part of the drawing that something lies
# over, which people move aside, and what floats over the canvas where a panel lies over both, which they close.
TOO_SMALL = """([within, main, others]) => {
  const is = (one, hit) => hit && (one.contains(hit) || hit.closest("label")?.control === one);
  const reach = (one, x, y, dx, dy) => {
    let far = 0;
    while (far < 22 && is(one, document.elementFromPoint(x + dx * (far + 1), y + dy * (far + 1)))) far += 1;
    return far;
  };
  const mayLieUnder = (one, top) =>
    one.closest("[data-node-id]") || (top.closest("[data-panel]") && !one.closest("[data-panel], .bar"));
  const [root] = [...document.querySelectorAll(within)].filter((one) => one.checkVisibility());
  const isSeen = (one) => one.checkVisibility({ opacityProperty: true, visibilityProperty: true });
  const all = [...root.querySelectorAll(others)].filter(
    (one) => !one.closest("[inert], .visually-hidden") && isSeen(one)
  );
  const measured = all.map((one) => {
    // What only shows its head is not scrolled by a finger.
    if (!one.closest("[data-sheet=peek]")) one.scrollIntoView({ block: "nearest", inline: "nearest" });
    const box = one.getBoundingClientRect();
    const [x, y] = [box.x + box.width / 2, box.y + box.height / 2];
    const top = document.elementFromPoint(x, y);
    if (box.width <= 2 || !top) return null;
    if (!is(one, top) && mayLieUnder(one, top)) return null;
    if (!is(one, top)) return `${one.outerHTML.slice(0, 120)} is under ${top.outerHTML.slice(0, 120)}`;
    const along = (dx, dy) => reach(one, x, y, dx, dy) + reach(one, x, y, -dx, -dy) + 1;
    const size = [along(1, 0), along(0, 1)];
    // A probe from the middle may miss half a pixel on each side.
    const isLarge = Math.min(...size) >= (one.matches(main) ? 43 : 23);
    return isLarge ? "" : `${one.outerHTML.slice(0, 120)} is ${size.join(" × ")}`;
  }).filter((one) => one !== null);
  return [measured.length, measured.filter(Boolean)];
}"""


def small(page: Page, least: int, within: str = "body") -> list[str]:
    """Return the controls that are too small for a finger, or that something lies over; there are so many at least."""
    still(page)
    number, found = page.evaluate(TOO_SMALL, [within, MAIN, OTHERS])
    assert number >= least, f"{number} controls in {within}"
    return [str(one) for one in found]


def test_the_editor_on_a_phone_has_room_for_a_finger(flow_of: Flow, opened: Open) -> None:
    alice = opened("alice", flow_of(SMALL, LINKS), **PHONE)
    page = alice.page
    found = small(page, 10)
    page.locator("summary[aria-label=More]").tap()
    expect(page.locator("details[open] > .menu")).to_be_visible()
    found += small(page, 8, "details[open] > .menu")
    page.locator("[data-command=outline]:visible").tap()
    expect(page.get_by_role("treeitem").first).to_be_visible()
    found += small(page, 20)
    page.locator(".panel-close:visible").tap()
    alice.node("Ask").tap()
    expect(form_of(alice, "a")).to_be_visible()
    found += small(page, 15)
    for height in ("half", "full"):
        page.locator("[data-command=raise]").tap()
        expect(page.locator("[data-panel=inspector]")).to_have_attribute("data-sheet", height)
        found += small(page, 25)
    page.locator("[data-command=deselect]").tap()
    page.locator("[data-canvas]").click(button="right", position={"x": 30, "y": 560})
    found += small(page, 12, "[role=menu]")
    page.keyboard.press("Escape")
    for keys, least in (("/", 10), ("Control+k", 40), ("Control+f", 4), ("Control+e", 10), ("?", 1)):
        page.locator("[data-canvas]").focus()
        page.keyboard.press(keys)
        expect(page.locator(OPEN).first).to_be_visible()
        found += small(page, least, OPEN)
        page.keyboard.press("Escape")
    assert found == [], "\n".join(found)


def test_the_library_and_an_empty_flow_on_a_phone_have_room_for_a_finger(flow_of: Flow, opened: Open) -> None:
    alice = opened("alice", flow_of(), **PHONE)
    assert small(alice.page, 10) == []
    alice.page.goto("/")
    alice.page.locator(".card").first.wait_for()
    assert small(alice.page, 20) == []


def test_less_motion_and_more_contrast_are_had_by_who_asks(
    flow_of: Flow, context_for: Callable[..., BrowserContext]
) -> None:
    flow = flow_of(SMALL, LINKS)
    tab = EditorPage(context_for("alice", reduced_motion="reduce", contrast="more"), flow).live()
    value = "name => getComputedStyle(document.documentElement).getPropertyValue(name)"
    for name, wanted in (("--menu-in", "0ms"), ("--panel-in", "0ms"), ("--edge-width", "2px")):
        assert tab.page.evaluate(value, name) == wanted
    tab.page.locator("[data-canvas]").click(button="right", position={"x": 30, "y": 30})
    slow = "() => document.getAnimations().some((one) => one.effect.getComputedTiming().duration > 80)"
    expect(tab.page.get_by_role("menu")).to_be_visible()
    assert not tab.page.evaluate(slow)
