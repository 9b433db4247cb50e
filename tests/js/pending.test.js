/** The optimistic layer: what the flow will look like, computed from the truth and what is on its way. */

import assert from "node:assert/strict";
import { test } from "node:test";

import { project } from "../../static/js/lib/pending.js";

const nodes = {
  a: { id: "a", kind: "agent", x: 0, y: 0, width: 144, height: 80, parent: null },
  g: { id: "g", kind: "group", x: 0, y: 0, width: 320, height: 200, parent: null },
  m: { id: "m", kind: "skill", x: 20, y: 60, width: 136, height: 60, parent: "g" },
};
const base = { node: (id) => nodes[id], members: (id) => Object.keys(nodes).filter((key) => nodes[key].parent === id) };
const shown = (...operations) => Object.fromEntries(project(base, operations).nodes);

test("with nothing on its way there is nothing to show", () => {
  assert.deepEqual(shown(), {});
});

test("the last move wins", () => {
  const [first, second] = [{ kind: "move_node", id: "a", x: 8, y: 8 }, { kind: "move_node", id: "a", x: 16, y: 0 }];
  assert.deepEqual(shown(first, second), { a: { x: 16, y: 0 } });
});

test("a refused one is simply no longer in the list", () => {
  assert.deepEqual(shown({ kind: "move_node", id: "a", x: 8, y: 8 }), { a: { x: 8, y: 8 } });
});

test("a group takes its members along, freed ones not, added ones too", () => {
  const move = { kind: "move_node", id: "g", x: 10, y: 0 };
  assert.deepEqual(shown(move).m, { x: 30, y: 60 });
  assert.equal(shown({ kind: "edit_node", id: "m", set: { parent: null } }, move).m.x, undefined);
  assert.deepEqual(shown({ kind: "edit_node", id: "a", set: { parent: "g" } }, move).a, { parent: "g", x: 10, y: 0 });
});

test("a move of something unknown shows nothing", () => {
  assert.deepEqual(shown({ kind: "move_node", id: "nobody", x: 1, y: 1 }), {});
});

test("an addition can be moved and renamed before it is known", () => {
  const node = { id: "n", kind: "api", x: 0, y: 0 };
  const patch = shown({ kind: "add_node", node }, { kind: "move_node", id: "n", x: 5, y: 5 }, { kind: "edit_node", id: "n", set: { label: "Hi", settings: { url: "x" } } }).n;
  assert.deepEqual(patch, { added: node, x: 5, y: 5, label: "Hi" });
});

test("a batch is what is in it; removals and edges are shown", () => {
  const { nodes: changed, edges } = project(base, [
    { kind: "batch", operations: [{ kind: "remove_node", id: "a" }, { kind: "resize_node", id: "m", width: 200, height: 90 }] },
    { kind: "add_edge", edge: { id: "e", source: "a", target: "m" } },
    { kind: "remove_edge", id: "f" },
  ]);
  assert.deepEqual(changed.get("a"), { gone: true });
  assert.deepEqual(changed.get("m"), { width: 200, height: 90 });
  assert.deepEqual(edges.get("f"), { gone: true });
  assert.ok(edges.get("e").added);
});
