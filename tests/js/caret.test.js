/** A caret stays with the text it was at, whatever becomes of the rest. */

import assert from "node:assert/strict";
import { test } from "node:test";

import { caretIn, rangeIn } from "../../static/js/inspector/caret.js";

test("behind the same text a caret stays where it is", () => {
  assert.equal(caretIn("", "Three sentences.", 0), 0);
  assert.equal(caretIn("One two", "One two three", 3), 3);
  assert.equal(caretIn("One two", "One", 3), 3);
});

test("before the same text it goes along with that", () => {
  assert.equal(caretIn("Plan it", "Replan it", 4), 6);
  assert.equal(caretIn("Plan", "A plan", 4), 6);
});

test("in another text it stays as near as can be", () => {
  assert.equal(caretIn("Planning", "No", 4), 2);
  assert.equal(caretIn("Planning", "Nothing of it", 4), 4);
});

test("what was selected as a whole is so again, and a part stays a part", () => {
  assert.deepEqual(rangeIn("Old", "Bob's name", [0, 3]), [0, 10]);
  assert.deepEqual(rangeIn("", "Bob's name", [0, 0]), [0, 0]);
  assert.deepEqual(rangeIn("One two", "One two three", [4, 7]), [4, 7]);
});
