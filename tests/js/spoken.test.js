/** Names that are heard, and the ports of a decision: twins of what the server says. */

import assert from "node:assert/strict";
import { test } from "node:test";

import { branchPorts } from "../../static/js/lib/pending.js";
import { edgeName, nodeName } from "../../static/js/lib/texts.js";

test("a node is named by label, kind and state, as far as it has them", () => {
  assert.equal(nodeName({ label: "Plan", title: "Agent" }), "Plan, Agent");
  assert.equal(nodeName({ label: "", title: "Agent", state: "off" }), "Agent, off");
});

test("eighty characters of a label are heard, none of them broken", () => {
  const long = "🚂".repeat(81);
  assert.equal(nodeName({ label: long, title: "Agent" }), `${"🚂".repeat(80)}, Agent`);
  assert.equal(edgeName([long, "b"]), `${"🚂".repeat(80)} → b`);
});

test("anything but a list of branches counts as no branches", () => {
  assert.deepEqual([null, undefined, "yes", []].map(branchPorts), Array(4).fill(["default"]));
});

test("a decision has an output for each branch, once, and default", () => {
  assert.deepEqual(branchPorts(["yes", "no", "yes"]), ["yes", "no", "default"]);
  assert.deepEqual(branchPorts(["default", "no"]), ["default", "no"]);
});
