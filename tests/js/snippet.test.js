/** Copied nodes as text: what is good is taken, what is spoilt in any way is refused, and nothing ever fails. */

import assert from "node:assert/strict";
import { test } from "node:test";

import { Graph } from "../../static/js/canvas/graph.js";
import { copies } from "../../static/js/lib/operations.js";
import { edgePath, heightFor, union } from "../../static/js/lib/geometry.js";
import { clearOf, looksForeign, read, written } from "../../static/js/lib/snippet.js";

const CATALOGUE = { agent: { width: 144, height: 80 }, decision: { width: 160, height: 116 }, group: { width: 240, height: 160 } };
const GOOD = {
  nodes: [
    { id: "g", kind: "group", x: 0, y: 0, width: 480, height: 320, parent: null, label: "Frame", description: "", colour: "#64748b", enabled: true, settings: {} },
    { id: "a", kind: "agent", x: 24, y: 64, width: 144, height: 80, parent: "g", label: "Plan", description: "First", colour: "#6366F1", enabled: false, settings: { model: "m", temperature: 0.2 } },
    { id: "d", kind: "decision", x: 240, y: 64, width: 160, height: 116, parent: "g", label: "Choose", description: "", colour: "#f59e0b", enabled: true, settings: { branches: ["yes", "no"] } },
  ],
  edges: [{ source: "a", source_port: "out", target: "d", target_port: "in", label: "then", animated: true }],
};
const SPOILT = [null, true, 0, -1, 1e9, 0.5, "", "x", "constructor", "__proto__", [], [null], ["a"], {}, { a: 1 }, [[]], [{}]];

/** Every place in a value: the keys that lead there. */
function* places(value, path = []) {
  if (path.length) yield path;
  if (typeof value === "object" && value !== null) for (const key of Object.keys(value)) yield* places(value[key], [...path, key]);
}

/** The same with something else in one place; without `put`, with nothing there. */
function spoilt(value, path, ...put) {
  const copy = structuredClone(value);
  const last = path.at(-1);
  const holder = path.slice(0, -1).reduce((at, key) => at[key], copy);
  if (put.length) holder[last] = put[0];
  else if (Array.isArray(holder)) holder.splice(last, 1);
  else delete holder[last];
  return copy;
}

function* clipboards() {
  const good = JSON.parse(written(GOOD));
  for (const path of places(good)) {
    yield JSON.stringify(spoilt(good, path));
    for (const put of SPOILT) yield JSON.stringify(spoilt(good, path, put));
    yield JSON.stringify(spoilt(good, path, "@")).replace('"@"', "1e999");
  }
  const text = written(GOOD);
  for (let length = 0; length < text.length; length += 7) yield text.slice(0, length);
  for (const other of ["", "hello", "null", "1", "[]", '"helix"', '{"helix":2,"nodes":[]}', '{"helix":1}']) yield other;
}

/** Do with it all that the canvas does. */
function paste({ nodes, edges }) {
  const box = union(nodes.map((node) => ({ ...CATALOGUE[node.kind], ...node })));
  assert.ok(Object.values(box).every(Number.isFinite));
  const { operations } = copies({ nodes, edges }, clearOf(nodes, [], { x: 8, y: 8 }));
  const element = ({ id, kind, x, y, parent, settings }) => ({ dataset: { nodeId: id, kind, x, y, width: 144, height: heightFor(settings?.branches ?? []), parent: parent ?? "" } });
  const line = ({ id, source, target, source_port: sourcePort, target_port: targetPort }) => ({ dataset: { edgeId: id, source, target, sourcePort, targetPort } });
  const quiet = () => {};
  const graph = new Graph({ node: element, edge: line, traits: () => ({ outputs: ["out"], inputs: ["in"] }), confirm: quiet, showNode: quiet, showEdge: quiet, moveEdge: quiet });
  graph.lay([{ kind: "batch", operations, whole: false }]);
  assert.equal([...graph.visibleNodes()].length, nodes.length);
  for (const { source, target, sourcePort, targetPort } of graph.edges.values()) {
    const shape = (id) => ({ ...graph.node(id), outputs: ["out"] });
    assert.doesNotMatch(edgePath(shape(source), sourcePort, shape(target), targetPort).d, /NaN|Infinity|undefined/);
  }
  for (const { kind, node } of operations) {
    if (kind === "add_node") assert.deepEqual([typeof node.label, typeof (node.colour ?? "")].filter((type) => type !== "string" && type !== "undefined"), []);
  }
}

