/** The curve in the browser, held to the answers that the server gives. */

import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { test } from "node:test";

import { curveBetween, edgePath, portPoint } from "../../static/js/lib/geometry.js";

const vectors = JSON.parse(await readFile(new URL("../vectors/curves.json", import.meta.url), "utf8"));

test("there is something to compare", () => {
  assert.ok(vectors.curves.length >= 40 && vectors.ports.length >= 20 && vectors.edges.length >= 5);
});

for (const { start, end, curve } of vectors.curves) {
  test(`the curve from ${start} to ${end}`, () => assert.deepEqual(curveBetween(start, end), curve));
}

for (const { node, port, direction, point } of vectors.ports) {
  test(`port ${port} of a ${node.kind} ${node.height} high`, () => assert.deepEqual(portPoint(node, port, direction), point));
}

for (const { source, source_port, target, target_port, curve } of vectors.edges) {
  test(`the edge from ${source.kind} ${source_port} to ${target.kind}`, () => {
    assert.deepEqual(edgePath(source, source_port, target, target_port), curve);
  });
}
