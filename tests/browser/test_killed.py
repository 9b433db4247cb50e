"""The browser killed in the middle of typing and dragging, several times over: what had been shown is there.

One person edits with real keys and a real pointer, step after step, and after each step looks at two whole frames. At a
step drawn from a seed, or just after it, every process of the browser gets SIGKILL. What was shown by then must be in
the flow when the browser is started again, and at most the one step that was just being made besides. Every second time
the server could not be reached either.
"""

import json
import random
import sqlite3
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from itertools import pairwise
from typing import Any

from playwright.sync_api import expect

from tests.browser.editor_page import EditorPage
from tests.browser.inspector import choose
from tests.browser.profile import Profile
from tests.nightly import SEED, amount
from tests.proxy import Proxy
from tests.servers import Server

KILLS = amount(4, nightly=20)
STEPS = 24
"""How many steps there are before the kill at most: a round of all four acts has about twenty."""
NODES = [
    {"id": "a", "kind": "agent", "x": 0, "y": -120, "label": "Nudged"},
    {"id": "b", "kind": "agent", "x": 200, "y": 0, "label": "Dragged"},
    {"id": "c", "kind": "agent", "x": 400, "y": 0, "label": "Named"},
    {"id": "d", "kind": "agent", "x": 600, "y": 0, "label": "Described"},
]
DROP = 8
# The step is in the first of these frames at the earliest, so it has been shown for two when the last begins.
TWO_FRAMES = """async () => {
  for (let frame = 0; frame < 3; frame += 1) await new Promise(requestAnimationFrame);
  const [a, b] = ["a", "b"].map((id) => document.querySelector(`#n-${id}`).dataset);
  return [Number(a.x), Number(b.y)];
}"""


@dataclass(frozen=True)
class Shown:
    """What the flow looks like to the person, as far as they change it."""

    nudges: int = 0
    drops: int = 0
    label: str = "Named"
    description: str = ""


class Hand:
    """The person. `shown` has been looked at for two frames, `made` is the step that has begun since."""

    def __init__(self, tab: EditorPage, shown: Shown, steps: int, kill: Callable[[], None]) -> None:
        self.tab, self.page = tab, tab.page
        self.shown = self.made = shown
        self.is_as_expected = True
        self.steps, self.kill = steps, kill

    def step(self, act: Callable[[], object], **then: Any) -> None:
        """Make one step and look at it; the last one begins with what will kill the browser."""
        self.steps -= 1
        if self.steps == 0:
            self.kill()
        self.made = replace(self.shown, **then)
        act()
        places = self.page.evaluate(TWO_FRAMES)
        self.is_as_expected &= places == [8 * self.made.nudges, DROP * self.made.drops]
        self.shown = self.made

    def nudge(self, chance: random.Random) -> None:
        self.select("a")
        for _ in range(chance.randint(2, 6)):
            self.step(lambda: self.page.keyboard.press("ArrowRight"), nudges=self.shown.nudges + 1)

    def drag(self, chance: random.Random) -> None:
        """Control keeps it off the grid and its neighbours, so the place is exact."""
        mouse, keyboard = self.page.mouse, self.page.keyboard
        x, y = self.tab.centre(self.page.locator("#n-b"))
        keyboard.down("Control")
        mouse.move(x, y)
        mouse.down()
        for part in range(1, 5):
            self.step(lambda at=y + DROP * part / 4: mouse.move(x, at))
        self.step(mouse.up, drops=self.shown.drops + 1)
        keyboard.up("Control")

    def rename(self, chance: random.Random) -> None:
        self.select("c")
        self.page.keyboard.press("F2")
        self._type(f"Name{chance.randrange(1_000)}", lambda text: {"label": text})
        self.step(lambda: self.page.keyboard.press(chance.choice(["Enter", "Tab"])))

    def describe(self, chance: random.Random) -> None:
        choose(self.tab, "d").field("description").focus()
        self.page.keyboard.press("Control+End")
        before = self.shown.description
        self._type(f"{chance.randrange(1_000)},", lambda text: {"description": before + text})

    def select(self, node: str) -> None:
        self.page.locator(f"#n-{node} .node-second").click()
        expect(self.page.locator(f"#n-{node}[data-selected]")).to_be_visible()

    def _type(self, text: str, then: Callable[[str], dict[str, str]]) -> None:
        for end in range(1, len(text) + 1):
            self.step(lambda key=text[end - 1]: self.page.keyboard.press(key), **then(text[:end]))


def test_what_was_shown_survives_the_death_of_the_browser(behind: Server, network: Proxy, profile: Profile) -> None:
    chance = random.Random(SEED)
    tab = EditorPage(profile.context)
    tab.page.goto("/")
    flow = str(tab.call("POST", "/flows", {"title": "Killed", "nodes": NODES})["id"])
    tab.open(flow).live()
    shown = Shown()
    for death in range(1, KILLS + 1):
        delay = chance.uniform(0, 0.2)
        steps = STEPS if death == 1 else chance.randint(1, STEPS)  # once all four acts, however few deaths there are
        hand = Hand(tab, shown, steps, partial(profile.kill_after, delay))
        acts = [hand.describe, *chance.sample([hand.nudge, hand.drag, hand.rename], 3)]
        choose(tab, "d")
        if death % 2 == 0:
            network.refuse()
            network.cut()
            tab.live("offline")
            chance.shuffle(acts)
        with profile.killed():
            while True:
                for act in acts:
                    act(chance)
        assert hand.is_as_expected, f"seed {SEED}, death {death}: something else is on the screen"
        network.accept()
        tab = EditorPage(profile.start(), flow).live().settled()
        shown = stored(tab)
        assert shown in (hand.shown, hand.made), f"seed {SEED}, death {death}"
        assert tab.complaints == []
    assert shown.nudges and shown.drops and shown.label != "Named" and shown.description, "every act was done"
    expect_once_and_in_order(behind, flow, shown)
    assert behind.verify(flow).returncode == 0


def stored(tab: EditorPage) -> Shown:
    """Return what REST has, as the person would see it."""
    nodes = {node["id"]: node for node in tab.stored()["nodes"]}
    nudges, drops = nodes["a"]["x"] // 8, nodes["b"]["y"] // DROP
    return Shown(nudges, drops, nodes["c"]["label"], nodes["d"]["description"])


def expect_once_and_in_order(server: Server, flow: str, shown: Shown) -> None:
    """Expect each step in the log a single time, and after the one before it."""
    log = sqlite3.connect(f"file:{server.data_dir}/helix.sqlite3?mode=ro", uri=True)
    query = "select client, seq, operation from flows_change where flow_id = ? and client is not null order by version"
    rows = [(client, seq, json.loads(text)) for client, seq, text in log.execute(query, [flow.replace("-", "")])]
    log.close()
    clients = {client for client, _seq, _operation in rows}
    assert len(clients) > KILLS / 2, "each page was a client of its own"
    for client in clients:
        seqs = [seq for name, seq, _operation in rows if name == client]
        assert seqs == sorted(set(seqs)), client
    moves = {
        node: [made["x" if node == "a" else "y"] for _c, _s, made in rows if made.get("id") == node] for node in "ab"
    }
    assert moves["a"] == [8 * number for number in range(1, shown.nudges + 1)]
    assert moves["b"] == [8 * number for number in range(1, shown.drops + 1)]
    words = [made["set"]["description"] for _c, _s, made in rows if "description" in made.get("set", {})]
    assert all(later.startswith(earlier) for earlier, later in pairwise(words))
