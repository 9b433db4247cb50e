/** Boxes that lie over each other, found by square, so that many are found as fast as few. */

import { union } from "./geometry.js";

const SQUARE = 512;
/** By how much, in both directions, two boxes must cover each other before it shows. */
const LEAST = 8;
/** A box over more squares than these is compared with all. */
const MAX_SQUARES = 256;

/**
 * Whether some of these boxes cover each other, or boxes beside them.
 * @param {import("./geometry.js").Rect[]} boxes @param {import("./geometry.js").Rect[]} others
 * @returns {"among"|"others"|null} `others` if they cover one of the others
 */
export function overlap(boxes, others) {
  if (!boxes.length) return null;
  const around = union(boxes);
  const near = others.filter((other) => covers(around, other));
  const squares = new Squares(near);
  if (boxes.some((box) => squares.covered(box))) return "others";
  const among = new Squares([]);
  return boxes.some((box) => among.covered(box) || among.add(box)) ? "among" : null;
}

const covers = (a, b) => a.x + LEAST < b.x + b.width && b.x + LEAST < a.x + a.width && a.y + LEAST < b.y + b.height && b.y + LEAST < a.y + a.height;

class Squares {
  #squares = new Map();
  #large = [];

  constructor(boxes) {
    for (const box of boxes) this.add(box);
  }

  /** @returns {false} */
  add(box) {
    const keys = squaresOf(box);
    if (!keys) this.#large.push(box);
    for (const key of keys ?? []) {
      if (!this.#squares.has(key)) this.#squares.set(key, []);
      this.#squares.get(key).push(box);
    }
    return false;
  }

  covered(box) {
    const keys = squaresOf(box);
    const near = keys ? keys.flatMap((key) => this.#squares.get(key) ?? []) : [...this.#squares.values()].flat();
    return [...near, ...this.#large].some((other) => covers(box, other));
  }
}

function squaresOf({ x, y, width, height }) {
  const [left, top, right, bottom] = [x, y, x + width, y + height].map((side) => Math.floor(side / SQUARE));
  if ((right - left + 1) * (bottom - top + 1) > MAX_SQUARES) return null;
  const keys = [];
  for (let column = left; column <= right; column += 1) for (let row = top; row <= bottom; row += 1) keys.push(`${column} ${row}`);
  return keys;
}
