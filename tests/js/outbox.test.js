/** Edits on their way: in order, once, answered exactly once, and never only in one place that can die. */

import assert from "node:assert/strict";
import { mock, test } from "node:test";

import { Outbox } from "../../static/js/sync/outbox.js";

/** A device: what is on the store stays when a page goes. */
class Device {
  kept = new Map();
  store(client, living = []) {
    const key = (entry) => `${entry.client} ${entry.seq}`;
    return {
      client,
      save: (entry, instead) => {
        if (instead) this.kept.delete(key(instead));
        this.kept.set(key(entry), structuredClone(entry));
      },
      drop: (...entries) => entries.forEach((entry) => this.kept.delete(key(entry))),
      orphans: async () => [...this.kept.values()].filter((entry) => entry.client !== client && !living.includes(entry.client)),
    };
  }
}

async function page({ device = new Device(), client = "page-one", open = true, most, rate = 1000, living } = {}) {
  const state = { open, sent: [], device };
  const send = ({ client: by, seq, operation }) => state.open && Boolean(state.sent.push([by === client ? seq : `${by} ${seq}`, operation]));
  const box = new Outbox({ send, store: device.store(client, living), most, rate });
  await box.adopt();
  return { box, state, device };
}

const names = (state) => state.sent.map(([name]) => name);
const acked = (box, seq, version, held = version, client = undefined) => box.acked({ seq, version, client }, held);

test("a full outbox takes no more, and takes again when something is answered", async () => {
  const { box, state } = await page({ open: false, most: 2 });
  assert.deepEqual([box.put("a"), box.put("b"), box.put("c")], [1, 2, null]);
  assert.equal(box.isFull, true);
  state.open = true;
  box.resend();
  acked(box, 1, 1);
  assert.equal(box.put("d"), 3);
});

test("nothing goes out before what earlier pages left behind is known", async () => {
  const state = { sent: [] };
  const box = new Outbox({ send: ({ operation }) => Boolean(state.sent.push(operation)), store: new Device().store("page-one") });
  box.put("a");
  assert.deepEqual(state.sent, []);
  await box.adopt();
  assert.deepEqual(state.sent, ["a"]);
});

test("what could not be sent goes out in order when there is a connection again", async () => {
  const { box, state } = await page({ open: false });
  box.put("a");
  box.put("b");
  assert.deepEqual(state.sent, []);
  state.open = true;
  box.resend();
  assert.deepEqual(state.sent, [[1, "a"], [2, "b"]]);
});

test("what was sent and not answered goes out again under the same number", async () => {
  const { box, state } = await page();
  box.put("a");
  box.put("b");
  acked(box, 1, 5);
  box.resend();
  assert.deepEqual(names(state), [1, 2, 2]);
  assert.equal(box.pending, 1);
});

test("an acknowledged edit stays in the picture, and on the device, until its version is here", async () => {
  const { box, device } = await page();
  box.put("a");
  acked(box, 1, 7, 6);
  assert.equal(box.pending, 0);
  assert.deepEqual([[...box.operations()], device.kept.size], [["a"], 1]);
  box.settle(7);
  assert.deepEqual([[...box.operations()], device.kept.size], [[], 0]);
});

test("an answer to what is not ours changes nothing", async () => {
  const { box } = await page();
  box.put("a");
  box.refused({ seq: 9, code: "invalid" }, assert.fail);
  box.refused({ client: "page-two", seq: 1, code: "invalid" }, assert.fail);
  assert.equal(acked(box, 9, 1), null);
  assert.equal(box.pending, 1);
});

test("an edit that was too fast is tried again, not lost", async () => {
  const { box, device } = await page();
  box.put("a");
  box.refused({ seq: 1, code: "rate_limited" }, assert.fail);
  assert.deepEqual([box.pending, device.kept.size], [1, 1]);
});

test("a refused edit is reported while it is still on the device, and then leaves it", async () => {
  const { box, device } = await page();
  box.put("a");
  const told = [];
  box.refused({ seq: 1, code: "invalid" }, ({ operation }) => told.push(operation, device.kept.size, box.pending));
  assert.deepEqual(told, ["a", 1, 0]);
  assert.equal(device.kept.size, 0);
});

test("no more than a hundred fly at a time, nor more than a mebibyte", async () => {
  const { box, state } = await page();
  for (let count = 0; count < 150; count += 1) box.put(count);
  assert.equal(state.sent.length, 100);
  acked(box, 1, 1);
  assert.equal(state.sent.length, 101);
  const big = await page({ client: "page-two" });
  for (let count = 0; count < 30; count += 1) big.box.put("x".repeat(60_000));
  assert.equal(big.state.sent.length, 17);
});

