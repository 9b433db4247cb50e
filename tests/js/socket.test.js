/** Return after a lost connection, and telling what was seen. */

import assert from "node:assert/strict";
import { mock, test } from "node:test";

import { delay, MAX_DELAY_MS } from "../../static/js/lib/timing.js";
import { Seen, Socket, verdict } from "../../static/js/sync/socket.js";

test("a client closed for good does not reconnect; others do, spread over time", () => {
  for (const code of [4400, 4401, 4403, 4404, 4409]) assert.equal(verdict(code), "stop");
  for (const code of [1000, 1001, 1006, 4408, 4413]) assert.equal(verdict(code), "retry");
  for (const code of [4412, 4429, 4503]) assert.equal(verdict(code), "spread");
  assert.equal(verdict(4410), "sleep");
  assert.deepEqual([delay(99, () => 1), delay(0, () => 0), delay(0, () => 1)], [MAX_DELAY_MS, 250, 500]);
});

class Transport {
  static all = [];
  constructor() {
    Transport.all.push(this);
  }
  sent = [];
  send = (text) => this.sent.push(JSON.parse(text));
  close() {}
  receive = (frame) => this.onmessage({ data: JSON.stringify(frame) });
}

function socket(hello = () => ({ type: "hello" })) {
  Transport.all = [];
  const page = new EventTarget();
  const made = new Socket("ws://x", hello, { Transport, page });
  made.start();
  const last = () => Transport.all.at(-1);
  last().onopen();
  return { made, last, page };
}

test("nothing is sent before the welcome, and hello is made anew for each connection", () => {
  mock.timers.enable({ apis: ["setTimeout"] });
  let since = 1;
  const { made, last } = socket(() => ({ type: "hello", since }));
  assert.equal(made.send({ type: "ping" }), false);
  last().receive({ type: "welcome" });
  assert.equal(made.send({ type: "operate" }), true);
  since = 9;
  last().onclose({ code: 1006 });
  assert.equal(made.state, "waiting");
  mock.timers.tick(MAX_DELAY_MS);
  last().onopen();
  assert.deepEqual(last().sent, [{ type: "hello", since: 9 }]);
  mock.timers.reset();
});

test("nothing is sent into a connection that is closing", () => {
  mock.timers.enable({ apis: ["setTimeout"] });
  const { made, last } = socket();
  last().receive({ type: "welcome" });
  last().readyState = WebSocket.CLOSING;
  assert.equal(made.send({ type: "operate" }), false);
  assert.deepEqual(last().sent, [{ type: "hello" }]);
  mock.timers.reset();
});

test("a revoked right ends it, sleep waits for an input", () => {
  mock.timers.enable({ apis: ["setTimeout"] });
  const { made, last } = socket();
  last().onclose({ code: 4403 });
  mock.timers.tick(60_000);
  assert.equal(made.state, "stopped");
  const asleep = socket();
  asleep.last().onclose({ code: 4410 });
  mock.timers.tick(60_000);
  assert.equal(Transport.all.length, 1);
  asleep.made.now();
  assert.equal(Transport.all.length, 2);
  mock.timers.reset();
});

for (const [what, about, wakes] of [
  ["keydown", {}, true],
  ["input", {}, true],
  ["pointermove", { movementX: 3, movementY: 0 }, true],
  ["pointermove", { movementX: 0, movementY: 0 }, false],
]) {
  test(`a sleeping connection is ${wakes ? "woken" : "left alone"} by ${what} ${JSON.stringify(about)}`, () => {
    mock.timers.enable({ apis: ["setTimeout"] });
    const asleep = socket();
    asleep.last().onclose({ code: 4410 });
    asleep.page.dispatchEvent(Object.assign(new Event(what), about));
    assert.equal(Transport.all.length, wakes ? 2 : 1);
    mock.timers.reset();
  });
}

test("silence is asked about, and without an answer the connection counts as lost", () => {
  mock.timers.enable({ apis: ["setTimeout"] });
  const { made, last } = socket();
  last().receive({ type: "welcome" });
  mock.timers.tick(20_000);
  assert.deepEqual(last().sent.at(-1), { type: "ping" });
  mock.timers.tick(5_000);
  assert.equal(made.state, "waiting");
  mock.timers.reset();
});

test("`seen` is sent within two seconds, sooner after a hundred versions, never more than ten times a second", () => {
  mock.timers.enable({ apis: ["setTimeout"] });
  const told = [];
  const seen = new Seen((version) => told.push(version));
  seen.reset(0);
  seen.note(3, 100);
  assert.deepEqual(told, []);
  mock.timers.tick(2_000);
  assert.deepEqual(told, [3]);
  for (let version = 4; version <= 400; version += 1) seen.note(version, 10);
  mock.timers.tick(100);
  assert.deepEqual(told, [3, 400]);
  mock.timers.reset();
});
