/** JSON and lines as rows: each value has one cell and comes back the same; what does not fit is told, never lost. */

import assert from "node:assert/strict";
import { test } from "node:test";

import { Misfit, cellOf, fieldsOf, fromFields, fromItems, fromLines, fromPairs, fromQuestion, itemsOf, linesOf, meaningOf, pairsOf, questionOf } from "../../static/js/lib/rows.js";

const VALUES = ["", "text", "5", "true", "null", '"quoted"', "[1", "{{ input.name }}", " 5 ", "05", "1e3", 5, -0.5, true, false, null, [], [1, "a"], { a: { b: null } }];

for (const value of VALUES) {
  test(`a cell of ${JSON.stringify(value)} means just that`, () => assert.deepEqual(meaningOf(cellOf(value)), value));
}

test("what a person types means what it looks like", () => {
  assert.deepEqual(["5", "true", "[1]", '"5"', "{{ x }}", "GET", "-"].map(meaningOf), [5, true, [1], "5", "{{ x }}", "GET", "-"]);
});

for (const value of [{}, { a: 1, b: "1", "c d": null }, { "": "x" }]) {
  test(`pairs of ${JSON.stringify(value)}`, () => {
    const rows = pairsOf(value);
    if ("" in value) assert.throws(() => fromPairs(rows), Misfit);
    else assert.deepEqual(fromPairs(rows), Object.keys(value).length ? value : null);
  });
}

test("a list, a text and a number are no pairs", () => assert.deepEqual([[], "a", 5, true].map(pairsOf), [null, null, null, null]));
test("nothing is no pairs, and no pairs are nothing", () => assert.deepEqual([pairsOf(null), fromPairs([]), fromPairs([{ key: "", text: "" }])], [[], null, null]));
test("a key that is there twice is told", () => {
  assert.throws(() => fromPairs([{ key: "a", text: "1" }, { key: "a", text: "2" }]), (error) => error instanceof Misfit && error.message === "twice" && error.values.name === "a");
});
test("a value without a key is told", () => assert.throws(() => fromPairs([{ key: "", text: "1" }]), /nameless/));
test("a key that every object has is one like others", () => {
  assert.deepEqual(Object.entries(fromPairs(pairsOf(JSON.parse('{"constructor": 1, "toString": "x"}')))), [["constructor", 1], ["toString", "x"]]);
});

test("places to deliver to, as names and as objects", () => {
  const value = ["E-mail", { channel: "slack", target: "#ops" }];
  assert.deepEqual(fromItems(itemsOf(value)), value);
  assert.deepEqual([itemsOf("E-mail"), itemsOf({}), fromItems([{ text: "" }])], [[{ text: "E-mail" }], null, null]);
});

test("names stand on lines, each once", () => {
  assert.deepEqual(linesOf(" yes \n\nno"), [{ text: "yes" }, { text: "no" }]);
  assert.equal(fromLines([{ text: "yes" }, { text: "" }, { text: " no " }]), "yes\nno");
  assert.throws(() => fromLines([{ text: "a" }, { text: "a " }]), /twice/);
});

const FORMS = [
  [{ name: "a", title: "A", type: "string", required: true, default: "5", enum: ["5", "true"], minimum: 1, maximum: 9 }],
  [{ name: "n", type: "number", default: 5, enum: [1, 2] }],
  [{ name: "b", type: "boolean", default: false }],
  [{ name: "o", type: "object", default: { x: [1] }, help: "kept", format: "email" }],
  ["name", "e-mail"],
  ["name", { name: "b" }],
  [{ name: "x", type: "dropdown" }],
];
for (const form of FORMS) test(`the form ${JSON.stringify(form)} comes back as it was`, () => assert.deepEqual(fromFields(fieldsOf(form)), form));

test("a form by names becomes a list", () => {
  assert.deepEqual(fromFields(fieldsOf({ a: "number", b: { title: "B" } })), [{ name: "a", type: "number" }, { name: "b", title: "B" }]);
});
test("what is no form does not fit into rows", () => assert.deepEqual([5, "a", [5], [null], [{ name: 5 }], [{ name: "a", enum: "x" }]].map(fieldsOf), [null, null, null, null, null, null]));
test("fields without a name, and two of one name, are told", () => {
  assert.throws(() => fromFields([...fieldsOf(["a"]), ...fieldsOf(["a"])]), /twice/);
  assert.throws(() => fromFields(fieldsOf([{ title: "A" }])), /nameless/);
});
test("a bare name that gets a type is a field of its own", () => {
  const [row] = fieldsOf(["age"]);
  assert.deepEqual(fromFields([{ ...row, type: "integer" }]), [{ name: "age", type: "integer" }]);
});

const QUESTIONS = [null, { question: "Send it?", who: "editors" }, { question: "?", who: ["bob@example.com"], form: ["why"], timeout_ms: 60000 }, { question: "?", who: "editors", more: true }];
for (const asked of QUESTIONS) test(`the question ${JSON.stringify(asked)} comes back as it was`, () => assert.deepEqual(fromQuestion(questionOf(asked)), asked));
test("what is no question does not fit", () => assert.deepEqual([5, [], { question: 5 }, { who: "me" }, { form: 5 }, { timeout_ms: "1 h" }].map(questionOf), [null, null, null, null, null, null]));
