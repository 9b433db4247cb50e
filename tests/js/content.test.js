/** What an element holds: the server's word under my edits, and as text in a field. */

import assert from "node:assert/strict";
import { test } from "node:test";

import { contentOfEdge, contentOfNode, edgeContent, edited, editsById, nodeContent } from "../../static/js/lib/content.js";
import { alike, read, written } from "../../static/js/lib/values.js";

const edit = (id, set) => ({ kind: "edit_node", id, set });

test("what is not said is a fresh node's", () => {
  assert.deepEqual(nodeContent({}, "#0ea5e9"), { label: "", description: "", colour: "#0ea5e9", enabled: true, settings: {} });
  assert.deepEqual(edgeContent({}), { label: "", animated: false });
});

test("what a fragment says is what is there", () => {
  const told = { label: "Plan", description: "Why", colour: "#123456", disabled: "", settings: '{"__proto__":1,"temperature":0.2}' };
  const content = nodeContent(told, "#0ea5e9");
  assert.deepEqual([content.label, content.description, content.colour, content.enabled], ["Plan", "Why", "#123456", false]);
  assert.deepEqual(Object.entries(content.settings), [["__proto__", 1], ["temperature", 0.2]]);
  assert.deepEqual(edgeContent({ label: "then", animated: "" }), { label: "then", animated: true });
});

test("edits of others' elements, and of other kinds under the same id, change nothing", () => {
  const content = nodeContent({ label: "Plan" }, "");
  const others = [edit("b", { label: "x" }), { kind: "edit_edge", id: "a", set: { label: "x" } }, { kind: "edit_flow", set: { title: "x" } }, { kind: "undo" }];
  assert.equal(edited(content, others, "node", "a"), content);
});

test("my edits lie over it in their order, batches too; null takes a setting away", () => {
  const content = nodeContent({ label: "Plan", settings: '{"model":"m","temperature":0.2}' }, "");
  const mine = [edit("a", { label: "One" }), { kind: "batch", operations: [edit("a", { settings: { model: null, max_tokens: 5 } }), edit("a", { label: "Two", enabled: false })] }];
  const now = edited(content, mine, "node", "a");
  assert.deepEqual(now, { ...content, label: "Two", enabled: false, settings: { temperature: 0.2, max_tokens: 5 } });
  assert.deepEqual(content.settings, { model: "m", temperature: 0.2 }, "the server's word stays as it was");
});

test("a node that only I know is what I made it", () => {
  const mine = [{ kind: "add_node", node: { id: "a", kind: "agent", x: 0, y: 0, label: "New", settings: { model: "m" } } }, edit("a", { description: "Why" })];
  const { label, description, settings } = edited(nodeContent({ label: "Agent" }, ""), mine, "node", "a");
  assert.deepEqual([label, description, settings], ["New", "Why", { model: "m" }]);
});

test("an edge and the flow alike", () => {
  assert.deepEqual(edited({ label: "", animated: false }, [{ kind: "edit_edge", id: "e", set: { animated: true } }], "edge", "e"), { label: "", animated: true });
  assert.deepEqual(edited({ title: "Trip", description: "" }, [{ kind: "edit_flow", set: { title: "Tour" } }], "flow"), { title: "Tour", description: "" });
});

test("a field reads back what was written into it", () => {
  for (const [type, value] of [["string", "a\nb"], ["number", 0.1], ["integer", 3], ["json", { a: [1, null] }], ["names", ["a", "b"]]]) {
    assert.deepEqual(read(type, written(type, value)), value);
  }
  assert.equal(written("json", null), "");
  assert.equal(written("number", undefined), "");
});

test("texts of a field are alike when they read as the same value, and only then", () => {
  assert.ok(alike("number", "0.50", "0.5"));
  assert.ok(alike("json", '{"a":1}', '{\n  "a": 1\n}'));
  assert.ok(alike("names", "yes\n\nno ", "yes\nno"));
  assert.ok(!alike("string", "Plan ", "Plan"));
  assert.ok(!alike("json", '{"half": ', '{"half": 1}'));
  assert.ok(alike("json", '{"half": ', '{"half": '));
});

test("with the edits by id, each element is laid under its own alone", () => {
  const nodes = Array.from({ length: 50 }, (_, at) => ({ id: `n${at}`, kind: "agent", element: { dataset: { label: "Old" } } }));
  let looks = 0;
  const counted = (operation) => ({ ...operation, get kind() { looks += 1; return operation.kind; } });
  const batch = { kind: "batch", operations: nodes.map(({ id }) => counted(edit(id, { label: `New ${id}` }))) };
  const line = counted({ kind: "add_edge", edge: { id: "n1", label: "yes" } });
  const edits = editsById([batch, line, { kind: "edit_flow", set: { title: "T" } }, counted(edit("n0", { settings: { model: "large" } }))]);
  const held = nodes.map((node) => contentOfNode(node, { agent: { colour: "#0ea5e9" } }, edits.get(node.id)));
  assert.deepEqual(held.map(({ label }) => label), nodes.map(({ id }) => `New ${id}`));
  assert.deepEqual(held[0].settings, { model: "large" });
  assert.equal(contentOfEdge({ id: "n1", element: { dataset: {} } }, edits.get("n1")).label, "yes");
  assert.ok(looks < 150, `${looks}`);
});
