"""Many people in one flow: their names, where they point and what they did can be told apart and read."""

import re
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from tests.browser.api import Api
from tests.browser.axe import findings
from tests.browser.conftest import Flow, Open
from tests.browser.editor_page import CALL, DRAWN, EditorPage, rect
from tests.browser.nodes import PLAN, REPLY, SEARCH
from tests.browser.test_everyone import PHONE
from tests.servers import Server

PASSWORD = "a long enough password"
# A person's connection without a page: `state` is what the others see.
COME = """([flow, state]) => new Promise((resolve) => {
  const socket = new WebSocket(`${location.origin.replace("http", "ws")}/ws/flows/${flow}/`);
  const hello = {type: "hello", protocol: 1, client: crypto.randomUUID(), since: null, format: "json"};
  socket.onopen = () => socket.send(JSON.stringify(hello));
  socket.onmessage = ({data}) => {
    const {type, you} = JSON.parse(data);
    if (type !== "welcome") return;
    globalThis.here = socket;
    globalThis.show = (more) => socket.send(JSON.stringify({type: "presence", ...more}));
    globalThis.show(state);
    resolve(you.colour);
  };
})"""
# All places where a node is drawn from now on; asked for, those of 20 frames more, in which any smoothing ends.
NOTE_PLACES = """(selector) => {
  const [node, all] = [document.querySelector(selector), new Set()];
  const note = () => all.add(node.style.transform) && requestAnimationFrame(note);
  note();
  const frame = () => new Promise(requestAnimationFrame);
  globalThis.places = async () => {
    for (let at = 0; at < 20; at += 1) await frame();
    return [...all];
  };
}"""
Crowd = Callable[[str, list[dict[str, object]]], list[tuple[Page, str]]]


@pytest.fixture
def crowd(context_for: Callable[..., BrowserContext], server: Server) -> Iterator[Crowd]:
    """`crowd(flow, states)`: as many editors in a flow, each showing such a state; their pages and colours."""

    def come(flow: str, states: list[dict[str, object]]) -> list[tuple[Page, str]]:
        people = []
        alice = Api(context_for("alice"))
        for at, state in enumerate(states):
            context = context_for(None)
            name = NAMES[at]
            email = f"{name.lower()}-{flow}@example.com"
            register(context, server, email, name)
            alice.call("POST", f"/flows/{flow}/members", {"email": email, "role": "editor"})
            page = context.new_page()
            page.goto("/healthz")
            people.append((page, str(page.evaluate(COME, [flow, state]))))
        return people

    yield come


NAMES = ("Bea", "Chidi", "Dana", "Emil", "Fatima", "Goran", "Hana")


def register(context: BrowserContext, server: Server, email: str, name: str) -> None:
    """Create an account and log its browser in, by the login page's form."""
    body = {"email": email, "password": PASSWORD, "name": name}
    answer = context.request.post(f"{server.url}/api/v1/auth/register", data=body)
    assert answer.status == 201, answer.text()
    page = context.request.get("/login/").text()
    token = page.partition('name="csrfmiddlewaretoken" value="')[2].partition('"')[0]
    form = {"csrfmiddlewaretoken": token, "email": email, "password": PASSWORD}
    assert "/login/" not in context.request.post("/login/", form=form, fail_on_status_code=True).url


def overlaps(boxes: list[Any]) -> list[tuple[Any, Any]]:
    """Return the pairs of boxes that cover each other."""
    return [
        (a, b)
        for at, a in enumerate(boxes)
        for b in boxes[:at]
        if a["x"] < b["x"] + b["width"]
        and b["x"] < a["x"] + a["width"]
        and a["y"] < b["y"] + b["height"]
        and b["y"] < a["y"] + a["height"]
    ]


