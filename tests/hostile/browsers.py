"""Real browsers steered by chance: hands that draw, type, undo and paste at what is under them, and what befalls them.

An act looks where things are on the screen at this moment and uses pointer and keys there; whether the editor takes it,
refuses it or has just lost its network is not its concern. Every frame that leaves or reaches a page is noted, across
reloads and crashes, so that in the end each edit can be held against the log.
"""

import json
import random
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from playwright.sync_api import BrowserContext, WebSocket, expect
from playwright.sync_api import Error as PlaywrightError

from tests.browser.editor_page import EditorPage

if TYPE_CHECKING:
    from tests.proxy import Proxy

Point = tuple[float, float]
Name = tuple[str, int]
PATIENCE_MS = 90_000
MOST_NODES = 24
# What can be hit with the pointer now: nodes by their second line, output ports.
IN_REACH = """() => {
  const reach = (element, owner) => {
    const {x, y, width, height} = element.getBoundingClientRect();
    const at = [x + width / 2, y + height / 2];
    return owner.contains(document.elementFromPoint(...at)) ? [at] : [];
  };
  const all = (selector) => [...document.querySelectorAll(`[data-layer=nodes] helix-node ${selector}`)];
  return {
    nodes: all(".node-second").flatMap((line) => reach(line, line.closest("helix-node"))),
    outputs: all("[data-direction=out]").flatMap((port) => reach(port, port)),
    count: document.querySelectorAll("[data-layer=nodes] helix-node").length,
  };
}"""
# Into a field of the inspector, if it is there at this moment.
ENTER = """(name) => {
  const field = document.querySelector(`#inspector [name="${name}"]:read-write`);
  field?.focus();
  return Boolean(field);
}"""
KEPT = """([flow]) => new Promise((resolve, reject) => {
  const opening = indexedDB.open("helix");
  opening.onerror = () => reject(opening.error);
  opening.onsuccess = () => {
    const all = opening.result.transaction("entries").objectStore("entries").getAll();
    all.onsuccess = () => (opening.result.close(), resolve(all.result.filter((entry) => entry.flow === flow)));
  };
})"""
EXPECTED = ("ERR_", "WebSocket connection", "Failed to load resource", "Failed to fetch", "htmx:sendError")


