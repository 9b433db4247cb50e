"""`python -m bench.first_load --tree DIR --tree DIR`: what a first visit to the editor costs, tree beside tree.

Each tree is served by its own `helix up`. A fresh browser, logged in and with nothing kept, opens the editor over an
emulated line of 100 ms and 10 Mbit/s until `[data-connection=live]`; the trees alternate. What the page asked for
before it was live counts, sockets excepted; bytes are those of the bodies on the wire. The service worker may come, as
at anybody's first visit.
"""

import argparse
import os
import sys
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from random import Random
from statistics import median
from typing import TYPE_CHECKING, Any

from bench.process import Program, free_port
from bench.seed import WORDS, graph
from tests.conftest import BROWSER_ARGUMENTS, CHROMIUM

if TYPE_CHECKING:
    from playwright.sync_api import Browser, BrowserContext, Page

SIZES = (12, 200, 1_000)
TIMES = 4
LINE = {"offline": False, "latency": 100, "downloadThroughput": 1_250_000, "uploadThroughput": 1_250_000}
LIVE = "[data-connection=live]"
WATCH = f"""(() => {{
  const watch = new MutationObserver(() => {{
    if (!document.querySelector("{LIVE}")) return;
    globalThis.liveAt = performance.now();
    watch.disconnect();
  }});
  watch.observe(document, {{subtree: true, childList: true, attributeFilter: ["data-connection"]}});
}})()"""
CREATE = """async (flow) => {
  const token = document.cookie.match(/csrftoken=([^;]+)/)[1];
  const headers = {"Content-Type": "application/json", "X-CSRFToken": token};
  const answer = await fetch("/api/v1/flows", {method: "POST", headers, body: JSON.stringify(flow)});
  return (await answer.json()).id;
}"""


@dataclass(frozen=True, slots=True)
class Load:
    """One first load: until it was live, in seconds; how many requests; body bytes on the wire."""

    live: float
    requests: int
    html: int
    scripts: int
    modules: int
    decoded: int


class Requests:
    """What a page asks for, as the browser's own protocol tells it."""

    def __init__(self, page: "Page", *, slow: bool) -> None:
        self._told = page.context.new_cdp_session(page)
        self.started: dict[str, float] = {}
        self.answers: dict[str, dict[str, Any]] = {}
        self.decoded: dict[str, int] = {}
        self.encoded: dict[str, int] = {}
        for event in ("requestWillBeSent", "responseReceived", "dataReceived", "loadingFinished"):
            self._told.on(f"Network.{event}", getattr(self, f"_{event}"))
        self._told.send("Network.enable")
        if slow:
            self._told.send("Network.emulateNetworkConditions", LINE)

    def until(self, end: float) -> list[str]:
        """Return the requests that began before a moment, in seconds of the world's clock."""
        return [id for id, started in self.started.items() if started <= end]

    def of(self, kind: str, among: list[str]) -> list[str]:
        """Return those that were answered with a `Document` or a `Script`."""
        return [id for id in among if self.answers.get(id, {}).get("type") == kind]

    def wire(self, ids: list[str]) -> int:
        """Return the bytes of these answers' bodies as they were sent."""
        return sum(self._body(id) for id in ids)

    def _body(self, id: str) -> int:
        headers = {name.lower(): value for name, value in self.answers[id]["response"]["headers"].items()}
        return int(headers.get("content-length", self.encoded.get(id, 0)))

    def _requestWillBeSent(self, event: dict[str, Any]) -> None:  # noqa: N802
        if not event["request"]["url"].startswith(("data:", "blob:")):
            self.started.setdefault(event["requestId"], event["wallTime"])

    def _responseReceived(self, event: dict[str, Any]) -> None:  # noqa: N802
        self.answers[event["requestId"]] = event

    def _dataReceived(self, event: dict[str, Any]) -> None:  # noqa: N802
        id = event["requestId"]
        self.decoded[id] = self.decoded.get(id, 0) + event["dataLength"]

    def _loadingFinished(self, event: dict[str, Any]) -> None:  # noqa: N802
        self.encoded[event["requestId"]] = int(event["encodedDataLength"])


def flow(count: int) -> dict[str, object]:
    """Return a flow as people draw them: labels of two words, a description on every third node, some settings."""
    chance = Random(count)
    drawn: dict[str, Any] = graph(count)
    for at, node in enumerate(drawn["nodes"]):
        node["label"] = f"{chance.choice(WORDS).title()} {chance.choice(WORDS)} {at}"
        if at % 3 == 0:
            node["description"] = " ".join(chance.choice(WORDS) for _ in range(12))
        if node["kind"] == "agent":
            node["settings"] = {"temperature": chance.randrange(10) / 10}
    return {"title": f"{count} nodes", **drawn}


