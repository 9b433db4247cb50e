/** When an edit can be made, and why not. */

import assert from "node:assert/strict";
import { test } from "node:test";

import { characters } from "../../static/js/lib/characters.js";
import { Standing } from "../../static/js/sync/read_only_reason.js";

function standing({ role = "editor", state = "open", attempt = 0, isFull = false, isKeeping = true }) {
  return Object.assign(new Standing(), { role, socket: { state, attempt }, outbox: { isFull }, device: { isKeeping } });
}

const hindrance = (now) => standing(now).hindrance;

test("who only reads, whose connection is over, and who has too much waiting edits nothing", () => {
  assert.equal(hindrance({ role: "viewer" }), "role");
  assert.equal(hindrance({ role: "commenter" }), "role");
  assert.equal(hindrance({ state: "stopped" }), "ended");
  assert.equal(hindrance({ isFull: true }), "full");
});

test("without a connection, a device that keeps nothing takes nothing", () => {
  assert.equal(hindrance({ state: "waiting", attempt: 1, isKeeping: false }), "unkept");
  assert.equal(hindrance({ state: "connecting", attempt: 2, isKeeping: false }), "unkept");
  assert.equal(hindrance({ state: "waiting", attempt: 1 }), null);
});

test("with a connection, or just about to have one, it takes what goes out at once", () => {
  assert.equal(hindrance({ isKeeping: false }), null);
  assert.equal(hindrance({ state: "connecting", isKeeping: false }), null);
});

test("a character counts once, however many halves it is made of", () => {
  assert.deepEqual(["", "abc", "ä", "🚂🚃", "途中"].map(characters), [0, 3, 1, 2, 2]);
});
