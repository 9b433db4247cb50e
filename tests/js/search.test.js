/** What a person types finds what they mean. */

import assert from "node:assert/strict";
import { test } from "node:test";

import { around, folded, rank, ranked, wordsOf } from "../../static/js/lib/search.js";

test("case and accents do not matter", () => {
  assert.equal(folded("Prüfung ÉTÉ"), "prufung ete");
  assert.deepEqual(wordsOf("  Zoom  in "), ["zoom", "in"]);
});

test("every word must be there; what begins with the first is better", () => {
  assert.equal(rank("zoom in", ["out"]), null);
  assert.equal(rank("zoom in", ["in", "zoom"]), 1);
  assert.equal(rank("zoom in", ["zoom"]), 0);
  assert.equal(rank("rezoom", ["zoom"]), 2);
  assert.equal(rank("anything", []), 0);
});

test("the better come first, the others as they were", () => {
  const names = ["reply", "a plan", "plan", "airplane", "plan b"];
  assert.deepEqual(ranked(names, ["plan"], (name) => name), ["plan", "plan b", "a plan", "airplane"]);
});

test("a long text is shown around what was found", () => {
  const text = `${"first ".repeat(20)}the refund\nof an order ${"last ".repeat(30)}`;
  const shown = around(text, "refund");
  assert.match(shown, /^….*the refund of an order.*…$/);
  assert.ok(shown.length <= 82);
  assert.equal(around("Refund", "refund"), "Refund");
  assert.equal(around("nothing of it", "refund"), "nothing of it");
});
