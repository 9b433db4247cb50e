/**
 * Plane geometry of the canvas, as pure functions over plain objects.
 *
 * World coordinates are what the document stores; screen coordinates are CSS pixels from the canvas's corner.
 * `screen = world * zoom + pan`. Nothing here knows the DOM, so all of it is tested without a browser.
 *
 * Ports and the curve of an edge are the twin of `flows/document/geometry.py`: the server draws the same curve into the page, so
 * both are held to one answer by `tests/vectors/curves.json`. Its numbers are rounded to a tenth of a pixel, half up, in both
 * languages.
 *
 * @typedef {{x: number, y: number}} Point
 * @typedef {{x: number, y: number, width: number, height: number}} Rect
 * @typedef {{x: number, y: number, zoom: number}} View pan in screen pixels, and zoom
 * @typedef {[number, number]} Pair
 * @typedef {{d: string, arrow: string, middle: Pair}} Curve the line's and the arrow head's path, and the point at half length
 * @typedef {{x: number, y: number, width: number, height: number, kind: string, outputs: string[]}} Shape
 */

const GRID = 8;
const DOTS = 24;
const FIRST_BRANCH = 58;
const BRANCH_PITCH = 20;
const BRANCH_MARGIN = 10;
const HEADER = 44;
const LINE_END = 9;
const ARROW_TIP = 1.5;
const ARROW_LENGTH = 8.5;
const ARROW_HALF = 4.5;
const FOLDED_WIDTH = 208;
export const MIN_ZOOM = 0.05;
export const MAX_ZOOM = 4;
export const BOUND = 1_000_000;

/** Keep a value between two bounds; `low` counts when there is no room between them. */
export const clamp = (value, low, high) => Math.max(low, Math.min(value, high));
/** Round as the document does: to a hundredth. */
export const round = (value) => Math.round(value * 100) / 100 + 0;
export const snap = (value, step = GRID) => Math.round(value / step) * step;

/** @param {View} view @param {Point} point on screen @returns {Point} in the world */
export const toWorld = (view, point) => ({ x: (point.x - view.x) / view.zoom, y: (point.y - view.y) / view.zoom });

/** @param {View} view @param {Point} point in the world @returns {Point} on screen */
export const toScreen = (view, point) => ({ x: point.x * view.zoom + view.x, y: point.y * view.zoom + view.y });

/** Zoom so that what lies under `point` (screen) stays there. @returns {View} */
export function zoomAt(view, point, zoom) {
  const next = clamp(zoom, MIN_ZOOM, MAX_ZOOM);
  const scale = next / view.zoom;
  return { x: point.x - (point.x - view.x) * scale, y: point.y - (point.y - view.y) * scale, zoom: next };
}

/** The view that shows `bounds` whole and centred, never larger than `most`. @returns {View} */
export function fit(bounds, size, { padding = 56, most = 1 } = {}) {
  const room = (length) => Math.max(length - 2 * padding, 40);
  const zoom = clamp(
    Math.min(room(size.width) / Math.max(bounds.width, 1), room(size.height) / Math.max(bounds.height, 1), most),
    MIN_ZOOM,
    MAX_ZOOM,
  );
  return centred(centre(bounds), size, zoom);
}

/** The view with the world's `point` in the middle. @returns {View} */
export const centred = (point, size, zoom) => ({
  x: size.width / 2 - point.x * zoom,
  y: size.height / 2 - point.y * zoom,
  zoom,
});

/** The part of the world that is on screen, with a margin in screen pixels. @returns {Rect} */
export function visibleRect(view, size, margin = 0) {
  const corner = toWorld(view, { x: -margin, y: -margin });
  return { ...corner, width: (size.width + 2 * margin) / view.zoom, height: (size.height + 2 * margin) / view.zoom };
}

export const centre = (rect) => ({ x: rect.x + rect.width / 2, y: rect.y + rect.height / 2 });

/** The corner of a box on the grid whose middle is at `point`. */
export const placed = ({ x, y }, width, height) => ({ x: snap(x - width / 2), y: snap(y - height / 2) });

/** What fields say of a rectangle. @param {Rect} rect @returns {[string, number][]} in whole pixels, by name */
export const wholePixels = ({ x, y, width, height }) => Object.entries({ x, y, width, height }).map(([name, value]) => [name, Math.round(value)]);

export const contains = (rect, point) =>
  point.x >= rect.x && point.y >= rect.y && point.x <= rect.x + rect.width && point.y <= rect.y + rect.height;

