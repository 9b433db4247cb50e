/** Boxes that lie over each other are found among any number. */

import assert from "node:assert/strict";
import { test } from "node:test";

import { overlap } from "../../static/js/lib/overlap.js";

const box = (x, y, width = 160, height = 60) => ({ x, y, width, height });

test("boxes apart, or that only touch, do not overlap", () => {
  assert.equal(overlap([], [box(0, 0)]), null);
  assert.equal(overlap([box(0, 0), box(160, 0)], [box(0, 60), box(400, 400)]), null);
  assert.equal(overlap([box(0, 0)], [box(152, 0)]), null);
});

test("boxes over each other do, and it is told over which", () => {
  assert.equal(overlap([box(0, 0), box(40, 20)], [box(900, 0)]), "among");
  assert.equal(overlap([box(0, 0), box(40, 20)], [box(-100, 0)]), "others");
  assert.equal(overlap([box(500, 500), box(-600, -600)], [box(510, 510)]), "others");
});

test("a box of any size is found", () => {
  assert.equal(overlap([box(0, 0)], [box(-90_000, -90_000, 200_000, 200_000)]), "others");
  assert.equal(overlap([box(-90_000, -90_000, 200_000, 200_000)], [box(0, 0)]), "others");
});
