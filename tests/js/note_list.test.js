/** Notes stand so that each can be acted on when it is read from the top. */

import assert from "node:assert/strict";
import { test } from "node:test";

import { inOrder } from "../../static/js/conflicts/note_list.js";

const tryAgain = (name, ...operations) => ({ name, put: operations.length === 1 ? operations[0] : { kind: "batch", operations } });
const bringBack = (name, ...operations) => ({ ...tryAgain(name, ...operations), isReturn: true });
const edit = (id) => ({ kind: "edit_node", id, set: { label: "x" } });
const add = (id, parent = null) => ({ kind: "add_node", node: { id, parent } });
const connect = (source, target) => ({ kind: "add_edge", edge: { id: `${source}${target}`, source, target } });
const names = (...notes) => inOrder(notes).map(({ name }) => name);

test("notes keep their order when none waits for another", () => {
  assert.deepEqual(names(tryAgain("1", edit("a")), { name: "2" }, bringBack("3", add("b")), tryAgain("4", edit("b"))), ["1", "2", "3", "4"]);
});

test("an element comes back before something is written, connected or put into it", () => {
  for (const wish of [edit("b"), connect("a", "b"), connect("b", "c"), add("m", "b")]) {
    assert.deepEqual(names(tryAgain("1", wish), { name: "2" }, bringBack("3", add("b"), connect("b", "a"))), ["3", "1", "2"]);
  }
});

test("two deleted elements do not wait for each other", () => {
  assert.deepEqual(names(bringBack("1", add("a"), connect("a", "b")), bringBack("2", add("b"), connect("a", "b"))), ["1", "2"]);
});
