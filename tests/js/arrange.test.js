import assert from "node:assert/strict";
import test from "node:test";

import { arranged } from "../../static/js/ui/arrange.js";

const BOXES = [
  { id: "a", x: 0, y: 0, width: 100, height: 40 },
  { id: "b", x: 110, y: 100, width: 40, height: 80 },
  { id: "c", x: 300, y: 60, width: 60, height: 60 },
];
const places = (way) => Object.fromEntries(arranged(way, BOXES).map(({ id, x, y }) => [id, [x, y]]));

test("middles are lined up on the middle of all, and what is there already stays", () => {
  assert.deepEqual(places("middle"), { a: [0, 70], b: [110, 50] });
  assert.deepEqual(places("centre"), { a: [130, 0], b: [160, 100], c: [150, 60] });
});

test("between the first and the last the gaps become equal", () => {
  assert.deepEqual(places("across"), { b: [180, 100] });
  assert.deepEqual(places("down"), { c: [300, 40] });
});

test("all become as large as the largest", () => {
  assert.deepEqual(arranged("size", BOXES).map(({ id, width, height }) => [id, width, height]), [["a", 100, 80], ["b", 100, 80], ["c", 100, 80]]);
});

test("one alone, and what is arranged already, is no edit", () => {
  assert.deepEqual(arranged("across", BOXES.slice(0, 1)), []);
  assert.deepEqual(arranged("size", [BOXES[0], { ...BOXES[0], id: "z" }]), []);
});
