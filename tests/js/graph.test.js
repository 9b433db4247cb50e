/** The model of the flow: the server's word with my edits over it, and what of it is drawn again. */

import assert from "node:assert/strict";
import { test } from "node:test";

import { Graph } from "../../static/js/canvas/graph.js";

const nodeElement = ({ id, kind = "agent", x = 0, y = 0, width = 144, height = 80, parent = "", collapsed = "" }) => ({ dataset: { nodeId: id, kind, x, y, width, height, parent, collapsed } });
const edgeElement = ({ id, source, target }) => ({ dataset: { edgeId: id, source, target, sourcePort: "out", targetPort: "in" } });

/** A graph of these nodes; `last` what it reported to be drawn, `worn` the patch shown on each element, `moved` the edges whose ends changed. */
function graphOf(...nodes) {
  const worn = new Map();
  const moved = [];
  const show = (record, patch, members) => {
    worn.set(record.id, { ...patch, members });
    record.said = patch || members ? {} : undefined;
    record.collapsed = patch?.settings?.collapsed ?? Boolean(record.element.dataset.collapsed);
  };
  const rendering = { node: nodeElement, edge: edgeElement, traits: ({ dataset }) => ({ collapsed: Boolean(dataset.collapsed) }), confirm: () => {}, showNode: (record, patch, members) => show(record, patch, members), showEdge: ({ id }, patch) => worn.set(id, patch), moveEdge: ({ id }) => moved.push(id) };
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

/** A map that counts how often it is asked and how many of its values are looked at. */
class Counted extends Map {
  asked = 0;
  get(key) {
    this.asked += 1;
    return super.get(key);
  }
  *values() {
    for (const value of super.values()) {
      this.asked += 1;
      yield value;
    }
  }
}

/** A group of two and a thousand nodes outside. */
function crowd() {
  const far = Array.from({ length: 1_000 }, (_, at) => ({ id: `n${at}`, x: 9_000 }));
  const { graph, worn } = graphOf({ id: "g", kind: "group", width: 400, height: 400 }, { id: "a", parent: "g" }, { id: "b", parent: "g" }, ...far);
  graph.nodes = new Counted(graph.nodes);
  return { graph, worn };
}

const collapse = (id, collapsed = true) => ({ kind: "edit_node", id, set: { settings: { collapsed } } });
const drawn = (graph) => Array.from(graph.visibleNodes(), ({ id }) => id);

test("as long as no group is collapsed nobody asks for the groups around a node", () => {
  const { graph } = crowd();
  assert.equal(drawn(graph).length, 1_003);
  assert.equal(graph.nodes.asked, 1_003);
});

test("a collapsed group stands for its members until it opens, goes, or its edit is refused", () => {
  const { graph } = graphOf({ id: "g", kind: "group" }, { id: "h", kind: "group", parent: "g" }, { id: "a", parent: "h" });
  graph.lay([collapse("h")]);
  assert.deepEqual([drawn(graph), graph.standIn("a")], [["g", "h"], "h"]);
  graph.lay([collapse("h"), collapse("g")]);
  assert.deepEqual([drawn(graph), graph.standIn("a")], [["g"], "g"]);
  graph.lay([collapse("h"), { kind: "remove_node", id: "g" }]);
  assert.deepEqual([drawn(graph), graph.standIn("a")], [["h"], "h"]);
  graph.lay([]);
  assert.deepEqual([drawn(graph), graph.standIn("a")], [["g", "h", "a"], "a"]);
  graph.putNode(nodeElement({ id: "h", kind: "group", parent: "g", collapsed: "true" }));
  assert.deepEqual(drawn(graph), ["g", "h"]);
  graph.dropNode("h");
  assert.deepEqual(drawn(graph), ["g", "a"]);
});

test("who is in a group is told without a look at the rest of the flow", () => {
  const { graph } = crowd();
  graph.lay([{ kind: "edit_node", id: "n0", set: { parent: "g" } }, { kind: "edit_node", id: "b", set: { parent: null } }, { kind: "add_node", node: { id: "c", kind: "agent", x: 0, y: 0, parent: "g" } }]);
  graph.nodes.asked = 0;
  assert.deepEqual(graph.membersOf("g").map(({ id }) => id), ["a", "n0", "c"]);
  assert.ok(graph.nodes.asked < 10, `${graph.nodes.asked}`);
});

test("the group around each of many points is found with one look at the flow", () => {
  const { graph } = crowd();
  const inner = { id: "i", kind: "group", x: 0, y: 0, width: 150, height: 90, parent: "g" };
  graph.putNode(nodeElement(inner));
  graph.nodes.asked = 0;
  const groupAt = graph.groupFinder();
  const found = Array.from({ length: 100 }, (_, at) => groupAt({ x: at * 10, y: 20 }));
  assert.deepEqual([found[0], found[20], found[60]], ["i", "g", null]);
  assert.ok(graph.nodes.asked < 2_000, `${graph.nodes.asked}`);
  assert.equal(graph.groupFinder(new Set(["i"]))({ x: 8, y: 8 }), "g");
  assert.deepEqual(graph.rootsOf(new Set(["g", "i", "a", "n1", "gone"])), ["g", "n1"]);
});

test("a node that only moves, and back, is not drawn as an edit changes it", () => {
  const { graph, worn } = graphOf({ id: "a" });
  worn.clear();
  graph.lay([{ kind: "move_node", id: "a", x: 8, y: 8 }]);
  assert.deepEqual([graph.node("a").x, worn.size], [8, 0]);
  graph.lay([]);
  assert.deepEqual([graph.node("a").x, worn.size], [0, 0]);
});
