/** What is selected, when what is selected goes: one change however much it was. */

import assert from "node:assert/strict";
import { test } from "node:test";

import { Graph } from "../../static/js/canvas/graph.js";
import { Selection } from "../../static/js/canvas/selection.js";

class Fake {
  marks = new Set();
  writes = 0;
  constructor(id) {
    this.dataset = { nodeId: id, kind: "agent", x: 0, y: 0, width: 144, height: 80, parent: "" };
  }
  hasAttribute = (name) => this.marks.has(name);
  setAttribute = (name) => this.marks.add(name);
  removeAttribute = (name) => this.marks.delete(name);
  toggleAttribute = (name, isOn) => {
    this.writes += 1;
    return isOn ? this.marks.add(name) : this.marks.delete(name);
  };
}

const rendering = { traits: () => ({}), confirm: () => {}, showNode: () => {}, showEdge: () => {} };

/** A graph of so many nodes, all selected, and how often each said something. */
function selected(count) {
  const graph = new Graph(rendering);
  const ids = Array.from({ length: count }, (_, at) => `n${at}`);
  graph.batch(() => ids.forEach((id) => graph.putNode(new Fake(id))));
  const selection = new Selection({ graph });
  selection.set({ nodes: ids });
  const told = { change: 0, move: 0, selection: 0 };
  for (const type of ["change", "move"]) graph.addEventListener(type, () => (told[type] += 1));
  selection.addEventListener("change", () => (told.selection += 1));
  return { graph, ids, selection, told };
}

test("six hundred selected nodes that go are one change of the graph and one of the selection", () => {
  const { graph, ids, selection, told } = selected(600);
  graph.batch(() => ids.slice(1).forEach((id) => graph.dropNode(id)));
  assert.deepEqual(told, { change: 1, move: 0, selection: 1 });
  assert.deepEqual([...selection.nodes], ["n0"]);
});

test("a move of all of them is told once, and the selection does not hear of it", () => {
  const { graph, ids, told } = selected(600);
  graph.batch(() => ids.forEach((id) => graph.place(id, 8, 8, 144, 80)));
  assert.deepEqual(told, { change: 0, move: 1, selection: 0 });
});

test("a selected node that is drawn anew is marked, and nothing is said", () => {
  const { graph, ids, told } = selected(2);
  const fresh = new Fake(ids[0]);
  graph.putNode(fresh);
  assert.ok(fresh.hasAttribute("data-selected"));
  assert.equal(told.selection, 0);
});

test("what is selected goes one after the other: each is told", () => {
  const { graph, ids, selection, told } = selected(3);
  graph.dropNode(ids[0]);
  graph.dropNode(ids[1]);
  assert.equal(told.selection, 2);
  assert.deepEqual([...selection.nodes], ["n2"]);
});

test("what stays selected keeps its mark and is not written again", () => {
  const { graph, ids, selection } = selected(600);
  graph.batch(() => ids.slice(500).forEach((id) => graph.dropNode(id)));
  selection.toggle("nodes", ids[0]);
  const elements = ids.slice(0, 500).map((id) => graph.nodes.get(id).element);
  assert.deepEqual(elements.map(({ writes }) => writes), [2, ...Array(499).fill(1)]);
  assert.deepEqual(elements.map((element) => element.hasAttribute("data-selected")), [false, ...Array(499).fill(true)]);
});
