/** The optimistic layer: what the flow will look like, computed from the truth and what is on its way. */

import assert from "node:assert/strict";
import { test } from "node:test";

import { changed, project } from "../../static/js/lib/pending.js";

const nodes = {
  a: { id: "a", kind: "agent", x: 0, y: 0, width: 144, height: 80, parent: null },
  g: { id: "g", kind: "group", x: 0, y: 0, width: 320, height: 200, parent: null },
  m: { id: "m", kind: "skill", x: 20, y: 60, width: 136, height: 60, parent: "g" },
};
nodes.d = { id: "d", kind: "decision", x: 300, y: 0, width: 120, height: 80, parent: null };
const wires = [
  { id: "da", source: "d", source_port: "yes", target: "a", target_port: "in" },
  { id: "dm", source: "d", source_port: "default", target: "m", target_port: "in" },
];
const base = {
  node: (id) => nodes[id],
  members: (id) => Object.keys(nodes).filter((key) => nodes[key].parent === id),
  edge: (id) => wires.find((edge) => edge.id === id),
  edges: (id) => wires.filter(({ source, target }) => id === source || id === target).map((edge) => edge.id),
};
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
  assert.deepEqual(patch, { added: node, x: 5, y: 5, parent: null, label: "Hi", settings: { url: "x" } });
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

const edit = (id, set) => ({ kind: "edit_node", id, set });
const gone = (...operations) => [...project(base, operations).edges].filter(([, patch]) => patch.gone).map(([id]) => id);
const counts = (...operations) => Object.fromEntries(project(base, operations).counts);

test("an edit that says nothing of how something looks, shows nothing", () => {
  assert.deepEqual(shown(edit("a", { description: "Long" })).a, {});
});

test("settings of several edits are one; what was unset stays named", () => {
  const edits = [edit("a", { settings: { model: "m", temperature: 1 } }), edit("a", { enabled: false, colour: "#ffffff", settings: { model: null } })];
  assert.deepEqual(shown(...edits).a, { enabled: false, colour: "#ffffff", settings: { model: null, temperature: 1 } });
});

test("an edge is labelled and animated, also one that is not known yet", () => {
  const { edges } = project(base, [
    { kind: "edit_edge", id: "da", set: { label: "Yes" } },
    { kind: "edit_edge", id: "da", set: { animated: true } },
    { kind: "add_edge", edge: { id: "n", source: "a", target: "m", label: "New" } },
    { kind: "edit_edge", id: "n", set: { label: "Newer" } },
  ]);
  assert.deepEqual(edges.get("da"), { label: "Yes", animated: true });
  assert.equal(edges.get("n").label, "Newer");
});

test("an edge with a moved end stays the edge it is, and goes with the nodes at its ends now", () => {
  const moved = { kind: "edit_edge", id: "da", set: { target: "m", target_port: "in" } };
  assert.deepEqual(project(base, [moved]).edges.get("da"), { target: "m", target_port: "in" });
  assert.deepEqual(gone(moved, { kind: "remove_node", id: "a" }), []);
  assert.deepEqual(gone(moved, { kind: "remove_node", id: "m" }).sort(), ["da", "dm"]);
});

test("a branch that is renamed keeps its edges", () => {
  const branches = (...names) => edit("d", { settings: { branches: names } });
  const moved = { kind: "edit_edge", id: "da", set: { source_port: "sure" } };
  assert.deepEqual(gone({ kind: "batch", operations: [branches("yes", "sure"), moved, branches("sure")] }), []);
  assert.deepEqual(gone(branches("yes", "sure"), branches("sure")), ["da"]);
});

test("other settings of a decision leave its edges alone", () => {
  assert.deepEqual(gone(edit("d", { settings: { expression: "x" } }), edit("a", { settings: { branches: [] } })), []);
});

test("a branch that goes takes its edges along, also those just drawn", () => {
  const drawn = { kind: "add_edge", edge: { id: "n", source: "d", source_port: "no", target: "a", target_port: "in" } };
  const branches = (...names) => edit("d", { settings: { branches: names } });
  assert.deepEqual(gone(branches("yes")), []);
  assert.deepEqual(gone(branches("no"), drawn), ["da"]);
  assert.deepEqual(gone(branches("no"), drawn, branches("yes")), ["da", "n"]);
  assert.deepEqual(gone(edit("d", { settings: { branches: null } })), ["da"]);
});

test("a node that goes takes its edges along and sets its members free", () => {
  assert.deepEqual(gone({ kind: "remove_node", id: "a" }), ["da"]);
  assert.deepEqual(shown({ kind: "remove_node", id: "g" }).m, { parent: null });
  assert.equal(shown({ kind: "remove_node", id: "g" }, { kind: "move_node", id: "g", x: 9, y: 9 }).m.x, undefined);
});

test("what changes nothing about who is in a group, counts nothing", () => {
  assert.deepEqual(counts({ kind: "move_node", id: "g", x: 9, y: 9 }, edit("m", { label: "M" }), edit("nobody", { parent: "g" })), {});
});

test("a group has more members or fewer, as they come and go", () => {
  const added = { kind: "add_node", node: { id: "n", kind: "api", x: 0, y: 0, parent: "g" } };
  assert.deepEqual(counts(edit("a", { parent: "g" }), added), { g: 2 });
  assert.deepEqual(counts(added, { kind: "remove_node", id: "n" }), {});
  assert.deepEqual(counts(edit("m", { parent: null })), { g: -1 });
  assert.deepEqual(counts({ kind: "remove_node", id: "m" }), { g: -1 });
  assert.deepEqual(counts(edit("m", { parent: null }), edit("m", { parent: "g" })), { g: 0 });
});

test("only what is no longer as it was is drawn again", () => {
  const [first, second] = [edit("a", { settings: { model: "m" } }), { kind: "move_node", id: "d", x: 1, y: 1 }];
  const before = project(base, [first]).nodes;
  assert.deepEqual([...changed(before, project(base, [first]).nodes)], []);
  assert.deepEqual([...changed(before, project(base, [first, second]).nodes)], ["d"]);
  assert.deepEqual([...changed(before, project(base, [edit("a", { settings: { model: "n" } })]).nodes)], ["a"]);
  assert.deepEqual([...changed(before, project(base, []).nodes)], ["a"]);
});

test("in a large flow nothing is asked about but what waits", () => {
  const asked = new Set();
  const large = {
    node: (id) => (asked.add(id), { id, kind: id === "g1" ? "group" : "agent", x: 0, y: 0, parent: id === "n7" ? "g1" : null }),
    members: (id) => (asked.add(id), id === "g1" ? ["n7"] : []),
    edges: (id) => (asked.add(id), []),
  };
  project(large, [{ kind: "move_node", id: "g1", x: 8, y: 8 }, edit("n3", { parent: "g2" }), { kind: "remove_node", id: "n5" }]);
  assert.deepEqual([...asked].sort(), ["g1", "n3", "n5", "n7"]);
});
