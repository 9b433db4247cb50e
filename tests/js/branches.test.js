/** Renamed branches, by the vectors that the server's form is held to as well, and the edits that keep their edges. */

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";

import { editBranches, renamed } from "../../static/js/lib/branches.js";

const VECTORS = JSON.parse(readFileSync(new URL("../vectors/branches.json", import.meta.url), "utf-8"));
const edge = (id, sourcePort, target = "t") => ({ id, source: "d", sourcePort, target, targetPort: "in" });
const edit = (branches, more = {}) => ({ id: "d", set: { settings: { branches, ...more } } });

for (const { before, after, renamed: names } of VECTORS) {
  test(`${before} to ${after}`, () => assert.deepEqual(Object.fromEntries(renamed(before, after)), names));
}

test("edges of a renamed branch move while both names are there", () => {
  assert.deepEqual(editBranches(edit(["go", "no"]), ["yes", "no"], [edge("1", "yes"), edge("2", "no"), edge("3", "default")]), [
    { kind: "edit_node", id: "d", set: { settings: { branches: ["go", "no", "yes"] } } },
    { kind: "edit_edge", id: "1", set: { source_port: "go" } },
    { kind: "edit_node", id: "d", set: { settings: { branches: ["go", "no"] } } },
  ]);
});

test("without an edge at a renamed branch there is one edit", () => {
  assert.equal(editBranches(edit(["go"]), ["yes"], [edge("1", "default")]).length, 1);
  assert.equal(editBranches(edit(null), ["yes"], [edge("1", "yes")]).length, 1);
});

test("an edge that the new name has already stays behind", () => {
  assert.equal(editBranches(edit(["default"]), ["yes"], [edge("1", "yes"), edge("2", "default")]).length, 1);
});

test("the default branch goes by its new name, unless it was changed as well", () => {
  assert.equal(editBranches(edit(["go"]), ["yes"], [], "yes")[0].set.settings.default_branch, "go");
  assert.equal(editBranches(edit(["go"], { default_branch: "x" }), ["yes"], [], "yes")[0].set.settings.default_branch, "x");
});

test("a full list makes room: only names that edges hang on are there meanwhile", () => {
  const names = Array.from({ length: 100 }, (_, index) => `n${index}`);
  const [both] = editBranches(edit(["new", ...names.slice(1)]), names, [edge("1", "n0"), edge("2", "n5")]);
  assert.deepEqual(both.set.settings.branches, ["n0", "n5", "new"]);
});
