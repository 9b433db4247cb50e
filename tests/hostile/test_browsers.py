"""Two people in three tabs of real browsers, a bad network, crashes and a server that is killed: in the end all agree.

What the hands do follows from the seed; what it meets on the screen depends on the machine, too.
"""

import random
import sqlite3
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack

import pytest
from playwright.sync_api import BrowserContext

from tests.browser.conftest import WINDOW
from tests.browser.editor_page import EditorPage
from tests.browser.views import expect_agreement
from tests.hostile.browsers import Hand, Name
from tests.nightly import SEED, amount
from tests.proxy import Proxy
from tests.servers import Server

SECONDS = amount(10, nightly=600)
LEAST = 40
"""So much must have come through before anything is shown by it."""
NODES = [
    {"id": f"n{at}", "kind": "agent", "x": 200 * (at % 4), "y": 140 * (at // 4), "label": f"n{at}"} for at in range(8)
]
EDGES = [{"id": f"e{at}", "source": f"n{at}", "target": f"n{at + 1}"} for at in range(3)]
CLIPBOARD = ["clipboard-read", "clipboard-write"]


@pytest.fixture
def bad_networks() -> Iterator[tuple[Server, list[Proxy]]]:
    """A server, and a network of their own for each of two people."""
    server = Server(server="uvicorn")
    with ExitStack() as stack:
        networks = [stack.enter_context(Proxy(server.port)) for _ in range(2)]
        server.environment["HELIX_ORIGINS"] = ",".join([server.url, *(network.url for network in networks)])
        yield stack.enter_context(server), networks


class Trouble:
    """What goes wrong, by chance, and is set right again."""

    def __init__(self, server: Server, networks: list[Proxy], chance: random.Random) -> None:
        self.server, self.networks, self.chance = server, networks, chance
        self.is_up = True
        self.happened: Counter[str] = Counter()

    def happen(self, hands: list[Hand]) -> None:
        network, hand = self.chance.choice(self.networks), self.chance.choice(hands)
        kinds = [network.cut, network.pause, network.pause, network.refuse, self.slow, self.snap, self.snap, self.kill]
        kinds += [hand.reload, hand.crash, hand.reopen]
        kind = self.chance.choice(kinds)
        if kind in (hand.reload, hand.crash, hand.reopen):
            self.heal()
        self.happened[kind.__name__] += 1
        kind()
        if kind == network.refuse:
            network.cut()

    def slow(self) -> None:
        self.chance.choice(self.networks).delay(self.chance.choice([0.05, 0.4]))

    def snap(self) -> None:
        """Cut in the middle of something: of a frame, or between an edit and its answer."""
        way = self.chance.choice(["up", "down"])
        self.chance.choice(self.networks).cut_after(**{way: self.chance.randint(1, 3_000)})

    def kill(self) -> None:
        if self.is_up:
            self.server.kill()
        self.is_up = False

    def heal(self) -> None:
        """Let everything work again; what was on its way may not arrive."""
        if not self.is_up:
            self.server.start()
        self.is_up = True
        for network in self.networks:
            network.delay(0)
            network.cut_after()
            if self.chance.random() < 0.5:  # what was held back is lost
                network.cut()
            network.resume()
            network.accept()


def test_browsers_agree_after_whatever_happens(
    bad_networks: tuple[Server, list[Proxy]], context_for: Callable[..., BrowserContext]
) -> None:
    sys.stdout.write(f"seed {SEED}\n")
    server, networks = bad_networks
    chance = random.Random(SEED)
    alice = context_for("alice", on=networks[0], viewport=WINDOW, permissions=CLIPBOARD)
    bob = context_for("bob", on=networks[1], viewport=WINDOW, worker=True, permissions=CLIPBOARD)
    tab = EditorPage(alice)
    tab.page.goto("/")
    flow = str(tab.call("POST", "/flows", {"title": "Hostile", "nodes": NODES, "edges": EDGES})["id"])
    tab.call("POST", f"/flows/{flow}/members", {"email": "bob@example.com", "role": "editor"})
    tab.page.close()
    at = [(alice, networks[0]), (alice, networks[0]), (bob, networks[1])]
    hands = [Hand(context, flow, network, random.Random(chance.random())) for context, network in at]
    for hand in hands:
        hand.rest()
    trouble, acts = Trouble(server, networks, chance), Counter[str]()
    end = time.monotonic() + SECONDS
    while time.monotonic() < end or acknowledged(hands) < LEAST:
        for _ in range(chance.randint(4, 12)):
            acts[chance.choice(hands).act()] += 1
        if chance.random() < 0.6:
            trouble.happen(hands)
        else:
            trouble.heal()
    trouble.heal()
    for hand in hands:
        hand.rest()
    sys.stdout.write(f"{dict(acts)}, {dict(trouble.happened)}\n")

    expect_agreement(*(hand.tab for hand in hands))
    done, refused = answers_in(server, flow)
    for hand in hands:
        assert hand.acked.items() <= done.items(), "what was acknowledged is in the log, at that version"
        assert not hand.refused & done.keys(), "what was refused is not"
        assert hand.sent <= done.keys() | refused, "whatever was sent is answered"
        assert hand.kept() == [], "nothing waits on any device"
        assert hand.unexpected() == []
    assert server.verify(flow).returncode == 0


def acknowledged(hands: list[Hand]) -> int:
    return sum(len(hand.acked) for hand in hands)


def answers_in(server: Server, flow: str) -> tuple[dict[Name, int], set[Name]]:
    """Return by name what was acknowledged, with its version, and what was refused."""
    query = """select client, seq, version, '' from flows_change where flow_id = :flow and client is not null
        union all select client, seq, version, code from flows_answer where flow_id = :flow"""
    database = sqlite3.connect(f"file:{server.data_dir}/helix.sqlite3?mode=ro", uri=True)
    rows = database.execute(query, {"flow": flow.replace("-", "")}).fetchall()
    database.close()
    done = {(client, seq): version for client, seq, version, code in rows if not code}
    return done, {(client, seq) for client, seq, _version, code in rows if code}