/** Whether `inner` is wholly inside `outer`. @param {Rect} outer @param {Rect} inner */
export const encloses = (outer, inner) =>
  inner.x >= outer.x && inner.y >= outer.y && inner.x + inner.width <= outer.x + outer.width && inner.y + inner.height <= outer.y + outer.height;

export const intersects = (a, b) =>
  a.x <= b.x + b.width && b.x <= a.x + a.width && a.y <= b.y + b.height && b.y <= a.y + a.height;

/** @param {Point} a @param {Point} b @returns {Rect} */
export const between = (a, b) => ({
  x: Math.min(a.x, b.x),
  y: Math.min(a.y, b.y),
  width: Math.abs(a.x - b.x),
  height: Math.abs(a.y - b.y),
});

/** The smallest rectangle around all, or null for none. @param {Iterable<Rect>} rects @returns {Rect|null} */
export function union(rects) {
  let left = Infinity;
  let top = Infinity;
  let right = -Infinity;
  let bottom = -Infinity;
  for (const rect of rects) {
    left = Math.min(left, rect.x);
    top = Math.min(top, rect.y);
    right = Math.max(right, rect.x + rect.width);
    bottom = Math.max(bottom, rect.y + rect.height);
  }
  return left === Infinity ? null : { x: left, y: top, width: right - left, height: bottom - top };
}

/** What is drawn of a collapsed group: its header. The document keeps its size. @param {Rect} rect @returns {Rect} */
export const folded = ({ x, y, width, height }) => ({ x, y, width: Math.min(width, FOLDED_WIDTH), height: Math.min(height, HEADER) });

/** Sort as a page is read: rows of overlapping centres from the top, each from the left. @template {Rect} T @param {Iterable<T>} rects @returns {T[]} */
export function readingOrder(rects) {
  const sorted = [...rects].sort((a, b) => centre(a).y - centre(b).y || a.x - b.x);
  const rows = [];
  for (const rect of sorted) {
    const row = rows.at(-1);
    if (row && centre(rect).y - centre(row[0]).y < Math.min(rect.height, row[0].height) / 2) row.push(rect);
    else rows.push([rect]);
  }
  return rows.flatMap((row) => row.sort((a, b) => a.x - b.x));
}

/** Level of detail at a zoom. @returns {"full"|"compact"|"chip"|"block"} */
export const detail = (zoom) => (zoom >= 0.7 ? "full" : zoom >= 0.45 ? "compact" : zoom >= 0.25 ? "chip" : "block");

/** The power of two at or below a zoom: what must not get too small on screen is sized by it. */
export const scaleStep = (zoom) => 2 ** Math.floor(Math.log2(zoom) + 1e-9);

/** How far apart the dots of the grid are on screen; from far away there are none, which is 0. */
export const gridStep = (zoom) => (zoom < 0.3 ? 0 : DOTS * zoom * (zoom < 0.6 ? 2 : 1));

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
 * @param {Pair} start @param {Pair} end @returns {Curve}
 */
export function curveBetween([x1, y1], [x2, y2]) {
  const stop = x2 - LINE_END;
  const tip = x2 - ARROW_TIP;
  const base = tip - ARROW_LENGTH;
  const k = handle(x2 - x1);
  const d = `M${tenth(x1)} ${tenth(y1)}C${tenth(x1 + k)} ${tenth(y1)} ${tenth(stop - k)} ${tenth(y2)} ${tenth(stop)} ${tenth(y2)}`;
  const arrow = `M${tenth(base)} ${tenth(y2 - ARROW_HALF)}L${tenth(tip)} ${tenth(y2)}L${tenth(base)} ${tenth(y2 + ARROW_HALF)}Z`;
  return { d, arrow, middle: [tenth((x1 + stop) / 2), tenth((y1 + y2) / 2)] };
}

/**
 * The centre of a port: on the left border for an input, on the right for an output.
 * @param {Shape} node @param {string} port @param {"in" | "out"} direction @returns {Pair}
 */
export function portPoint({ x, y, width, height, kind, outputs }, port, direction) {
  if (direction === "in") return [x, y + height / 2];
  const index = Math.max(outputs.indexOf(port), 0);
  return [x + width, y + portOffset(height, index, Math.max(outputs.length, 1), kind === "decision")];
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
  return clamp(dx / 2, 28, 120);
}

/** `+ 0` turns -0 into 0. */
function tenth(value) {
  return Math.floor(value * 10 + 0.5) / 10 + 0;
}