def test_eight_people_in_one_flow_are_told_apart(flow_of: Flow, opened: Open, crowd: Crowd) -> None:
    flow = flow_of([PLAN, SEARCH, REPLY])
    alice = opened("alice", flow)
    (vera,) = (one["id"] for one in alice.call("GET", f"/flows/{flow}/members")["items"] if one["role"] == "viewer")
    alice.call("DELETE", f"/flows/{flow}/members/{vera}")  # there are nine colours, for as many members
    far = [{"selection": ["plan"], "cursor": [9000 + at, 100 + at]} for at in range(5)]
    near: list[dict[str, object]] = [{"selection": ["search"], "cursor": [500, 300]}, {"cursor": [300, 320]}]
    people = crowd(flow, [*far, *near])
    page = alice.page

    expect(page.locator("[data-roster] .more:visible")).to_have_text("+3")
    tags = page.locator(".outline .tags").filter(has_text="Bea").locator(".tag")
    expect(tags).to_have_text(["Bea", "Chidi", "Dana", "+2"])
    assert overlaps([rect(tag) for tag in tags.all()]) == []
    expect(page.locator(".outline .tags")).to_have_count(2)
    away = page.locator("[data-cursor][data-away]")
    expect(away).to_have_count(5)
    expect(away.locator(".chevron").first).to_be_visible()
    assert overlaps([rect(one) for one in away.locator(".tag").all()]) == []
    colours = [colour for _page, colour in people]
    assert len(set(colours)) == len(colours)
    for name, colour in zip(NAMES, colours, strict=False):
        expect(page.locator("[data-cursor]", has_text=name)).to_have_attribute("data-person-colour", colour)
    listed = {member["name"]: member["id"] for member in alice.call("GET", f"/flows/{flow}/members")["items"]}
    assert set(NAMES) <= set(listed)
    assert findings(page) == []

    people[0][0].evaluate("here.close()")
    expect(tags).to_have_count(0)
    expect(page.locator(".outline .tags").filter(has_text="Chidi").locator(".tag")).to_have_text(
        ["Chidi", "Dana", "Emil", "+1"]
    )


def test_one_who_follows_sees_whom_and_how_to_stop(flow_of: Flow, opened: Open, crowd: Crowd) -> None:
    flow = flow_of([PLAN, SEARCH])
    alice = opened("alice", flow)
    ((page_of_bea, colour),) = crowd(flow, [{"viewport": [2000, 1000, 0.5]}])
    page = alice.page
    banner = page.locator("[data-following]")
    expect(banner).to_have_count(0)
    page.locator("[data-roster] [data-person]", has_text="B").click()
    expect(banner).to_contain_text("Following Bea")
    expect(banner).to_have_attribute("data-person-colour", colour)
    expect(page.locator("[data-zoom-text]")).to_have_text("50%")
    assert findings(page) == []
    page.keyboard.press("Escape")
    expect(banner).to_have_count(0)
    page.locator("[data-roster] [data-person]", has_text="B").click()
    banner.get_by_role("button", name="Stop following Bea").click()
    expect(banner).to_have_count(0)
    page.locator("[data-roster] [data-person]", has_text="B").click()
    page_of_bea.evaluate("here.close()")
    expect(banner).to_have_count(0)


def test_an_edge_that_another_selects_is_in_their_colour_and_has_their_name(flow_of: Flow, opened: Open) -> None:
    flow = flow_of([PLAN, SEARCH], [{"id": "e", "source": "plan", "target": "search"}])
    alice, bob = opened("alice", flow), opened("bob", flow)
    colour = str(alice.page.locator("[data-roster] [data-person]", has_text="B").get_attribute("data-person-colour"))
    edge, line = alice.page.locator("#e-e"), alice.page.locator("#e-e .edge-line")
    tags = alice.page.locator(".edge-tags .tag")
    bob.page.mouse.click(*bob.centre(bob.page.locator("#e-e .edge-line")))
    expect(line).to_have_css("stroke", rgb(colour))
    expect(tags).to_have_text("Bob")
    box = rect(tags)
    assert box["y"] + box["height"] <= alice.centre(line)[1]
    alice.operate({"kind": "edit_edge", "id": "e", "set": {"label": "asks"}})
    expect(alice.page.locator(".edge-label", has_text="asks")).to_be_visible()
    expect(edge).to_have_attribute("data-person-colour", colour)
    alice.page.mouse.click(*alice.centre(line))
    expect(edge).to_have_attribute("data-selected", "")
    expect(line).not_to_have_css("stroke", rgb(colour))
    bob.page.keyboard.press("Escape")
    expect(tags).to_have_count(0)
    assert edge.get_attribute("data-person-colour") is None


def rgb(colour: str) -> str:
    """Return a colour as a computed style tells it."""
    return f"rgb({', '.join(str(int(colour[at : at + 2], 16)) for at in (1, 3, 5))})"


