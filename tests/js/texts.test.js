/** What scripts say: plural forms, numbers, and words that run the other way. */

import assert from "node:assert/strict";
import { test } from "node:test";

import { Texts, filled, form } from "../../static/js/lib/texts.js";

const texts = new Texts({ wait: "{count} changes", wait_one: "{count} change", by: "{name} is here" });

test("a text that is not there is its name", () => assert.equal(texts.say("nothing"), "nothing"));

test("a count chooses the form, as the language counts", () => {
  assert.equal(texts.say("wait", { count: 1 }), "1 change");
  assert.deepEqual([0, 2, 11].map((count) => texts.say("wait", { count })), ["0 changes", "2 changes", "11 changes"]);
  assert.equal(form(1, undefined, "other"), "other");
});

test("numbers are written as the reader writes them", () => assert.equal(texts.say("wait", { count: 1200 }), "1,200 changes"));

test("words that run from right to left do not turn the sentence around them", () => {
  assert.equal(texts.say("by", { name: "דנה" }), "\u2068דנה\u2069 is here");
  assert.equal(texts.say("by", { name: "Dana" }), "Dana is here");
});

test("a value is never taken for a place to fill", () => assert.equal(filled("{a} {b}", { a: "{b}", b: "x" }), "{b} x"));
