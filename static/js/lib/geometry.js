/**
 * Plane geometry of the canvas, as pure functions over plain objects.
 *
 * World coordinates are what the document stores; screen coordinates are CSS pixels from the canvas's corner.
 * `screen = world * zoom + pan`. Nothing here knows the DOM, so all of it is tested without a browser.
 *
 * @typedef {{x: number, y: number}} Point
 * @typedef {{x: number, y: number, width: number, height: number}} Rect
 * @typedef {{x: number, y: number, zoom: number}} View pan in screen pixels, and zoom
 */

const GRID = 8;
export const MIN_ZOOM = 0.05;
export const MAX_ZOOM = 4;
export const BOUND = 1_000_000;

export const clamp = (value, low, high) => Math.min(Math.max(value, low), high);
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

/** What part of the world is seen, with a margin in screen pixels. @returns {Rect} */
export function seen(view, size, margin = 0) {
  const corner = toWorld(view, { x: -margin, y: -margin });
  return { ...corner, width: (size.width + 2 * margin) / view.zoom, height: (size.height + 2 * margin) / view.zoom };
}

export const centre = (rect) => ({ x: rect.x + rect.width / 2, y: rect.y + rect.height / 2 });

/** The corner of a box on the grid whose middle is at `point`. */
export const placed = ({ x, y }, width, height) => ({ x: snap(x - width / 2), y: snap(y - height / 2) });

export const contains = (rect, point) =>
  point.x >= rect.x && point.y >= rect.y && point.x <= rect.x + rect.width && point.y <= rect.y + rect.height;

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
