/** What the pill says: never "saved" when something is not. */

import assert from "node:assert/strict";
import { test } from "node:test";

import { statusOf } from "../../static/js/sync/status_pill.js";

const CALM = {
  connection: "live", count: 0, notes: 0, unsaved: 0, seconds: 0,
  isAsleep: false, isCurrent: true, isFull: false, isKept: true, isKnown: true, isOver: false, mayNotEdit: false,
};
const shown = (facts) => statusOf({ ...CALM, ...facts });

test("all is saved only when nothing waits, is missing, unsaved or to be looked at", () => {
  assert.deepEqual(shown({}), ["live", "saved", {}]);
  for (const facts of [{ count: 1 }, { isCurrent: false }, { unsaved: 1 }, { notes: 1 }, { isKnown: false }, { isFull: true }, { isOver: true }, { isKept: false, isKnown: false }]) {
    const [, name] = shown(facts);
    assert.notEqual(name, "saved", JSON.stringify(facts));
  }
});

test("a device that keeps nothing is said so, also when everything is saved", () => {
  assert.deepEqual(shown({ isKept: false }), ["unkept", "unkept_saved", {}]);
  assert.deepEqual(shown({ isKept: false, isKnown: false }), ["unkept", "unkept", {}]);
  assert.deepEqual(shown({ isKept: false, count: 2 }), ["unkept", "unkept", {}]);
});

test("connected: edits on their way come first, then a canvas, then texts, then conflicts", () => {
  const all = { count: 1, isCurrent: false, unsaved: 2, notes: 3 };
  assert.deepEqual(shown(all), ["saving", "saving", {}]);
  assert.deepEqual(shown({ ...all, count: 0 }), ["connecting", "catching_up", {}]);
  assert.deepEqual(shown({ unsaved: 2, notes: 3 }), ["refused", "unsaved", { count: 2 }]);
  assert.deepEqual(shown({ notes: 3 }), ["refused", "to_look_at", { count: 3 }]);
});

test("connecting is said until what earlier pages left is known", () => {
  assert.deepEqual(shown({ connection: "connecting" }), ["connecting", "connecting", {}]);
  assert.deepEqual(shown({ connection: "connecting", count: 1 }), ["connecting", "saving", {}]);
  assert.deepEqual(shown({ connection: "offline", isKnown: false }), ["connecting", "connecting", {}]);
});

test("offline: how many edits wait, or when the next attempt is", () => {
  const offline = (facts) => shown({ connection: "offline", ...facts });
  assert.deepEqual(offline({}), ["offline", "offline", {}]);
  assert.deepEqual(offline({ seconds: 1 }), ["offline", "offline", {}]);
  assert.deepEqual(offline({ seconds: 5 }), ["reconnecting", "reconnecting", { seconds: 5 }]);
  assert.deepEqual(offline({ seconds: 5, count: 2 }), ["offline", "offline_waiting", { count: 2 }]);
  assert.deepEqual(offline({ isKept: false, mayNotEdit: true }), ["unkept", "unkept_away", { count: 0 }]);
  assert.deepEqual(offline({ isKept: false, mayNotEdit: true, count: 1 }), ["unkept", "unkept_waiting", { count: 1 }]);
  assert.deepEqual(offline({ isAsleep: true }), ["offline", "asleep", { count: 0 }]);
  assert.deepEqual(offline({ isAsleep: true, count: 1 }), ["offline", "asleep_waiting", { count: 1 }]);
});

test("the end, a role that only reads, and a full outbox are said whatever else is so", () => {
  assert.deepEqual(shown({ connection: "offline", isOver: true }), ["offline", "ended", { count: 0 }]);
  assert.deepEqual(shown({ connection: "offline", isOver: true, count: 1 }), ["offline", "ended_waiting", { count: 1 }]);
  assert.deepEqual(shown({ connection: "read-only", count: 1 }), ["read-only", "read_only", {}]);
  assert.deepEqual(shown({ connection: "read-only", isFull: true, count: 9 }), ["offline", "full", { count: 9 }]);
});
