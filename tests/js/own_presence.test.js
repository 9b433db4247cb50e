/** What others see of me is sent at once, then at most so often: less the more people there are, and once a second alone. */

import assert from "node:assert/strict";
import { afterEach, beforeEach, mock, test } from "node:test";

import { OwnPresence } from "../../static/js/collaborators/own_presence.js";

const BEGIN = 10_000;
let now;
let stir;

beforeEach(() => {
  now = BEGIN;
  mock.timers.enable({ apis: ["setTimeout"] });
  mock.method(performance, "now", () => now);
  globalThis.document = Object.assign(new EventTarget(), { hidden: false });
  globalThis.addEventListener = (type, listener) => type === "keydown" && (stir = listener);
});
afterEach(() => {
  mock.timers.reset();
  mock.restoreAll();
  delete globalThis.document;
  delete globalThis.addEventListener;
});

/** Me in a flow with so many others, whose first state is sent. */
function me(others) {
  const sent = [];
  const session = Object.assign(new EventTarget(), { presence: (state) => sent.push({ at: now - BEGIN, state }) });
  const selection = Object.assign(new EventTarget(), { nodes: new Set(), edges: new Set() });
  const viewport = Object.assign(new EventTarget(), { centre: { x: 0, y: 0 }, zoom: 1, pointer: { x: 0, y: 0 } });
  const presence = new OwnPresence({ selection, session, viewport });
  presence.others(others);
  const point = () => {
    viewport.pointer = { x: now, y: 0 };
    viewport.dispatchEvent(new CustomEvent("pointer", { detail: { event: { pointerType: "mouse" } } }));
  };
  return { point, selection, sent };
}

/** Let time pass, and something happen in each millisecond of it. */
function pass(ms, each = () => {}) {
  for (let passed = 0; passed < ms; passed += 1) {
    each();
    now += 1;
    mock.timers.tick(1);
  }
}

const gaps = (sent) => [...new Set(sent.slice(2).map(({ at }, index) => at - sent[index + 1].at))];

for (const [others, gap] of [[0, 1_000], [1, 42], [10, 60], [100, 240], [1_000, 500]]) {
  test(`with ${others} others the pointer is sent every ${gap} ms`, () => {
    const { point, sent } = me(others);
    pass(5 * gap, point);
    assert.deepEqual(gaps(sent), [gap]);
  });
}

test("what changes several times in between is sent once, as it is then", () => {
  const { selection, sent } = me(1);
  pass(100);
  sent.length = 0;
  const choose = (nodes, edges = []) => {
    Object.assign(selection, { nodes: new Set(nodes), edges: new Set(edges) });
    selection.dispatchEvent(new Event("change"));
  };
  choose(["a"]);
  pass(1);
  assert.deepEqual(sent.map(({ state }) => state), [{ selection: ["a"] }]);
  for (const nodes of [["b"], ["c"], ["d"]]) choose(nodes, ["e"]);
  pass(42);
  assert.deepEqual(sent.slice(1).map(({ state }) => state), [{ selection: ["d", "e"] }]);
});

test("I am idle 60 s after I last did something, and active when I do something again", () => {
  const { sent } = me(1);
  const status = () => sent.filter(({ state }) => "status" in state).map(({ at, state }) => [at, state.status]);
  stir();
  pass(59_999);
  assert.deepEqual(status(), []);
  stir();
  pass(60_001);
  assert.deepEqual(status(), [[119_999, "idle"]]);
  stir();
  pass(42);
  assert.equal(status().at(-1)[1], "active");
});
