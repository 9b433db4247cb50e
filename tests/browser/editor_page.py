"""The editor as a person uses it: gestures with a real pointer, waits on the page's own hooks, never on the clock.

Everything that a browser complains about (errors, content policy, failed requests of ours) is kept in `complaints`.
"""

from typing import Any

from playwright.sync_api import BrowserContext, FloatRect, Locator, Page, expect

Point = tuple[float, float]
PATIENCE_MS = 60_000
AT_ONCE_MS = 5_000
"""Less than the six seconds after which a toast goes by itself: one that is gone by then went for another reason."""

DRAWN = "() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(() => done())))"
"""Two frames: what has arrived is drawn."""

STEADY = """(one) => new Promise((done) => {
  let [before, left] = ["", 30];
  const look = () => {
    const {x, y, width, height} = one.getBoundingClientRect();
    const now = [x, y, width, height].join();
    if (now === before || (left -= 1) < 0) return done();
    before = now;
    return requestAnimationFrame(look);
  };
  requestAnimationFrame(look);
})"""
"""It is where it is going to be; what drifts for ever is not waited for."""

CALL = """async ([method, path, body]) => {
  const token = document.cookie.match(/csrftoken=([^;]+)/)?.[1] ?? "";
  const headers = {"Content-Type": "application/json", "X-CSRFToken": token};
  const answer = await fetch("/api/v1" + path, {method, headers, body: body && JSON.stringify(body)});
  return [answer.status, answer.status === 204 ? null : await answer.json()];
}"""


def rect(what: Locator) -> FloatRect:
    """Return where it is on the screen. What the server draws may take its place at the very moment it is measured."""
    box = what.bounding_box()
    if box is None:
        what.page.evaluate(DRAWN)
        box = what.bounding_box()
    assert box, f"{what} is not to be seen"
    return box


def wait_until(page: Page, asked: str, given: object = None) -> None:
    """Wait until an asynchronous function of the page says yes; `wait_for_function` takes its promise for that."""
    page.evaluate(
        f"""async (given) => {{
          const end = performance.now() + 30_000;
          while (!(await ({asked})(given))) {{
            if (performance.now() > end) throw new Error("this never came: {asked.splitlines()[0]!s}".slice(0, 200));
            await new Promise((go) => setTimeout(go, 50));
          }}
        }}""",
        given,
    )


def without_timers_of(milliseconds: int) -> str:
    """Return a script after which the page begins nothing any more that it would do after so long."""
    return f"""() => {{
      const wait = window.setTimeout;
      window.setTimeout = (run, ms, ...rest) => wait(run, ms === {milliseconds} ? 600_000 : ms, ...rest);
    }}"""


class EditorPage:
    """One tab on one flow."""

    def __init__(self, context: BrowserContext, flow: str = "") -> None:
        self.page: Page = context.new_page()
        self.complaints: list[str] = []
        self.page.on("console", self._listen)
        self.page.on("pageerror", lambda error: self.complaints.append(f"{error}\n{error.stack}"))
        self.flow = flow
        if flow:
            self.open(flow)

    def _listen(self, message: Any) -> None:
        if message.type in {"error", "warning"}:
            self.complaints.append(f"{message.text} {message.location.get('url', '')}".strip())

    def open(self, flow: str) -> "EditorPage":
        self.flow = flow
        self.page.goto(f"/flows/{flow}/", timeout=PATIENCE_MS)
        return self

    # What is there.

    @property
    def root(self) -> Locator:
        return self.page.locator("#editor")

    @property
    def nodes(self) -> Locator:
        return self.page.locator("[data-node-id]")

    @property
    def edges(self) -> Locator:
        return self.page.locator("[data-edge-id]")

    def node(self, label: str) -> Locator:
        return self.page.locator(f'[data-node-id][data-label="{label}"]')

    def port(self, label: str, name: str) -> Locator:
        return self.node(label).locator(f'[data-port="{name}"]')

    def field(self, name: str) -> Locator:
        return self.page.locator(f'#inspector [name="{name}"]')

    # Waiting.

    def live(self, state: str = "live") -> "EditorPage":
        """The page stands so, and all of it is loaded; it comes back after up to fifteen seconds."""
        expect(self.root).to_have_attribute("data-connection", state, timeout=PATIENCE_MS)
        expect(self.root).to_have_attribute("data-interactive", "", timeout=PATIENCE_MS)
        return self

    def settled(self) -> "EditorPage":
        """Everything I did is acknowledged, and drawn as the server draws it."""
        expect(self.root).to_have_attribute("data-pending", "0", timeout=PATIENCE_MS)
        self.page.evaluate(DRAWN)
        return self

    # Doing.

    def centre(self, what: Locator) -> Point:
        what.evaluate(STEADY)
        box = rect(what)
        return box["x"] + box["width"] / 2, box["y"] + box["height"] / 2

    def drag(self, start: Locator | Point, end: Locator | Point, *, drop: bool = True) -> "EditorPage":
        mouse = self.page.mouse
        mouse.move(*(start if isinstance(start, tuple) else self.centre(start)))
        mouse.down()
        mouse.move(*(end if isinstance(end, tuple) else self.centre(end)), steps=8)
        if drop:
            mouse.up()
        return self

    def add(self, kind: str, label: str, at: Point) -> "EditorPage":
        """Drag a kind from the palette to a point of the window, and name it."""
        before = self.nodes.count()
        self.drag(self.page.locator(f"[data-palette-kind={kind}]"), at)
        expect(self.nodes).to_have_count(before + 1)
        self.page.keyboard.press("F2")
        self.page.keyboard.type(label)
        self.page.keyboard.press("Enter")
        expect(self.node(label)).to_be_visible()
        return self

    def connect(self, source: str, target: str, port: str = "out") -> "EditorPage":
        before = self.edges.count()
        self.drag(self.port(source, port), self.node(target))
        expect(self.edges).to_have_count(before + 1)
        return self

    def call(self, method: str, path: str, body: object = None) -> Any:
        """Call the API as this person; 200 to 204 is expected."""
        status, answer = self.page.evaluate(CALL, [method, path, body])
        assert status < 300, (status, answer)
        return answer

    def operate(self, *operations: object) -> Any:
        return self.call("POST", f"/flows/{self.flow}/operations", {"operations": list(operations)})

    def stored(self) -> Any:
        return self.call("GET", f"/flows/{self.flow}")
