/** A run starts with what its starter sees: it waits for edits that are on their way, but not for ever. */

import assert from "node:assert/strict";
import { test } from "node:test";

import { allSent } from "../../static/js/runs/sending.js";

class Pending extends EventTarget {
  constructor(pending) {
    super();
    this.pending = pending;
  }

  acked() {
    this.pending -= 1;
    this.dispatchEvent(new Event("change"));
  }
}

test("what cannot be sent is not waited for for ever", async () => {
  assert.equal(await allSent(new Pending(1), 1), false);
});

test("nothing on its way is nothing to wait for", async () => {
  assert.equal(await allSent(new Pending(0)), true);
});

test("all that is on its way must have arrived", async () => {
  const outbox = new Pending(2);
  const events = [];
  const sent = allSent(outbox).then((isSent) => events.push(isSent));
  outbox.acked();
  await Promise.resolve();
  events.push("one");
  outbox.acked();
  await sent;
  assert.deepEqual(events, ["one", true]);
});
