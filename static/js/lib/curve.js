/**
 * Where ports stand, and the curve of an edge.
 *
 * The twin of `flows/document/geometry.py`: the server draws the same curve into the page, so both are held to one answer by
 * `tests/vectors/curves.json`. Numbers are rounded to a tenth of a pixel, half up, as both languages do alike.
 *
 * @typedef {[number, number]} Point
 * @typedef {{d: string, arrow: string, middle: Point}} Curve the line's and the arrow head's path, and the point at half length
 * @typedef {{x: number, y: number, width: number, height: number, kind: string, outputs: string[]}} Shape
 */

const FIRST_BRANCH = 58;
const BRANCH_PITCH = 20;
const BRANCH_MARGIN = 10;
const HEADER = 44;
const LINE_END = 9;
const ARROW_TIP = 1.5;
const ARROW_LENGTH = 8.5;
const ARROW_HALF = 4.5;

/**
 * Draw the curve between two ports.
 * @param {Shape} source @param {string} sourcePort @param {Shape} target @param {string} targetPort @returns {Curve}
 */
export function edgePath(source, sourcePort, target, targetPort) {
  return curveBetween(portPoint(source, sourcePort, "out"), portPoint(target, targetPort, "in"));
}

/**
 * Draw the curve from an output's centre to an input's, level at both ends.
 *
 * Both handles are level and equally long, so the curve is symmetric about the middle between its ends: that point is at half
 * of its length exactly.
 * @param {Point} start @param {Point} end @returns {Curve}
 */
export function curveBetween([x1, y1], [x2, y2]) {
  const stop = x2 - LINE_END;
  const tip = x2 - ARROW_TIP;
  const base = tip - ARROW_LENGTH;
  const k = handle(x2 - x1);
  const d = `M${round(x1)} ${round(y1)}C${round(x1 + k)} ${round(y1)} ${round(stop - k)} ${round(y2)} ${round(stop)} ${round(y2)}`;
  const arrow = `M${round(base)} ${round(y2 - ARROW_HALF)}L${round(tip)} ${round(y2)}L${round(base)} ${round(y2 + ARROW_HALF)}Z`;
  return { d, arrow, middle: [round((x1 + stop) / 2), round((y1 + y2) / 2)] };
}

/**
 * The centre of a port: on the left border for an input, on the right for an output.
 * @param {Shape} node @param {string} port @param {"in" | "out"} direction @returns {Point}
 */
export function portPoint({ x, y, width, height, kind, outputs }, port, direction) {
  if (direction === "in") return [x, y + height / 2];
  const index = Math.max(outputs.indexOf(port), 0);
  return [x + width, y + portOffset(height, index, outputs.length, kind === "decision")];
}

/**
 * How far below the node's top an output is.
 *
 * Branches begin below the header, 20 apart; in too low a node they share what is below it. Other outputs stand around the
 * node's centre.
 * @param {number} height @param {number} index @param {number} count @param {boolean} branches @returns {number}
 */
function portOffset(height, index, count, branches) {
  if (!branches) return height / 2 + (index - (count - 1) / 2) * Math.min(BRANCH_PITCH, height / Math.max(count, 1));
  if (FIRST_BRANCH + BRANCH_PITCH * (count - 1) + BRANCH_MARGIN <= height) return FIRST_BRANCH + BRANCH_PITCH * index;
  const top = height > HEADER ? HEADER : 0;
  return top + ((height - top) * (index + 0.5)) / Math.max(count, 1);
}

/** The height at which a decision's outputs have their full pitch. @param {string[]} branches @returns {number} */
export function heightFor(branches) {
  return FIRST_BRANCH + BRANCH_PITCH * (new Set([...branches, "default"]).size - 1) + BRANCH_MARGIN;
}

function handle(dx) {
  if (dx < 0) return Math.min(80 - dx / 8, 240);
  return Math.min(Math.max(28, dx / 2), 120);
}

/** `+ 0` turns -0 into 0. */
function round(value) {
  return Math.floor(value * 10 + 0.5) / 10 + 0;
}
