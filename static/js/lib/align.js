/**
 * Alignment while dragging: which edge or centre of the moving box meets one of the others, and the line to show.
 *
 * @typedef {import("./geometry.js").Rect} Rect
 * @typedef {{axis: "x"|"y", at: number, from: number, to: number}} Guide a line at x (vertical) or y (horizontal)
 */

const X = { at: "x", length: "width", across: "y", breadth: "height" };
const Y = { at: "y", length: "height", across: "x", breadth: "width" };
const FRACTIONS = [0, 0.5, 1];

/**
 * @param {Rect} moving where the box would be
 * @param {Rect[]} others
 * @param {number} reach in world units
 * @returns {{dx: number|null, dy: number|null, guides: Guide[]}} null where nothing is within reach
 */
export function align(moving, others, reach) {
  const x = nearest(moving, others, reach, X);
  const y = nearest(moving, others, reach, Y);
  const placed = { ...moving, x: moving.x + (x?.shift ?? 0), y: moving.y + (y?.shift ?? 0) };
  return {
    dx: x ? x.shift : null,
    dy: y ? y.shift : null,
    guides: [x && guide(placed, x, X), y && guide(placed, y, Y)].filter(Boolean),
  };
}

function nearest(moving, others, reach, axis) {
  let best = null;
  for (const other of others) {
    for (const mine of FRACTIONS) {
      // A centre meets a centre, a side meets a side: anything else only confuses the eye.
      for (const theirs of mine === 0.5 ? [0.5] : [0, 1]) {
        const at = other[axis.at] + other[axis.length] * theirs;
        const shift = at - (moving[axis.at] + moving[axis.length] * mine);
        if (Math.abs(shift) <= (best ? Math.abs(best.shift) - 1e-9 : reach)) best = { shift, at, other };
      }
    }
  }
  return best;
}

function guide(placed, { at, other }, axis) {
  const ends = [placed, other].flatMap((rect) => [rect[axis.across], rect[axis.across] + rect[axis.breadth]]);
  return { axis: axis.at, at, from: Math.min(...ends), to: Math.max(...ends) };
}
