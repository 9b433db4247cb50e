/** Edits go out below the server's rate, in a burst at first. */

import assert from "node:assert/strict";
import { test } from "node:test";

import { Pace } from "../../static/js/lib/timing.js";

test("a burst of twice the rate, then a little less than the rate", () => {
  let now = 0;
  const pace = new Pace(100, () => now);
  let sent = 0;
  const all = () => {
    while (!pace.wait()) {
      pace.take();
      sent += 1;
    }
  };
  all();
  assert.equal(sent, 200);
  assert.equal(pace.wait(), 12);
  now = 10_000;
  all();
  assert.equal(sent, 400);
  for (; now < 20_000; now += 10) all();
  assert.ok(sent >= 1290 && sent <= 1300, String(sent));
});
