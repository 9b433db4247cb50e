"""Which files one drag passes: `python -m bench.drag_path [--functions] [--tree DIR] …`, the same for each tree.

Bob drags a node of the demo flow and alice looks on. Noted is what runs between the press of the pointer and the moment
when alice sees the node at its new place: in both browsers by V8's own coverage, in the server by a profile
function. Of three drags only what ran in all of them counts, so that what a clock happened to do is left out.

A file carries the edit if some function of it that ran received, changed, stored, encoded or drew the operation or what
it changed. It runs beside the edit if none did: `BESIDE` lists those, each with its reason, and `--functions` prints
what ran of each, to check it. Whatever is not in the list counts as carrying.
"""

import argparse
import os
import re
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
from playwright.sync_api import Browser, CDPSession, Page, expect, sync_playwright

from tests.conftest import BROWSER_ARGUMENTS, CHROMIUM
from tests.ports import held_port
from tests.servers import ROOT, clean_environment

TIMES = 3
PATIENCE = 60.0
Ran = set[tuple[str, str]]
"""Files and functions."""

BESIDE = {
    "accounts/acting.py": "rights: on whose behalf the database is asked",
    "accounts/colours.py": "the colour of a person, read along with the role",
    "accounts/credentials.py": "rights: whose login or token still stands",
    "accounts/principals.py": "rights: whose account acts",
    "flows/access.py": "rights: the role of a person in a flow",
    "flows/commands/flow_lock.py": "lock: the row of a flow, before anything is changed",
    "flows/commands/idempotency.py": "names: whether one was answered before, by the row that says so",
    "flows/commands/storage_quota.py": "limit: counts what a flow may store, by numbers",
    "flows/commands/work_budget.py": "limit: counts work, by numbers",
    "flows/limits.py": "limit: reads them from the settings",
    "flows/log/snapshots.py": "clock: whether a snapshot is due, by the version's number",
    "flows/publish.py": "hint: tells other processes which version there is",
    "helix/logging.py": "log: warns of a slow query",
    "sessions/metrics.py": "log: counts for the operator",
    "sessions/presence/board.py": "presence: the state of each person",
    "sessions/presence/state.py": "presence: what of a state is kept",
    "sessions/presence/sync.py": "presence: when states are sent",
    "sessions/processes/group_channel.py": "hint: tells other processes which version there is",
    "sessions/sockets/rates.py": "limit: at what rate frames come, by counts",
    "static/js/canvas/focus.js": "the node that is pressed gets the focus",
    "static/js/canvas/selection.js": "which nodes are selected, so that they are dragged",
    "static/js/collaborators/cursors.js": "presence: draws others' pointers",
    "static/js/collaborators/own_presence.js": "presence: my pointer on its way to others",
    "static/js/gestures/autopan.js": "whether the pointer is so near to the border that the view moves on",
    "static/js/lib/spline.js": "presence: smooths others' pointers",
    "static/js/lib/timing.js": "limit: at what rate edits are sent, by counts",
    "static/js/sync/status_pill.js": "how many edits wait, by counts",
    "web/give_way.py": "limit: whose thread goes first",
}
"""What runs during a drag and touches neither the operation nor what it changed."""


class TracedServer:
    """`helix up` of a tree, with the demo, which notes the files that run."""

    def __init__(self, tree: Path, folder: Path) -> None:
        self._place = held_port()
        self.url = f"http://127.0.0.1:{self._place.getsockname()[1]}"
        self._trace = folder / "trace"
        environment = clean_environment(HELIX_WORKERS="0", HELIX_TRACE=str(self._trace)) | {"PYTHONPATH": str(tree)}
        command = [sys.executable, str(ROOT / "bench/traced.py"), "up", "--port", self.url.rpartition(":")[2]]
        self._log = (folder / "log").open("ab")
        self.process = subprocess.Popen(
            [*command, "--data-dir", str(folder / "data")], env=environment, stdout=self._log, stderr=self._log
        )

    def wait(self) -> None:
        """Return when it answers."""
        end = time.monotonic() + PATIENCE
        while time.monotonic() < end:
            try:
                httpx.get(f"{self.url}/readyz").raise_for_status()
            except httpx.HTTPError:
                time.sleep(0.2)
            else:
                return
        raise TimeoutError("the server did not start")

    def begin(self) -> None:
        """Begin a new list."""
        os.kill(self.process.pid, signal.SIGUSR1)

    def ran(self) -> Ran:
        """Return what ran since `begin`."""
        self._trace.unlink(missing_ok=True)
        os.kill(self.process.pid, signal.SIGUSR2)
        end = time.monotonic() + PATIENCE
        while not self._trace.exists():
            if time.monotonic() > end:
                raise TimeoutError("the server wrote no list")
            time.sleep(0.01)
        lines = (line.partition(" ") for line in self._trace.read_text().splitlines())
        return {(name, function) for name, _, function in lines}

    def close(self) -> None:
        """End the server."""
        self.process.terminate()
        self.process.wait(PATIENCE)
        self._log.close()
        self._place.close()


