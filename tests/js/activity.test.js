/** What others did, as it is told in words. */

import assert from "node:assert/strict";
import { test } from "node:test";

import { deedsOf } from "../../static/js/collaborators/activity.js";

const KNOWN = {
  nodes: new Map([["a", { label: "Plan", width: 160, height: 60 }], ["b", { label: "Say", width: 160, height: 60 }], ["g", { label: "Box", width: 400, height: 300 }]]),
  edges: new Set(["e"]),
};
const node = (id) => `<helix-node id="n-${id}" data-node-id="${id}"></helix-node>`;
const edge = (id) => `<g id="e-${id}" data-edge-id="${id}"></g>`;
const now = (nodes, edges = ["e"]) => ({ node: (id) => nodes[id], edge: (id) => (edges.includes(id) ? {} : undefined) });
const told = (frame, after) => Object.fromEntries([...deedsOf(frame, KNOWN, after)].map(([deed, ids]) => [deed, [...ids]]));
const PLAN = { kind: "agent", label: "Plan", parent: null };

test("what is new was added, what is gone was deleted, another label is another name", () => {
  assert.deepEqual(told({ html: node("c") }, now({ c: PLAN })), { add: ["c"] });
  assert.deepEqual(told({ html: '<helix-gone data-node-id="a"></helix-gone><helix-gone data-edge-id="e"></helix-gone>' }, now({}, [])), { remove: ["a"] });
  assert.deepEqual(told({ html: node("a") }, now({ a: { ...PLAN, label: "Planner" } })), { rename: ["a"] });
  assert.deepEqual(told({ html: node("a") }, now({ a: PLAN })), { change: ["a"] });
});

test("what moves along with its group is not named", () => {
  const all = { g: { kind: "group", label: "Box", parent: null }, a: { ...PLAN, parent: "g" } };
  assert.deepEqual(told({ move: [["g", 8, 8, 400, 300], ["a", 8, 8, 160, 60]] }, now(all)), { move: ["g"] });
  assert.deepEqual(told({ move: [["a", 0, 0, 200, 60]] }, now(all)), { resize: ["a"] });
});

test("a group that comes again with its members did nothing itself", () => {
  const all = { g: { kind: "group", label: "Box", parent: null }, a: { ...PLAN, parent: "g" } };
  assert.deepEqual(told({ html: node("a") + node("g") }, now(all)), { change: ["a"] });
  assert.deepEqual(told({ html: node("g") }, now(all)), { change: ["g"] });
});

test("edges are told when nothing else is", () => {
  assert.deepEqual(told({ html: edge("f") }, now({}, ["e", "f"])), { connect: ["f"] });
  assert.deepEqual(told({ html: '<helix-gone data-edge-id="e"></helix-gone>' }, now({}, [])), { disconnect: ["e"] });
  assert.deepEqual(told({ html: edge("e") }, now({})), { change_edge: ["e"] });
  assert.deepEqual(told({ html: node("a") + edge("e") }, now({ a: PLAN })), { change: ["a"] });
  assert.deepEqual(told({ html: '<helix-flow data-title="New"></helix-flow>' }, now({})), { flow: [""] });
});
