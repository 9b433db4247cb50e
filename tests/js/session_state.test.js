/** When an edit can be made, and why not. */

import assert from "node:assert/strict";
import { test } from "node:test";

import { characters } from "../../static/js/lib/texts.js";
import { SessionState } from "../../static/js/sync/session.js";

function stateOf({ role = "editor", state = "open", attempt = 0, isFull = false, isKeeping = true }) {
  return Object.assign(new SessionState(), { role, socket: { state, attempt }, outbox: { isFull }, device: { isKeeping } });
}

const readOnlyReason = (now) => stateOf(now).readOnlyReason;

test("a viewer, a closed session and a full outbox can edit nothing", () => {
  assert.equal(readOnlyReason({ role: "viewer" }), "role");
  assert.equal(readOnlyReason({ role: "commenter" }), "role");
  assert.equal(readOnlyReason({ state: "stopped" }), "ended");
  assert.equal(readOnlyReason({ isFull: true }), "full");
});

test("without a connection, a device that keeps nothing takes nothing", () => {
  assert.equal(readOnlyReason({ state: "waiting", attempt: 1, isKeeping: false }), "unkept");
  assert.equal(readOnlyReason({ state: "connecting", attempt: 2, isKeeping: false }), "unkept");
  assert.equal(readOnlyReason({ state: "waiting", attempt: 1 }), null);
});

test("with a connection, or just about to have one, it takes what goes out at once", () => {
  assert.equal(readOnlyReason({ isKeeping: false }), null);
  assert.equal(readOnlyReason({ state: "connecting", isKeeping: false }), null);
});

test("a character counts once, however many halves it is made of", () => {
  assert.deepEqual(["", "abc", "ä", "🚂🚃", "途中"].map(characters), [0, 3, 1, 2, 2]);
});
