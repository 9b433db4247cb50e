/**
 * Arrange several nodes by hand: line up their middles, leave equal gaps between them, make them equally large. Loaded when it
 * is first used. The values are pure: they say which edits it takes, and none where nothing changes.
 *
 * @typedef {import("../lib/geometry.js").Rect & {id: string}} Box
 */

import { move, resizeNode } from "../lib/operations.js";
import { centre, round, union } from "../lib/geometry.js";

const HORIZONTAL = { at: "x", length: "width" };
const VERTICAL = { at: "y", length: "height" };
const WAYS = {
  middle: (boxes) => lined(boxes, VERTICAL),
  centre: (boxes) => lined(boxes, HORIZONTAL),
  across: (boxes) => spread(boxes, HORIZONTAL),
  down: (boxes) => spread(boxes, VERTICAL),
  size: (boxes) => levelled(boxes),
};

/** @param {keyof typeof WAYS} way @param {Box[]} boxes @returns {object[]} the edits */
export const arranged = (way, boxes) => (boxes.length > 1 ? WAYS[way](boxes) : []);

/** The middles of all on the middle of their common box. */
function lined(boxes, { at, length }) {
  const middle = centre(union(boxes))[at];
  return moved(boxes.map((box) => ({ box, to: { ...box, [at]: round(middle - box[length] / 2) } })));
}

/** The first and the last stay; those between leave the same gap on both sides. */
function spread(boxes, { at, length }) {
  const sorted = [...boxes].sort((one, other) => one[at] - other[at] || one[at] + one[length] - other[at] - other[length]);
  const [first, last] = [sorted[0], sorted.at(-1)];
  const room = last[at] + last[length] - first[at] - sorted.reduce((sum, box) => sum + box[length], 0);
  const gap = room / (sorted.length - 1);
  let next = first[at];
  return moved(sorted.map((box) => {
    const to = { ...box, [at]: box === last ? box[at] : round(next) };
    next += box[length] + gap;
    return { box, to };
  }));
}

/** All as wide and high as the widest and the highest of them. */
function levelled(boxes) {
  const [width, height] = ["width", "height"].map((length) => Math.max(...boxes.map((box) => box[length])));
  return boxes.filter((box) => box.width !== width || box.height !== height).map(({ id }) => resizeNode(id, { width, height }));
}

const moved = (places) => places.filter(({ box, to }) => box.x !== to.x || box.y !== to.y).map(({ box, to }) => move(box.id, to));