class Hand:
    """One tab of somebody's, over a network of its own, in front of one flow."""

    def __init__(self, context: BrowserContext, flow: str, network: "Proxy", chance: random.Random) -> None:
        self.context, self.flow, self.network, self.chance = context, flow, network, chance
        self.sent: set[Name] = set()
        self.acked: dict[Name, int] = {}
        self.refused: set[Name] = set()
        self.complaints: list[str] = []
        self.words = 0
        self.come()

    def come(self) -> None:
        """Open the flow in a new tab."""
        self.tab = EditorPage(self.context)
        self.page = self.tab.page
        self.page.on("websocket", self._listen)
        self.page.set_default_timeout(PATIENCE_MS)
        self.tab.open(self.flow)

    def act(self) -> str:
        """Do something, and say what."""
        reach = self.page.evaluate(IN_REACH)
        acts = [self.drag, self.drag, self.nudge, self.rename, self.rename, self.describe, self.link, self.undo]
        acts += [self.copy] if reach["count"] < MOST_NODES else [self.delete] * 3
        acts += [self.delete, self.redo] if reach["count"] > 6 else [self.add] * 3
        act = self.chance.choice(acts)
        if self.chance.random() < 0.3:
            self.page.keyboard.press("Escape")
        act(reach)
        return act.__name__

    # What a hand does.

    def drag(self, reach: Any) -> None:
        if start := self._node(reach):
            x, y = start
            by = self.chance.randint(-120, 120), self.chance.randint(-120, 120)
            self.tab.drag(start, (x + by[0], y + by[1]), drop=self.chance.random() < 0.9)
            if self.chance.random() < 0.1:
                self.page.keyboard.press("Escape")
            self.page.mouse.up()

    def nudge(self, reach: Any) -> None:
        if self._select(reach):
            for _ in range(self.chance.randint(1, 5)):
                self.page.keyboard.press(self.chance.choice(["ArrowUp", "ArrowDown", "ArrowLeft", "ArrowRight"]))

    def rename(self, reach: Any) -> None:
        if self._select(reach):
            self.page.keyboard.press("F2")
            self.page.keyboard.type(self._word())
            if self.chance.random() < 0.8:
                self.page.keyboard.press(self.chance.choice(["Enter", "Enter", "Tab"]))

    def describe(self, reach: Any) -> None:
        name = self.chance.choice(["description", "label"])
        if self._select(reach) and self.page.evaluate(ENTER, name):
            self.page.keyboard.type(f" {self._word()}")

    def link(self, reach: Any) -> None:
        if reach["outputs"] and (target := self._node(reach)):
            self.tab.drag(tuple(self.chance.choice(reach["outputs"])), target)
            self.page.keyboard.press("Escape")

    def add(self, reach: Any) -> None:
        kind = self.chance.choice(["agent", "skill", "transform", "api"])
        button = self.page.locator(f"[data-palette-kind={kind}]")
        if button.is_enabled():
            self.tab.drag(button, (self.chance.randint(420, 1000), self.chance.randint(200, 700)))

    def copy(self, reach: Any) -> None:
        if self._select(reach):
            self.page.keyboard.press("Control+c")
            self.page.mouse.move(self.chance.randint(420, 1000), self.chance.randint(200, 700))
            self.page.keyboard.press("Control+v")

    def delete(self, reach: Any) -> None:
        if self._select(reach):
            self.page.keyboard.press("Delete")

    def undo(self, reach: Any) -> None:
        for _ in range(self.chance.randint(1, 3)):
            self.page.keyboard.press("Control+z")

    def redo(self, reach: Any) -> None:
        self.page.keyboard.press("Control+Shift+z")

    # What befalls it.

    def reload(self) -> None:
        self.page.reload()

    def crash(self) -> None:
        """The tab's process dies; the person opens the flow in another."""
        with suppress(PlaywrightError):
            self.page.goto("chrome://crash")
        self._leave()
        self.come()

    def reopen(self) -> None:
        """The tab is closed in the middle of things."""
        self._leave()
        self.come()

    def rest(self) -> None:
        """Let go of everything, and wait until all is answered."""
        self.page.keyboard.press("Escape")
        self.page.locator("[data-canvas]").focus()
        expect(self.tab.root).to_have_attribute("data-connection", "live", timeout=PATIENCE_MS)
        expect(self.tab.root).to_have_attribute("data-pending", "0", timeout=PATIENCE_MS)

    def kept(self) -> list[Any]:
        """Return what this device still keeps of the flow's edits."""
        return list(self.page.evaluate(KEPT, [self.flow]))

    def unexpected(self) -> list[str]:
        """Return what browsers said that a bad network does not explain."""
        said = [*self.complaints, *self.tab.complaints]
        return [text for text in said if not any(word in text for word in EXPECTED)]

    def _leave(self) -> None:
        self.complaints += self.tab.complaints
        self.page.close()

    def _node(self, reach: Any) -> Point | None:
        return tuple(self.chance.choice(reach["nodes"])) if reach["nodes"] else None

    def _select(self, reach: Any) -> bool:
        at = self._node(reach)
        if at:
            self.page.mouse.click(*at)
        return bool(at)

    def _word(self) -> str:
        self.words += 1
        return f"w{self.words}"

    def _listen(self, socket: WebSocket) -> None:
        client = ""

        def sent(text: str | bytes) -> None:
            nonlocal client
            frame = json.loads(text)
            client = frame["client"] if frame["type"] == "hello" else client
            if frame["type"] in ("operate", "undo", "redo"):
                self.sent.add((frame.get("client", client), frame["seq"]))

        def received(text: str | bytes) -> None:
            frame = json.loads(text)
            name = frame.get("client", client), frame.get("seq", 0)
            if frame["type"] == "acked":
                assert self.acked.setdefault(name, frame["version"]) == frame["version"], name
            elif frame["type"] == "refused" and frame["code"] != "rate_limited":
                self.refused.add(name)

        socket.on("framesent", sent)
        socket.on("framereceived", received)
