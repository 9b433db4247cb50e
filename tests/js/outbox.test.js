/** Edits on their way: in order, once, and answered exactly once. */

import assert from "node:assert/strict";
import { test } from "node:test";

import { Outbox } from "../../static/js/live/outbox.js";

function outbox({ open = true, most } = {}) {
  let seq = 0;
  const state = { open, sent: [] };
  const box = new Outbox({ next: () => (seq += 1), send: (number, operation) => state.open && Boolean(state.sent.push([number, operation])), most });
  return { box, state };
}

const seqs = (state) => state.sent.map(([seq]) => seq);

test("a full outbox takes no more", () => {
  const { box } = outbox({ open: false, most: 2 });
  assert.deepEqual([box.put("a"), box.put("b"), box.put("c")], [1, 2, null]);
});

test("what could not be sent goes out in order when there is a connection again", () => {
  const { box, state } = outbox({ open: false });
  box.put("a");
  box.put("b");
  assert.deepEqual(state.sent, []);
  state.open = true;
  box.resend();
  assert.deepEqual(state.sent, [[1, "a"], [2, "b"]]);
});

test("what was sent and not answered goes out again under the same number", () => {
  const { box, state } = outbox();
  box.put("a");
  box.put("b");
  box.acked(1, 5, 5);
  box.resend();
  assert.deepEqual(seqs(state), [1, 2, 2]);
  assert.equal(box.pending, 1);
});

test("an acknowledged edit stays in the picture until its version is here", () => {
  const { box } = outbox();
  box.put("a");
  box.acked(1, 7, 6);
  assert.equal(box.pending, 0);
  assert.deepEqual([...box.operations()], ["a"]);
  box.settle(7);
  assert.deepEqual([...box.operations()], []);
});

test("an answer to what is not ours changes nothing", () => {
  const { box } = outbox();
  assert.equal(box.refused(9, "invalid"), null);
  box.acked(9, 1, 1);
  assert.equal(box.pending, 0);
});

test("a refused edit leaves and is handed back; too fast is tried again, not lost", () => {
  const { box } = outbox();
  box.put("a");
  box.put("b");
  assert.equal(box.refused(1, "invalid").operation, "a");
  assert.equal(box.refused(2, "rate_limited"), null);
  assert.equal(box.pending, 1);
});

test("no more than a hundred fly at a time", () => {
  const { box, state } = outbox();
  for (let count = 0; count < 150; count += 1) box.put(count);
  assert.equal(state.sent.length, 100);
  box.acked(1, 1, 1);
  assert.equal(state.sent.length, 101);
});

test("what is kept is told to the shelf, and forgotten with its answer", () => {
  const shelf = [];
  const box = new Outbox({ next: () => 1, send: () => true, shelf: { save: ({ seq }) => shelf.push(seq), drop: (seq) => shelf.splice(shelf.indexOf(seq), 1) } });
  box.put("a");
  assert.deepEqual(shelf, [1]);
  box.acked(1, 1, 1);
  assert.deepEqual(shelf, []);
});