test("nothing goes out faster than the server takes it", async () => {
  mock.timers.enable({ apis: ["setTimeout"] });
  const { box, state } = await page({ rate: 10 });
  for (let count = 0; count < 30; count += 1) box.put(count);
  assert.equal(state.sent.length, 20);
  mock.timers.reset();
});

test("the next page sends what a dead one left behind, first, under its names, and forgets it with the answer", async () => {
  const { box: dead, device } = await page({ open: false });
  dead.put("a");
  dead.put("b");
  const { box, state } = await page({ device, client: "page-two" });
  box.put("c");
  assert.deepEqual(state.sent, [["page-one 1", "a"], ["page-one 2", "b"], [1, "c"]]);
  acked(box, 1, 5, 5, "page-one");
  assert.deepEqual([...box.operations()], ["b", "c"]);
  assert.equal(device.kept.size, 2);
});

test("a live page keeps its edits; when it goes, the other sends the rest", async () => {
  const { box: first, device } = await page({ open: false });
  first.put("a");
  const living = ["page-one"];
  const { box, state } = await page({ device, client: "page-two", living });
  box.put("b");
  assert.deepEqual(names(state), [1]);
  living.pop();
  assert.equal(await box.adopt(), true);
  assert.equal(await box.adopt(), false);
  assert.deepEqual(names(state), [1, "page-one 1"]);
});

test("a draft is not sent, and is the next page's last edit if this one dies", async () => {
  const { box: dead, state: before, device } = await page();
  dead.put("a");
  dead.draft("label", "b1");
  dead.draft("label", "b2");
  assert.deepEqual([before.sent.length, dead.pending, dead.drafts], [1, 1, 1]);
  const { state } = await page({ device, client: "page-two" });
  assert.deepEqual(state.sent, [["page-one 1", "a"], ["page-one 3", "b2"]]);
});

test("a finished draft is one edit; a dropped one none", async () => {
  const { box, state, device } = await page();
  box.draft("label", "b1");
  box.put("b2", { draft: "label" });
  box.draft("title", "c");
  box.draft("title", null);
  assert.deepEqual([state.sent.map(([, operation]) => operation), device.kept.size, box.drafts], [["b2"], 1, 0]);
});

test("the last step is undone here as long as nothing of it was sent", async () => {
  const { box, state, device } = await page();
  box.put("sent");
  state.open = false;
  box.resend();
  box.put("a");
  box.put("b", { step: "paste" });
  box.put("c", { step: "paste" });
  const back = () => box.undoUnsent().map(({ operation }) => operation);
  assert.deepEqual([back(), back(), back()], [["b", "c"], ["a"], []]);
  assert.deepEqual([[...box.operations()], device.kept.size], [["sent"], 1]);
});

test("what was sent after all is not undone by the next page either", async () => {
  const { box: dead, state: before, device } = await page({ open: false });
  dead.put("a");
  before.open = true;
  dead.resend();
  const { box } = await page({ device, client: "page-two", open: false });
  assert.deepEqual(box.undoUnsent(), []);
  assert.equal(box.pending, 1);
});

test("an edit that closed the connection for its size is not sent for ever, and no other is blamed", async () => {
  const { box } = await page();
  box.put("small");
  box.oversized(1000, assert.fail);
  box.put("x".repeat(1000));
  const told = [];
  box.oversized(1000, ({ operation }) => told.push(operation.length));
  assert.deepEqual(told, [1000]);
  assert.deepEqual([...box.operations()], ["small"]);
});

test("what was too fast goes out again after a while, before what came later", async () => {
  mock.timers.enable({ apis: ["setTimeout"] });
  const { box, state } = await page();
  box.put("a");
  box.put("b");
  box.refused({ seq: 1, code: "rate_limited" });
  box.put("c");
  assert.deepEqual(names(state), [1, 2]);
  mock.timers.tick(1_000);
  assert.deepEqual(names(state), [1, 2, 1, 2, 3]);
  mock.timers.reset();
});

test("an undo that was too fast is not tried later, when it would undo something else", async () => {
  const { box } = await page();
  box.put({ kind: "undo" });
  const told = [];
  box.refused({ seq: 1, code: "rate_limited" }, ({ operation }) => told.push(operation));
  assert.deepEqual(told, [{ kind: "undo" }]);
  assert.equal(box.pending, 0);
});

test("a waiting undo is not undone", async () => {
  const { box } = await page({ open: false });
  box.put({ kind: "undo" });
  assert.deepEqual(box.undoUnsent(), []);
});