test("what was copied comes back as it was", () => {
  assert.deepEqual(read(written(GOOD), CATALOGUE), GOOD);
  const bare = { nodes: [{ id: "a", kind: "agent", x: 0, y: 0 }], edges: [] };
  assert.deepEqual(read(written(bare), CATALOGUE), bare);
});

test("every spoilt clipboard is refused with a reason, or can be drawn", () => {
  const found = { taken: 0, nothing_to_paste: 0, damaged_copy: 0 };
  for (const text of clipboards()) {
    const snippet = read(text, CATALOGUE);
    if (typeof snippet !== "string") paste(snippet);
    found[typeof snippet === "string" ? snippet : "taken"] += 1;
  }
  assert.ok(found.damaged_copy > 300 && found.nothing_to_paste > 100 && found.taken > 50, JSON.stringify(found));
});

test("kinds that nobody knows, the same id twice, and frames inside themselves are damage", () => {
  const [group, agent, decision] = GOOD.nodes;
  const damaged = (...nodes) => assert.equal(read(written({ nodes, edges: [] }), CATALOGUE), "damaged_copy");
  damaged({ ...agent, kind: "toString" });
  damaged(agent, agent);
  damaged({ ...group, parent: "g" });
  damaged(group, { ...group, id: "h", parent: "i" }, { ...group, id: "i", parent: "h" });
  damaged(agent, { ...decision, parent: "a" });
});

test("what stands on a node moves on until both are seen", () => {
  const node = { x: 0, y: 0, width: 144, height: 80 };
  assert.deepEqual(clearOf([node], [], { x: 0, y: 0 }), { x: 0, y: 0 });
  assert.deepEqual(clearOf([node], [node], { x: 0, y: 0 }), { x: 32, y: 32 });
  assert.deepEqual(clearOf([node], [node, { ...node, x: 36, y: 28 }], { x: 4, y: -4 }), { x: 68, y: 60 });
  assert.deepEqual(clearOf([node], [node], { x: 80, y: 0 }), { x: 80, y: 0 }, "overlapping is not hiding");
});

test("each node that is there is looked at once, however many are copied and however far they move on", () => {
  let looks = 0;
  const seen = (x, y) => ({ get x() { looks += 1; return x; }, y });
  const grid = Array.from({ length: 800 }, (_, at) => [(at % 40) * 32, Math.floor(at / 40) * 32]);
  const free = clearOf(grid.map(([x, y]) => ({ x, y })), grid.map(([x, y]) => seen(x, y)), { x: 32, y: 32 });
  assert.deepEqual(free, { x: 640, y: 640 });
  assert.equal(looks, 800);
});

test("a corner is near on every side of it, and not beyond", () => {
  const at = (x, y) => clearOf([{ x, y }], [{ x: 0, y: -160 }], { x: 0, y: 0 }).x > 0;
  for (const [x, y] of [[15, -160], [-15, -160], [0, -145], [0, -175], [15, -145], [-15, -175]]) assert.ok(at(x, y), `${x} ${y}`);
  for (const [x, y] of [[16, -160], [-16, -160], [0, -144], [0, -176]]) assert.ok(!at(x, y), `${x} ${y}`);
});

test("a text that begins as a file does may be one, and what people write may not", () => {
  const files = [
    '{"nodes": []}', " [1]", "flowchart LR\nA-->B", "graph TD;A-->B", "---\ntitle: x\n---\nflowchart LR", "%% note\nflowchart LR", "```mermaid\nflowchart LR\n```",
    "digraph {}", "DIGRAPH {}", "strict graph {}", "// note\ndigraph {}", "/* note */ digraph {}", "# note\nhelix: 1", "helix: 1", "nodes:\n", "workflow:\n",
    "<mxfile>", "<mxGraphModel>", '<?xml version="1.0"?>\n<mxfile/>', "<!-- note --><mxfile/>",
  ];
  const others = ["", "hello", "https://example.com", "graphs", "#fff", "no code: ```mermaid", "<b>x</b>", "1 / 2"];

  assert.deepEqual(files.filter((text) => !looksForeign(text)), []);
  assert.deepEqual(others.filter(looksForeign), []);
});
