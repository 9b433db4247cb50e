/** Gestures as operations. */

import assert from "node:assert/strict";
import { test } from "node:test";

import { bundled } from "../../static/js/canvas/editing.js";
import { aligned, copies, insertInto, newId, remove, removeAndJoin } from "../../static/js/lib/operations.js";
import { change, NotAValue, read } from "../../static/js/lib/values.js";
import { Spline } from "../../static/js/lib/spline.js";
import { Texts } from "../../static/js/lib/texts.js";

const edge = (id, source, target, sourcePort = "out", targetPort = "in") => ({ id, source, sourcePort, target, targetPort });
const around = (edges) => (id) => edges.filter((one) => one.source === id || one.target === id);
const ends = ({ edge: { source, source_port, target, target_port } }) => [source, source_port, target, target_port].join(" ");

test("ids fit the contract and differ", () => {
  assert.match(newId("n"), /^n[a-z0-9]{9}$/);
  assert.notEqual(newId("n"), newId("n"));
});

test("one stays itself, several are one version, too many are several", () => {
  assert.deepEqual(bundled([]), []);
  assert.deepEqual(bundled([1]), [1]);
  assert.deepEqual(bundled([1, 2, 3], 2), [{ kind: "batch", operations: [1, 2], whole: false }, 3]);
  assert.deepEqual(bundled(["é".repeat(200), "a", "b"], 500, 512 + 404), ["é".repeat(200), { kind: "batch", operations: ["a", "b"], whole: false }]);
});

test("what goes into a group goes through without it, also alone", () => {
  const [add, put] = [{ kind: "add_node", node: { id: "n", parent: "g" } }, { kind: "edit_node", id: "n", set: { parent: "g" } }];
  assert.deepEqual(bundled([add]), [{ kind: "batch", operations: [add], whole: false }]);
  assert.deepEqual(bundled([put]), [{ kind: "batch", operations: [put], whole: false }]);
  assert.deepEqual(bundled([put, put, add], 2).at(-1), { kind: "batch", operations: [add], whole: false });
  const free = { kind: "edit_node", id: "n", set: { parent: null } };
  assert.deepEqual(bundled([free]), [free]);
});

test("edges of a removed node are not removed twice", () => {
  const edges = [edge("e1", "a", "b"), edge("e2", "b", "c")];
  assert.deepEqual(remove(new Set(["a"]), new Set(["e1", "e2"]), around(edges)), [{ kind: "remove_edge", id: "e2" }, { kind: "remove_node", id: "a" }]);
});

test("what led in is joined with what led out, once, never to itself", () => {
  const edges = [edge("1", "a", "b"), edge("2", "b", "c"), edge("3", "c", "d"), edge("4", "a", "d"), edge("5", "c", "a")];
  assert.deepEqual(removeAndJoin(new Set(["b", "c"]), around(edges)).map(({ kind }) => kind), ["remove_node", "remove_node"]);
});

test("a join is an edge that was there, moved: the one that led in, unless only the other has something on it", () => {
  const edges = [edge("1", "a", "b", "yes"), edge("2", "b", "c", "out", "x")];
  const led = { kind: "edit_edge", id: "1", set: { target: "c", target_port: "x" } };
  assert.deepEqual(removeAndJoin(["b"], around(edges)), [led, { kind: "remove_node", id: "b" }]);
  assert.deepEqual(removeAndJoin(["b"], around(edges), () => true)[0], led);
  const [kept] = removeAndJoin(["b"], around(edges), ({ id }) => id === "1");
  assert.deepEqual(kept, { kind: "edit_edge", id: "2", set: { source: "a", source_port: "yes" } });
});

test("with more joins than edges the others are new, and come after the nodes have gone", () => {
  const edges = ["1", "2", "3"].map((id) => edge(id, `from${id}`, "b")).concat(["4", "5", "6"].map((id) => edge(id, "b", `to${id}`)));
  const kinds = removeAndJoin(["b"], around(edges)).map(({ kind }) => kind);
  assert.deepEqual(kinds, [...Array(6).fill("edit_edge"), "remove_node", ...Array(3).fill("add_edge")]);
});

test("a node with both kinds of ports goes into an edge, which stays as its first half; one without does not", () => {
  assert.deepEqual(insertInto(edge("e", "a", "b"), { id: "s", inputs: [], outputs: ["out"] }), []);
  const [first, second] = insertInto(edge("e", "a", "b", "yes"), { id: "n", inputs: ["in"], outputs: ["each", "out"] });
  assert.deepEqual(first, { kind: "edit_edge", id: "e", set: { target: "n", target_port: "in" } });
  assert.equal(ends(second), "n each b in");
});

test("copies have new ids, keep their group and the edges among them", () => {
  const nodes = [{ id: "m", x: 0, y: 0, parent: "g" }, { id: "g", x: 0, y: 0, parent: null }, { id: "f", x: 1, y: 1, parent: "elsewhere" }];
  const { operations, ids } = copies({ nodes, edges: [edge("e", "m", "f"), edge("x", "m", "gone")] }, { x: 32, y: 8 }, () => "home");
  const added = operations.filter(({ kind }) => kind === "add_node").map(({ node }) => node);
  assert.equal(new Set([...ids, "m", "g", "f"]).size, 6);
  assert.ok(added.findIndex(({ id }) => id === ids[1]) < added.findIndex(({ id }) => id === ids[0]), "a group comes before its members");
  assert.equal(added.find(({ id }) => id === ids[0]).parent, ids[1]);
  assert.equal(added.find(({ id }) => id === ids[2]).parent, "home");
  assert.equal(operations.filter(({ kind }) => kind === "add_edge").length, 1);
});

test("aligned to a side", () => {
  const box = { x: 0, y: 0, width: 300, height: 100 };
  assert.deepEqual(aligned([{ id: "a", x: 50, y: 9, width: 100, height: 20 }], "right", box), [{ kind: "move_node", id: "a", x: 200, y: 9 }]);
});

test("field text becomes the value its type says, or nothing", () => {
  for (const [type, text] of [["number", "x"], ["integer", "1.5"], ["json", "{"]]) assert.throws(() => read(type, text), NotAValue);
  assert.equal(read("number", "0,5"), 0.5);
  assert.equal(read("integer", " "), null);
  assert.deepEqual(read("names", "a\n b \n\n"), ["a", "b"]);
  assert.deepEqual(read("json", '{"a": [1]}'), { a: [1] });
  assert.deepEqual(change("settings.temperature", 0.2), { settings: { temperature: 0.2 } });
  assert.deepEqual(change("label", "x"), { label: "x" });
});

test("texts are filled in; unknown braces stay", () => {
  const texts = new Texts({ wait: "{count} wait", wait_one: "1 waits" });
  assert.equal(texts.say("wait", { count: 3 }), "3 wait");
  assert.equal(texts.say("wait", { count: 1 }), "1 waits");
  assert.equal(texts.say("nothing"), "nothing");
});

test("a cursor is shown behind, on its way, and never where it has not been", () => {
  const spline = new Spline();
  assert.equal(spline.at(0), null);
  for (let at = 0; at <= 400; at += 50) spline.add(at, at, 0);
  const shown = spline.at(400);
  assert.ok(shown.x < 400 && shown.x >= 100 && shown.y === 0);
  assert.deepEqual(spline.at(5_000), { x: 400, y: 0, still: true });
});
