"""What a frame of the canvas costs: `python -m bench.frames [--tree DIR] … [--nodes 200 1000 3000]`.

One gesture after the other is made with one event a frame: the wheel pans, the wheel with Ctrl zooms out and in again,
a node is dragged. A trace tells the main thread's processor time; its milliseconds a frame compare well on a machine
that does other things too, while frames per second do not. Without a GPU the processor paints, too.
"""

import argparse
import json
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, Page, sync_playwright

from bench.drag_path import serving
from bench.first_load import CREATE, flow
from tests.conftest import BROWSER_ARGUMENTS, CHROMIUM, log_in
from tests.servers import ROOT

SIZES = (200, 1_000, 3_000)
FRAMES = 60
CATEGORIES = ["devtools.timeline", "disabled-by-default-devtools.timeline", "blink.user_timing"]
PARTS = {
    "script": ("FireAnimationFrame", "TimerFire"),
    "style": ("UpdateLayoutTree",),
    "layout": ("Layout",),
    "paint": ("PrePaint", "Paint", "Layerize", "Commit"),
}
"""What of the main thread's time is told by itself."""

GESTURES = """async ([name, frames]) => {
  const canvas = document.querySelector("[data-canvas]");
  const { left, top, width, height } = canvas.getBoundingClientRect();
  const middle = { clientX: left + width / 2, clientY: top + height / 2, bubbles: true, cancelable: true };
  const frame = () => new Promise(requestAnimationFrame);
  const wheel = (more) => canvas.dispatchEvent(new WheelEvent("wheel", { ...middle, ...more }));
  const node = [...document.querySelectorAll("helix-node")].find((one) => {
    const { x, y } = one.getBoundingClientRect();
    return x > left + 200 && y > top + 100 && x < left + width / 2 && y < top + height / 2;
  });
  const at = node?.querySelector(".node-head")?.getBoundingClientRect();
  const pointer = (type, target, by) => target.dispatchEvent(new PointerEvent(type, {
    bubbles: true, cancelable: true, pointerId: 7, pointerType: "mouse", isPrimary: true, button: 0, buttons: 1,
    clientX: at.x + 9 + by, clientY: at.y + 9 + by / 2,
  }));
  const steps = {
    pan: (at) => wheel({ deltaX: at < frames / 2 ? 24 : -24, deltaY: at < frames / 2 ? 16 : -16 }),
    zoom: (at) => wheel({ ctrlKey: true, deltaY: at < frames / 2 ? 6 : -6 }),
    drag: (at) => pointer("pointermove", window, 8 * (at + 1)),
  };
  if (name === "drag") pointer("pointerdown", node.querySelector(".node-head"), 0);
  await frame();
  performance.mark(`${name} begins`);
  const begun = performance.now();
  for (let at = 0; at < frames; at += 1) {
    steps[name](at);
    await frame();
  }
  const took = performance.now() - begun;
  performance.mark(`${name} ends`);
  if (name === "drag") pointer("pointerup", window, 8 * frames);
  return took;
}"""

WHOLE = """() => document.querySelector("[data-world]").style.transform.endsWith("scale(1)")"""
"""That the way to 100 % is over: a gesture would end it, and begin from anywhere."""


@dataclass(frozen=True, slots=True)
class Cost:
    """One gesture: frames in a second, and what the main thread spent in one, in milliseconds."""

    rate: float
    main: float
    longest: float
    parts: dict[str, float]

    def row(self) -> str:
        """Return it as the cells of a table."""
        parts = " | ".join(f"{self.parts[part]:.1f}" for part in PARTS)
        return f"{self.rate:.0f} | {self.main:.1f} | {self.longest:.0f} | {parts}"


@contextmanager
def traced(browser: Browser, page: Page) -> Iterator[list[dict[str, Any]]]:
    """Trace as long as the block runs; the events are there afterwards."""
    events: list[dict[str, Any]] = []
    with tempfile.NamedTemporaryFile(suffix=".json") as file:
        browser.start_tracing(page=page, path=file.name, categories=CATEGORIES)
        try:
            yield events
        finally:
            browser.stop_tracing()
            events += json.loads(Path(file.name).read_text())["traceEvents"]


def cost(events: list[dict[str, Any]], name: str, took: float, frames: int) -> Cost:
    """Return what a gesture of so many frames and milliseconds cost by a trace."""
    marks = {event["name"]: event for event in events if event["name"] in {f"{name} begins", f"{name} ends"}}
    begin, end = marks[f"{name} begins"], marks[f"{name} ends"]
    mine = [
        event
        for event in events
        if (event.get("pid"), event.get("tid")) == (begin["pid"], begin["tid"])
        and event.get("ph") == "X"
        and begin["ts"] <= event["ts"] <= end["ts"]
    ]
    tasks = [_work(event) for event in mine if event["name"] == "RunTask"]

    def spent(names: tuple[str, ...]) -> float:
        return sum(_work(event) for event in mine if event["name"] in names) / 1000 / frames

    parts = {part: spent(names) for part, names in PARTS.items()}
    return Cost(frames / took * 1000, sum(tasks) / 1000 / frames, max(tasks) / 1000, parts)


def _work(event: dict[str, Any]) -> int:
    """Return an event's own processor time in microseconds, where the trace has it."""
    return int(event.get("tdur", event.get("dur", 0)))


def gestures(browser: Browser, url: str, size: int, frames: int) -> dict[str, Cost]:
    """Open a new flow of a size and return what each gesture costs in it."""
    context = browser.new_context(viewport={"width": 1440, "height": 900}, base_url=url)
    log_in(context, "alice")
    page = context.new_page()
    page.goto("/")
    page.goto(f"/flows/{page.evaluate(CREATE, flow(size))}/")
    page.locator("#editor[data-connection=live][data-interactive]").wait_for(state="attached", timeout=60_000)
    page.wait_for_load_state("networkidle")
    page.keyboard.press("Control+0")
    page.wait_for_function(WHOLE)
    found = {}
    for name in ("pan", "zoom", "drag"):
        page.evaluate(GESTURES, [name, 4])
        with traced(browser, page) as events:
            took = page.evaluate(GESTURES, [name, frames])
        found[name] = cost(events, name, took, frames)
    context.close()
    return found


def main() -> None:
    """Print a table for each tree."""
    parser = argparse.ArgumentParser(prog="python -m bench.frames")
    parser.add_argument("--tree", type=Path, action="append", help="a checkout; this one if none is named")
    parser.add_argument("--nodes", type=int, nargs="+", default=SIZES)
    parser.add_argument("--frames", type=int, default=FRAMES)
    asked = parser.parse_args()
    for tree in asked.tree or [ROOT]:
        with serving(tree.resolve()) as server, sync_playwright() as playwright:
            server.wait()
            print(f"\n{tree}\n\n| nodes | gesture | frames/s | main ms | longest | {' | '.join(PARTS)} |")
            print("|---" * (5 + len(PARTS)) + "|")
            for size in asked.nodes:
                browser = playwright.chromium.launch(args=BROWSER_ARGUMENTS, executable_path=CHROMIUM)
                for name, found in gestures(browser, server.url, size, asked.frames).items():
                    print(f"| {size} | {name} | {found.row()} |", flush=True)
                browser.close()


if __name__ == "__main__":
    main()
