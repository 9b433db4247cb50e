"""One story from end to end: an account, a team, a flow that three edit, and two of their ways in closed again.

What is asserted is the order in which things happen, never how long they take; `pytest -s` prints that.
"""

import secrets
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from playwright.sync_api import BrowserContext, expect

from tests.browser.conftest import WINDOW, Context
from tests.browser.editor_page import PATIENCE_MS, EditorPage
from tests.browser.gestures import rename
from tests.browser.test_guests import came
from tests.browser.test_sharing import dialog
from tests.browser.watched import watch

# Keeps a page's sockets and what they hear, so that a test can send what the page itself no longer would.
KEEP_SOCKETS = """window.sockets = []; window.heard = [];
window.WebSocket = class extends WebSocket {
  constructor(...given) {
    super(...given);
    sockets.push(this);
    this.addEventListener("message", ({data}) => heard.push(data));
    this.addEventListener("close", ({code}) => heard.push(`closed ${code}`));
  }
};"""
SEND = """(text) => sockets.at(-1).send(text)"""
COME_AGAIN = """(address) => new Promise((done) => {
  const socket = new WebSocket(address);
  socket.onclose = ({code}) => done(code);
})"""
REFUSED = """(seq) => heard.map((one) => one.startsWith("{") ? JSON.parse(one) : {})
  .find((one) => one.type === "refused" && one.seq === seq)?.code"""


def test_three_edit_until_the_owner_closes_the_link_and_the_editor_only_looks(context_for: Context) -> None:
    contexts = {name: context_for(who, viewport=WINDOW) for name, who in (("ada", None), ("bob", "bob"), ("gus", None))}
    for context in contexts.values():
        context.add_init_script(KEEP_SOCKETS)
    said = {name: watch(context) for name, context in contexts.items()}

    # Ada signs up, makes a team and a flow in it.
    ada = with_a_team_and_a_flow(contexts["ada"])
    team_flow = ada.stored()
    assert team_flow["role"] == "owner"
    ada.add("agent", "Plan", (700, 400)).settled()
    plan = ada.page.locator("[data-node-id]").get_attribute("data-node-id") or ""

    # She shares it with bob, and with whoever has the link.
    share = dialog(ada)
    share.get_by_label("E-mail address, name or team").fill("bob@example.com")
    share.get_by_label("Role", exact=True).first.select_option("editor")
    share.get_by_role("button", name="Invite").click()
    expect(share.get_by_role("status").first).to_have_text("Added.")
    share.locator("#new-link").click()
    share.locator("#new-link-role").select_option("editor")
    share.get_by_role("button", name="Create link").click()
    expect(share.get_by_role("status").first).to_have_text("Link created.")
    url = share.get_by_label("Address of the link").input_value()
    ada.page.keyboard.press("Escape")

    # All three edit, and see what the others do.
    bob = EditorPage(contexts["bob"], ada.flow).live()
    gus = came(contexts["gus"], {"url": url}).live()
    everybody = {"Ada": ada, "Bob": bob, "Gus": gus}
    for name, tab in everybody.items():
        rename(tab, plan, f"By {name}")
        for other in everybody.values():
            expect(other.node(f"By {name}")).to_be_visible()
        tab.settled()
    before = changes(ada)
    assert [one["actor"]["name"] for one in before[-3:]] == ["Ada Lovelace", "Bob", "Gus"]

    # She switches the link off: the guest is out.
    share = dialog(ada)
    with timed("the guest was out"):
        share.locator(".share-link").get_by_role("switch").uncheck()
        expect(gus.page.get_by_text("You no longer have access to this flow.")).to_be_visible(timeout=PATIENCE_MS)
    expect(share.locator(".share-link")).to_contain_text("Switched off")
    assert gus.page.evaluate("heard.at(-1)") == "closed 4403"
    assert gus.page.evaluate("sockets.at(-1).readyState") == 3
    address = gus.page.evaluate("sockets.at(-1).url")
    assert gus.page.evaluate(COME_AGAIN, address) in {1006, 4401, 4403, 4404}

    # She makes bob a viewer: his page says so.
    with timed("the editor's page was read-only"):
        share.get_by_label("Role of Bob").select_option("viewer")
        expect(bob.root).to_have_attribute("data-connection", "read-only", timeout=PATIENCE_MS)
    expect(bob.page.locator("[data-sync]")).to_contain_text("Read-only: viewer")
    expect(bob.page.get_by_text("Your role is now: Viewer")).to_be_visible()
    assert bob.page.evaluate("sockets.at(-1).readyState") == 1, "he still looks on"

    # What he sends all the same is refused, and nothing of either is in the log.
    edit = f'{{"kind": "edit_node", "id": "{plan}", "set": {{"label": "Against the rules"}}}}'
    bob.page.evaluate(SEND, f'{{"type": "operate", "seq": 1000000, "operation": {edit}}}')
    refusal = bob.page.wait_for_function(REFUSED, arg=1_000_000, timeout=PATIENCE_MS)
    assert refusal.json_value() == "forbidden"
    answer = gus.page.reload()
    assert answer and answer.status == 404
    ada.page.keyboard.press("Escape")
    rename(ada, plan, "In the end")
    expect(bob.node("In the end")).to_be_visible()
    after = changes(ada)[len(before) :]
    assert [one["actor"]["name"] for one in after] == ["Ada Lovelace"]

    told = ada.call("GET", f"/flows/{ada.flow}/audit?limit=50")["items"]
    order = [one["action"] for one in sorted(told, key=lambda one: one["at"])]
    story = ["flow_created", "member_added", "link_created", "guest_entered", "link_changed", "member_changed"]
    assert [one for one in order if one in story] == story
    assert said["ada"] == said["bob"] == []
    assert [one for one in said["gus"] if "status of 404" not in one and "WebSocket" not in one] == []


def with_a_team_and_a_flow(context: BrowserContext) -> EditorPage:
    tab = EditorPage(context)
    page = tab.page
    page.goto("/register/")
    page.get_by_label("Name", exact=True).fill("Ada Lovelace")
    page.get_by_label("E-mail address").fill(f"ada-{secrets.token_hex(6)}@example.com")
    page.get_by_label("Password").fill("purple stapler")
    page.get_by_role("button", name="Create account").click()
    page.get_by_label("Ada Lovelace").click()
    page.get_by_role("link", name="Teams").click()
    page.get_by_label("Name", exact=True).fill("Engines")
    page.get_by_role("button", name="Create team").click()
    expect(page.get_by_role("heading", name="Engines")).to_be_visible()
    page.get_by_role("button", name="New flow").click()
    page.wait_for_url("**/flows/*/")
    tab.flow = page.url.rstrip("/").rpartition("/")[2]
    return tab.live()


def changes(tab: EditorPage) -> list[dict[str, Any]]:
    return list(tab.settled().call("GET", f"/flows/{tab.flow}/changes?limit=100")["items"])


@contextmanager
def timed(what: str) -> Iterator[None]:
    """Print how long it took until something was so."""
    began = time.monotonic()
    yield
    print(f"{what} after {time.monotonic() - began:.2f} s")  # noqa: T201