class Coverage:
    """What runs of our scripts in one page."""

    def __init__(self, page: Page) -> None:
        self._session: CDPSession = page.context.new_cdp_session(page)
        self._session.send("Profiler.enable")
        self._session.send("Profiler.startPreciseCoverage", {"callCount": True, "detailed": False})

    def ran(self) -> Ran:
        """Return what ran since the last time."""
        result: dict[str, Any] = self._session.send("Profiler.takePreciseCoverage")
        return {
            (
                "static/" + re.sub(r"\.[0-9a-f]{12}\.js$", ".js", one["url"].partition("/static/")[2]),
                function["functionName"] or f"at {function['ranges'][0]['startOffset']}",
            )
            for one in result["result"]
            if "/static/js/" in one["url"]
            for function in one["functions"]
            if function["ranges"][0]["count"]
        }


def open_flow(browser: Browser, url: str, person: str, flow: str = "") -> Page:
    """Log in as a person of the demo and open a flow, or the first of their own."""
    page = browser.new_context(viewport={"width": 1440, "height": 900}, base_url=url).new_page()
    page.goto("/login/")
    page.locator(f"[data-demo-user={person}]").click()
    page.wait_for_url("/")
    if flow:
        page.goto(flow)
    else:
        page.locator("a.card-link").first.click()
    expect(page.locator("#editor")).to_have_attribute("data-connection", "live", timeout=60_000)
    return page


def one_drag(server: TracedServer, bob: Page, alice: Page, coverages: list[Coverage], by: int) -> Ran:
    """Let bob drag the first node; return what ran until alice's page shows it."""
    node = bob.locator("helix-node[data-node-id]:not([data-kind=group])").first
    box, was = node.bounding_box(), node.get_attribute("data-x")
    assert box
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    bob.mouse.move(x, y)
    for coverage in coverages:
        coverage.ran()
    server.begin()
    bob.mouse.down()
    bob.mouse.move(x + by, y + by, steps=6)
    bob.mouse.up()
    theirs = alice.locator(f"#{node.get_attribute('id')}")
    expect(theirs).not_to_have_attribute("data-x", was or "")
    expect(bob.locator("#editor")).to_have_attribute("data-pending", "0")
    return server.ran().union(*(coverage.ran() for coverage in coverages))


@contextmanager
def serving(tree: Path) -> Iterator[TracedServer]:
    """Serve a tree as long as the block runs."""
    with tempfile.TemporaryDirectory(prefix="helix-bench-", ignore_cleanup_errors=True) as folder:
        server = TracedServer(tree, Path(folder))
        try:
            yield server
        finally:
            server.close()


def drag_path(tree: Path) -> dict[str, list[str]]:
    """Return the files that every one of a few drags passes, each with its functions that ran in any."""
    with serving(tree) as server, sync_playwright() as playwright:
        server.wait()
        browser = playwright.chromium.launch(args=BROWSER_ARGUMENTS, executable_path=CHROMIUM)
        alice = open_flow(browser, server.url, "alice")
        bob = open_flow(browser, server.url, "bob", alice.url)
        coverages = [Coverage(bob), Coverage(alice)]
        one_drag(server, bob, alice, coverages, 40)  # what loads with the first use
        drags = [one_drag(server, bob, alice, coverages, by) for by in (60, -60, 80)[:TIMES]]
        browser.close()
    files = sorted(set.intersection(*({name for name, _ in drag} for drag in drags)))
    ran = sorted(set.union(*drags))
    return {name: [function for file, function in ran if file == name] for name in files}


def show(files: dict[str, list[str]], has_functions: bool) -> Iterator[str]:
    """Yield both lists, and of each how many files it has."""
    for title, is_beside in (("carry the edit", False), ("run beside it", True)):
        names = [name for name in files if (name in BESIDE) == is_beside]
        scripts = sum(name.endswith(".js") for name in names)
        yield f"{len(names)} {title} ({len(names) - scripts} Python, {scripts} JavaScript):"
        for name in names:
            yield f"  {name}" + (f"  {BESIDE[name]}" if is_beside else "")
            if has_functions:
                yield f"    {', '.join(files[name])}"


def main() -> None:
    """Print the files, and how many folders they are in, for each tree."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--tree", type=Path, action="append", help="a checkout; this one if none is named")
    parser.add_argument("--functions", action="store_true", help="what ran of each file")
    options = parser.parse_args()
    for tree in options.tree or [ROOT]:
        files = drag_path(tree.resolve())
        folders = {str(Path(name).parent) for name in files}
        print(f"{tree}: {len(files)} files in {len(folders)} folders")
        print("\n".join(show(files, options.functions)))


if __name__ == "__main__":
    main()