def test_one_who_is_idle_is_dim_and_points_nowhere(flow_of: Flow, opened: Open, crowd: Crowd) -> None:
    flow = flow_of([PLAN])
    alice = opened("alice", flow)
    ((bea, _colour),) = crowd(flow, [{"cursor": [300, 300]}])
    avatar, cursor = (
        alice.page.locator("[data-roster] [data-person]", has_text="B"),
        alice.page.locator("[data-cursor]"),
    )
    expect(cursor).to_have_css("opacity", "1")
    expect(avatar).not_to_have_attribute("data-idle", "")
    bea.evaluate("show({status: 'idle'})")
    expect(avatar).to_have_attribute("data-idle", "")
    expect(cursor).to_have_css("opacity", "0")
    bea.evaluate("show({status: 'active'})")
    expect(cursor).to_have_css("opacity", "1")
    expect(avatar).not_to_have_attribute("data-idle", "")


def test_my_own_avatar_is_the_first(flow_of: Flow, opened: Open) -> None:
    flow = flow_of([PLAN])
    alice, bob = opened("alice", flow), opened("bob", flow)
    expect(alice.page.locator("[data-roster] [data-person]")).to_have_text(["A", "B"])
    expect(bob.page.locator("[data-roster] [data-person]")).to_have_text(["B", "A"])


def test_a_cursor_is_as_large_at_every_zoom_and_in_the_colour_of_its_avatar(
    flow_of: Flow, opened: Open, crowd: Crowd
) -> None:
    flow = flow_of([PLAN])
    alice = opened("alice", flow)
    ((bea, colour),) = crowd(flow, [{"cursor": [300, 300], "viewport": [300, 300, 0.5]}])
    page = alice.page
    avatar, tag = page.locator("[data-roster] [data-person]", has_text="B"), page.locator("[data-cursor] .tag")
    expect(avatar).to_have_attribute("data-person-colour", colour)
    expect(tag).to_have_css("background-color", rgb(colour))
    avatar.click()
    heights = []
    for zoom in (0.5, 2):
        bea.evaluate("(zoom) => show({viewport: [300, 300, zoom]})", zoom)
        expect(page.locator("[data-zoom-text]")).to_have_text(f"{zoom:.0%}")
        page.evaluate(DRAWN)
        heights.append(rect(tag)["height"])
    assert heights == [pytest.approx(20, abs=0.1)] * 2


def test_a_drag_that_is_told_after_its_edit_moves_nothing(flow_of: Flow, opened: Open, crowd: Crowd) -> None:
    flow = flow_of([PLAN])
    alice = opened("alice", flow)
    ((bea, _colour),) = crowd(flow, [{"status": "active"}])
    alice.operate({"kind": "move_node", "id": PLAN["id"], "x": 400, "y": 240})
    expect(alice.node("Plan")).to_have_attribute("data-x", "400")
    alice.page.evaluate(NOTE_PLACES, f"#n-{PLAN['id']}")
    drag = {"ids": [PLAN["id"]], "dx": 96, "dy": 48, "x": 400, "y": 240}
    bea.evaluate("(state) => show(state)", {"drag": drag, "cursor": [300, 300]})
    expect(alice.page.locator("[data-cursor]")).to_have_count(1)
    bea.evaluate("(id) => show({drag: null, selection: [id]})", PLAN["id"])
    expect(alice.page.locator(".outline .tag", has_text="Bea")).to_be_visible()
    assert len(alice.page.evaluate("globalThis.places()")) == 1


def test_a_second_drag_leaves_nothing_of_the_first(flow_of: Flow, opened: Open, crowd: Crowd) -> None:
    """Of two drags in a row the end of the first may be passed over: presence is the newest state alone."""
    flow = flow_of([PLAN, SEARCH])
    alice = opened("alice", flow)
    ((bea, _colour),) = crowd(flow, [{"status": "active"}])
    plan = alice.node("Plan")
    for node in (PLAN, SEARCH):
        drag = {"ids": [node["id"]], "dx": 96, "dy": 0, "x": node["x"] + 96, "y": node["y"]}
        bea.evaluate("(drag) => show({drag})", drag)
        expect(alice.node(node["label"])).to_have_css("transform", f"matrix(1, 0, 0, 1, {node['x'] + 96}, {node['y']})")
    alice.operate({"kind": "move_node", "id": "plan", "x": 96, "y": 144})
    expect(plan).to_have_css("transform", "matrix(1, 0, 0, 1, 96, 144)")


