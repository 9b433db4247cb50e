/** The model of the flow: the server's word with my edits over it, and what of it is drawn again. */

import assert from "node:assert/strict";
import { test } from "node:test";

import { Graph } from "../../static/js/canvas/graph.js";

const nodeElement = ({ id, kind = "agent", x = 0, y = 0, parent = "" }) => ({ dataset: { nodeId: id, kind, x, y, width: 144, height: 80, parent } });
const edgeElement = ({ id, source, target }) => ({ dataset: { edgeId: id, source, target, sourcePort: "out", targetPort: "in" } });

/** A graph of these nodes; `last` what it reported to be drawn, `worn` the patch shown on each element, `moved` the edges whose ends changed. */
function graphOf(...nodes) {
  const worn = new Map();
  const moved = [];
  const rendering = { node: nodeElement, edge: edgeElement, traits: () => ({}), confirm: () => {}, showNode: ({ id }, patch, members) => worn.set(id, { ...patch, members }), showEdge: ({ id }, patch) => worn.set(id, patch), moveEdge: ({ id }) => moved.push(id) };
  const graph = new Graph(rendering);
  for (const node of nodes) graph.putNode(nodeElement(node));
  const last = { drawn: null, all: new Set() };
  graph.addEventListener("change", ({ detail }) => {
    last.drawn = [...detail.nodes, ...detail.edges];
    for (const id of last.drawn) last.all.add(id);
  });
  return { graph, last, moved, worn };
}

const paint = (id) => ({ kind: "edit_node", id, set: { colour: "#22c55e" } });

test("the same edits again draw nothing again", () => {
  const { graph, last } = graphOf({ id: "a" }, { id: "b" });
  graph.lay([paint("a")]);
  last.drawn = null;
  graph.lay([paint("a")]);
  assert.equal(last.drawn, null);
});

test("one edit more draws one node more, however many wait", () => {
  const { graph, last } = graphOf({ id: "a" }, { id: "b" }, { id: "c" });
  graph.lay([paint("a"), paint("b")]);
  assert.deepEqual(last.drawn, ["a", "b"]);
  graph.lay([paint("a"), paint("b"), paint("c")]);
  assert.deepEqual(last.drawn, ["c"]);
});

test("an edit that is gone is no longer shown, nor is its addition", () => {
  const { graph, last, worn } = graphOf({ id: "a" });
  const edge = { kind: "add_edge", edge: { id: "e", source: "a", target: "n" } };
  graph.lay([paint("a"), { kind: "add_node", node: { id: "n", kind: "skill", x: 8, y: 8 } }, edge]);
  assert.equal(graph.node("n").isMine, true);
  graph.lay([]);
  assert.deepEqual(new Set(last.drawn), new Set(["a", "n", "e"]));
  assert.deepEqual([graph.node("n"), graph.edge("e")], [undefined, undefined]);
  assert.equal(worn.get("a").colour, undefined);
});

test("what the server renders meanwhile still shows the waiting edits", () => {
  const { graph, worn } = graphOf({ id: "a" });
  graph.lay([paint("a")]);
  worn.clear();
  graph.putNode(nodeElement({ id: "a", x: 40 }));
  assert.deepEqual([graph.node("a").x, worn.get("a").colour], [40, "#22c55e"]);
});

test("a group is drawn with the members that edits add", () => {
  const { graph, last, worn } = graphOf({ id: "g", kind: "group" }, { id: "a" });
  graph.lay([{ kind: "edit_node", id: "a", set: { parent: "g" } }]);
  assert.equal(worn.get("g").members, 1);
  assert.deepEqual(new Set(last.drawn), new Set(["a", "g"]));
  graph.putNode(nodeElement({ id: "a", parent: "g" }));
  graph.lay([]);
  assert.equal(worn.get("g").members, undefined);
});

test("an edge with a moved end is the same edge between other nodes, until the edit is gone", () => {
  const { graph, last, moved } = graphOf({ id: "a" }, { id: "b" }, { id: "c" });
  graph.putEdge(edgeElement({ id: "e", source: "a", target: "b" }));
  const { element } = graph.edge("e");
  const ends = () => ["a", "b", "c"].filter((id) => graph.edgesOf(id).length);
  last.all.clear();
  graph.lay([{ kind: "edit_edge", id: "e", set: { target: "c", target_port: "in" } }]);
  assert.deepEqual([graph.edge("e").target, graph.edge("e").element, ends()], ["c", element, ["a", "c"]]);
  assert.ok(["b", "e"].every((id) => last.all.has(id)), "the port left behind is drawn again");
  graph.lay([{ kind: "edit_edge", id: "e", set: { target: "c", target_port: "in" } }, { kind: "remove_node", id: "b" }]);
  assert.deepEqual(ends(), ["a", "c"]);
  graph.lay([]);
  assert.deepEqual([graph.edge("e").target, ends()], ["b", ["a", "b"]]);
  assert.deepEqual(moved, ["e", "e"]);
});

test("a node that goes takes its edges along", () => {
  const { graph } = graphOf({ id: "a" }, { id: "b" });
  graph.putEdge(edgeElement({ id: "e", source: "a", target: "b" }));
  graph.lay([{ kind: "remove_node", id: "a" }]);
  assert.deepEqual([graph.node("a"), graph.edge("e"), graph.edgesOf("b")], [undefined, undefined, []]);
  graph.lay([]);
  assert.deepEqual(graph.edgesOf("b").map(({ id }) => id), ["e"]);
});
