/** What became of my work: asked for once it may be known, again when it could not be answered, and never without knowing since when. */

import assert from "node:assert/strict";
import { afterEach, beforeEach, mock, test } from "node:test";

import { Conflicts } from "../../static/js/conflicts/conflicts.js";

const settled = () => new Promise((resolve) => setImmediate(resolve));
const element = () => ({ dataset: {}, children: [], setAttribute() {}, append() {}, addEventListener() {}, contains: () => false });

beforeEach(() => {
  mock.timers.enable({ apis: ["setTimeout"] });
  delete globalThis.BroadcastChannel;
  globalThis.document = Object.assign(new EventTarget(), { createElement: element });
  globalThis.addEventListener = () => {};
});
afterEach(() => {
  mock.timers.reset();
  delete globalThis.document;
  delete globalThis.addEventListener;
});

/** Back at version 9 of a flow that was left at 5; `answers` are what the server says, one after the other. */
function back(answers, { isReady = true } = {}) {
  const asked = [];
  globalThis.fetch = async (address) => {
    asked.push(address.split("?")[1]);
    return answers.shift() ?? Response.json({ items: [] });
  };
  const outbox = { isReady, pending: 0, drafts: 0, waiting: () => [] };
  const device = Object.assign(new EventTarget(), { isKeeping: true, unread: new Set(), all: async () => [], unkept: () => [] });
  const session = Object.assign(new EventTarget(), { version: 5, connection: "live", outbox, device });
  new Conflicts({ session, root: { dataset: { user: "1", flow: "f" } }, texts: { say: (name) => name } });
  const tell = (type, detail) => session.dispatchEvent(new CustomEvent(type, { detail }));
  tell("welcome", { version: 9, before: { version: 5, waiting: [], isUnsent: false } });
  return { asked, outbox, tell };
}

const pass = async (time) => {
  mock.timers.tick(time);
  await settled();
  await settled();
};

test("what could not be answered is asked again, and what was answered meanwhile is not asked once more", async () => {
  const { asked, tell } = back([new Response(null, { status: 503 })]);
  await pass(600);
  assert.deepEqual(asked, ["since=5"]);
  tell("status");
  await pass(600);
  assert.deepEqual(asked, ["since=5", "since=5"]);
  for (let seconds = 0; seconds < 5; seconds += 1) await pass(1_000);
  assert.deepEqual(asked, ["since=5", "since=5"]);
});

test("what became of edits that earlier pages left is asked once it is known which there are", async () => {
  const { asked, outbox, tell } = back([], { isReady: false });
  await pass(1_000);
  assert.deepEqual(asked, []);
  Object.assign(outbox, { isReady: true, pending: 1 });
  tell("status");
  await pass(1_000);
  assert.deepEqual(asked, []);
  outbox.pending = 0;
  tell("status");
  await pass(600);
  assert.deepEqual(asked, ["since=5"]);
});

test("an answer that does not come is waited for 20 s, and asked for again", async () => {
  const limits = [];
  const { timeout } = AbortSignal;
  AbortSignal.timeout = (time) => (limits.push(time), AbortSignal.abort());
  const { asked } = back([]);
  const { fetch } = globalThis;
  globalThis.fetch = async (address, { signal }) => {
    const answer = await fetch(address);
    signal.throwIfAborted();
    return answer;
  };
  await pass(600);
  AbortSignal.timeout = timeout;
  for (let seconds = 0; seconds < 3; seconds += 1) await pass(1_000);
  assert.deepEqual([limits, asked], [[20_000], ["since=5", "since=5"]]);
});
