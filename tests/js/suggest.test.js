/** Where a value can be put into an expression, what is offered there, and what the text is then. */

import assert from "node:assert/strict";
import { test } from "node:test";

import { fitting, keyOf, outputOf, placeAt, upstreamOf, withChoice } from "../../static/js/lib/suggest.js";

/** The caret is at `|`. */
function at(marked, how) {
  const caret = marked.indexOf("¦");
  return placeAt(marked.replace("¦", ""), caret, how);
}

const TYPED = [
  ["inp¦", "inp"],
  ["input.na¦", "input.na"],
  ["1 + pre¦", "pre"],
  ['nodes["n1¦', 'nodes["n1'],
  ['nodes["n1"].out¦', 'nodes["n1"].out'],
  ["(prev¦)", "prev"],
  ["¦", ""],
];
for (const [marked, typed] of TYPED) {
  test(`in the condition ${marked}`, () => assert.deepEqual([at(marked, { isTemplate: false }).typed, at(marked, { isTemplate: false }).kind], [typed, "value"]));
}
for (const marked of ["'inp¦'", '"inp¦', "prev > ¦", "1 ¦"]) test(`nothing is offered at ${marked}`, () => assert.equal(at(marked, { isTemplate: false }), null));
test("a filter is offered behind a bar", () => {
  assert.deepEqual(at("prev | le¦", { isTemplate: false }), { from: 7, to: 9, typed: "le", kind: "filter" });
  assert.equal(at("{{ prev|¦ }}", { isTemplate: true }).kind, "filter");
});
for (const marked of ["Dear ¦", "Dear {{ name }} ¦", "{% if a %}¦", "a { b¦"]) test(`in a text nothing is offered at ${marked}`, () => assert.equal(at(marked, { isTemplate: true }), null));
for (const marked of ["Dear {{ na¦", "{{ na¦ }}", "{% if na¦ %}"]) test(`in a template a value is offered at ${marked}`, () => assert.equal(at(marked, { isTemplate: true }).typed, "na"));
test("right behind the braces all is offered", () => assert.equal(at("Dear {{¦", { isTemplate: true }).typed, ""));
test("asked for, a value goes anywhere", () => assert.deepEqual(at("Dear ¦", { isTemplate: true, isAsked: true }), { from: 5, to: 5, typed: "", kind: "value" }));

function chosen(marked, value, isTemplate) {
  const { text, caret } = withChoice(marked.replace("¦", ""), at(marked, { isTemplate, isAsked: true }), value, isTemplate);
  return `${text.slice(0, caret)}¦${text.slice(caret)}`;
}
test("a choice replaces what was typed", () => assert.equal(chosen("1 + inp¦ + 2", "input.a", false), "1 + input.a¦ + 2"));
test("in a text the braces come along", () => assert.equal(chosen("Dear ¦,", "input.name", true), "Dear {{ input.name }}¦,"));
test("open braces are closed", () => assert.equal(chosen("Dear {{¦, hello", "input.name", true), "Dear {{ input.name¦ }}, hello"));
test("closed braces stay", () => assert.equal(chosen("Dear {{ na¦ }}", "input.name", true), "Dear {{ input.name¦ }}"));
test("a statement stays as it is", () => assert.equal(chosen("{% if na¦ %}x{% endif %}", "input.name", true), "{% if input.name¦ %}x{% endif %}"));

const VALUES = [{ text: "prev" }, { text: 'nodes["n1"].output', values: { label: "Weather" } }, { text: "input.weather" }];
test("what begins so comes first, then by label, then what holds it", () => {
  assert.deepEqual(fitting(VALUES, { typed: "wea" }).map(({ text }) => text), ['nodes["n1"].output', "input.weather"]);
  assert.deepEqual(fitting(VALUES, { typed: "" }).length, 3);
  assert.deepEqual(fitting(VALUES, { typed: "xyz" }), []);
});

const EDGES = { c: ["b"], b: ["a", "l"], l: ["x"], a: [], x: [], out: ["l"], self: ["self"] };
const incoming = (id) => (EDGES[id] ?? []).map((source) => ({ source, sourcePort: source === "l" && id === "b" ? "each" : "out" }));
const kindOf = (id) => (id === "l" ? "loop" : "transform");
test("what runs before, the nearest first, and whether that is in a loop", () => {
  assert.deepEqual(upstreamOf("c", incoming, kindOf), { ids: ["b", "a", "l", "x"], isInLoop: true });
  assert.deepEqual(upstreamOf("out", incoming, kindOf), { ids: ["l", "x"], isInLoop: false });
  assert.deepEqual(upstreamOf("self", incoming, kindOf), { ids: [], isInLoop: false });
  assert.equal(upstreamOf("l", incoming, kindOf).isInLoop, true);
  assert.equal(upstreamOf("c", incoming, kindOf, 2).ids.length, 2);
});
test("how nodes and keys are written", () => assert.deepEqual([outputOf("a-1"), keyOf("name"), keyOf("e-mail"), keyOf('"')], ['nodes["a-1"].output', ".name", '["e-mail"]', '["\\""]']));