def first_load(context: "BrowserContext", address: str, *, slow: bool = False) -> Load:
    """Open an editor in a browser that has nothing of it yet, and wait until it is live and its answers are here."""
    page = context.new_page()
    page.add_init_script(WATCH)
    requests = Requests(page, slow=slow)
    page.goto(address)
    page.locator(LIVE).wait_for(state="attached")
    page.wait_for_load_state("networkidle")
    live, origin = page.evaluate("[liveAt, performance.timeOrigin]")
    asked = requests.until((origin + live) / 1000)
    scripts = requests.of("Script", asked)
    load = Load(
        live=live / 1000,
        requests=len(asked),
        html=requests.wire(requests.of("Document", asked)),
        scripts=requests.wire(scripts),
        modules=len(scripts),
        decoded=sum(requests.decoded.get(id, 0) for id in scripts),
    )
    page.close()
    return load


class Tree:
    """A checkout with a server of its own and a flow of each size in it."""

    def __init__(self, path: Path, folder: Path, stack: ExitStack, browser: "Browser") -> None:
        self.path = path.resolve()
        self.source = sum(file.stat().st_size for file in (self.path / "static" / "js").rglob("*.js"))
        self.loads: dict[int, list[Load]] = {}
        self._browser = browser
        self._server = stack.enter_context(served(self.path, folder))
        self._login()

    def measure(self, size: int) -> None:
        """Load a flow of this size once more."""
        context = self._browser.new_context(storage_state=self._state)
        self.loads.setdefault(size, []).append(first_load(context, self._flows[size], slow=True))
        context.close()

    def row(self) -> list[str]:
        """Return what was found, as medians, for the table."""
        small = self.loads[SIZES[0]]
        of = {name: median(getattr(load, name) for load in small) for name in Load.__slots__}
        pages = [f"{median(load.html for load in self.loads[size]) / 1024:.1f}" for size in SIZES]
        lives = [f"{median(load.live for load in self.loads[size]):.2f}" for size in SIZES]
        shipped = [f"{bytes / 1024:.1f}" for bytes in (self.source, of["decoded"], of["scripts"])]
        return [str(self.path), f"{of['requests']:.0f}", f"{of['modules']:.0f}", *shipped, *lives, *pages]

    def _login(self) -> None:
        context = self._browser.new_context(base_url=self._server.url)
        page = context.new_page()
        page.goto("/login/")
        page.locator("[data-demo-user=alice]").click()
        page.wait_for_url(lambda url: "/login/" not in url)
        self._flows = {size: f"{self._server.url}/flows/{page.evaluate(CREATE, flow(size))}/" for size in SIZES}
        self._state = context.storage_state()
        context.close()


@contextmanager
def served(tree: Path, folder: Path) -> Iterator[Program]:
    """Serve a tree on a port and a data folder of its own."""
    port = free_port()
    clean = {name: value for name, value in os.environ.items() if not name.startswith(("HELIX_", "DJANGO_"))}
    command = [sys.executable, "-m", "helix.cli", "up", "--port", str(port), "--data-dir", str(folder / str(port))]
    with Program(
        command,
        port=port,
        folder=folder,
        environment=clean | {"PYTHONPATH": str(tree), "PYTHONSAFEPATH": "1"},
        ready="/readyz",
    ) as program:
        yield program


def table(trees: list[Tree]) -> str:
    """Return the Markdown table."""
    head = ["tree", "requests", "JS files", "JS source kB", "JS shipped kB", "JS wire kB"]
    head += [f"live s, {size} nodes" for size in SIZES] + [f"HTML kB, {size} nodes" for size in SIZES]
    rows = [head, ["---"] * len(head), *(tree.row() for tree in trees)]
    return "\n".join(f"| {' | '.join(row)} |" for row in rows)


def main() -> None:
    """Measure every tree asked for, this one where none is."""
    from playwright.sync_api import sync_playwright

    parser = argparse.ArgumentParser(prog="python -m bench.first_load")
    parser.add_argument("--tree", action="append", type=Path, help="a checkout; give it twice to compare two")
    parser.add_argument("--times", type=int, default=TIMES, help="first loads of each flow")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright, ExitStack() as stack:
        browser = playwright.chromium.launch(args=BROWSER_ARGUMENTS, executable_path=CHROMIUM)
        stack.callback(browser.close)
        trees = [Tree(path, Path(folder), stack, browser) for path in asked.tree or [Path()]]
        for size in SIZES:
            for _ in range(asked.times):
                for tree in trees:
                    tree.measure(size)
    print(table(trees))


if __name__ == "__main__":
    main()