def test_two_tabs_of_one_person_are_one_avatar(flow_of: Flow, opened: Open) -> None:
    flow = flow_of([PLAN])
    alice, bob, again = opened("alice", flow), opened("bob", flow), opened("bob", flow)
    expect(alice.page.locator("[data-roster] [data-person]")).to_have_count(2)
    bob.page.mouse.move(*bob.centre(bob.node("Plan")))
    expect(alice.page.locator("[data-cursor]")).to_have_count(1)
    bob.page.close()
    expect(alice.page.locator("[data-cursor]")).to_have_count(0)  # she has heard that this tab has left
    alice.operate({"kind": "edit_node", "id": "plan", "set": {"label": "Planner"}})
    expect(again.node("Planner")).to_be_visible()
    expect(alice.page.locator("[data-roster] [data-person]")).to_have_count(2)


def said(tab: EditorPage, text: str | re.Pattern[str]) -> None:
    expect(tab.page.locator("[role=status]", has_text=text).first).to_be_attached()


def test_what_others_did_is_said_in_words(flow_of: Flow, opened: Open) -> None:
    flow = flow_of([PLAN, SEARCH, REPLY], [{"id": "e", "source": "plan", "target": "search"}])
    alice, bob = opened("alice", flow), opened("bob", flow)
    moves = [
        {"kind": "move_node", "id": id, "x": x, "y": 400} for id, x in (("plan", 96), ("search", 400), ("reply", 696))
    ]
    bob.operate(*moves)
    said(alice, "Bob moved Plan and 2 more.")
    expect(alice.page.locator("[data-activity]")).to_have_text("Bob moved Plan and 2 more.")
    bob.operate(
        {"kind": "edit_node", "id": "plan", "set": {"label": "Planner"}},
        {"kind": "remove_node", "id": "search"},
    )
    said(alice, "Bob deleted Search. Bob renamed “Plan” to “Planner”.")
    bob.operate({"kind": "add_edge", "edge": {"id": "f", "source": "plan", "target": "reply"}})
    said(alice, "Bob connected Planner → Reply.")
    assert "Bob" not in " ".join(bob.page.locator("[role=status]").all_text_contents())
    expect(bob.page.locator("[data-activity]:visible")).to_have_count(0)


def test_a_field_says_above_it_who_is_in_it(flow_of: Flow, opened: Open, crowd: Crowd) -> None:
    flow = flow_of([PLAN])
    alice = opened("alice", flow)
    alice.node("Plan").click(position={"x": 8, "y": 8})
    (first, _), (second, _) = crowd(flow, [{"selection": ["plan"], "field": "label"}, {"selection": ["plan"]}])
    tag = alice.page.locator("[data-field=label] .editing-tag")
    expect(tag).to_have_text("Bea is editing")
    label, field = rect(tag), rect(alice.field("label"))
    assert label["y"] + label["height"] <= field["y"]
    second.evaluate("show({field: 'label'})")
    expect(tag).to_have_text("Bea and 1 more are editing")
    assert findings(alice.page) == []
    first.evaluate("show({field: null})")
    expect(tag).to_have_text("Chidi is editing")


def test_on_a_phone_the_list_opens_and_its_people_are_followed(flow_of: Flow, opened: Open, crowd: Crowd) -> None:
    flow = flow_of([PLAN, SEARCH])
    people = crowd(flow, [{"viewport": [0, 0, 1], "cursor": [5000, 0]}, {"viewport": [900, 0, 1], "cursor": [5000, 4]}])
    phone = opened("alice", flow, **PHONE)
    move = {"operations": [{"kind": "move_node", "id": "plan", "x": 96, "y": 400}]}
    people[1][0].evaluate(CALL, ["POST", f"/flows/{flow}/operations", move])
    said(phone, "Chidi moved Plan.")
    phone.page.locator("[data-roster] .more:visible button").tap()
    row = phone.page.get_by_role("dialog", name="People in this flow").get_by_role("button", name="Chidi")
    expect(row).to_contain_text("Chidi moved Plan.")
    row.tap()
    banner = phone.page.locator("[data-following]")
    expect(banner).to_contain_text("Following Chidi")
    box = rect(banner)
    assert box["x"] >= 0
    assert box["x"] + box["width"] <= 390
    assert findings(phone.page) == []
