/**
 * A node's place and size in its form: whole pixels, and the edits that a drag and a resize submit. `flows/pages/forms/position.py` does the
 * same for forms that are posted.
 */

import { move, resizeNode } from "../lib/edits.js";

const RECT = ["x", "y", "width", "height"];

/** What the fields say. @param {import("../lib/geometry.js").Rect} rect @returns {[string, number][]} by field */
export const wholePixels = (rect) => RECT.map((name) => [name, Math.round(rect[name])]);

/** Take place and size out of what a form changes. @param {Record<string, unknown>} set @returns {[Partial<import("../lib/geometry.js").Rect>, Record<string, unknown>]} */
export function withoutPosition(set) {
  const parts = [{}, {}];
  for (const [name, value] of Object.entries(set)) parts[RECT.includes(name) ? 0 : 1][name] = value;
  return parts;
}

/** Move and resize a node that is still there. @param {import("../canvas/graph.js").NodeRecord|undefined} node @returns {object[]} */
export function editPosition(node, { x, y, width, height }) {
  if (!node) return [];
  const moves = x ?? y;
  const sizes = width ?? height;
  return [
    ...(moves === undefined ? [] : [move(node.id, { x: x ?? node.x, y: y ?? node.y })]),
    ...(sizes === undefined ? [] : [resizeNode(node.id, { width: width ?? node.width, height: height ?? node.height })]),
  ];
}

/** Whether a value lies outside what a field takes that has bounds; nothing at all does, too. @param {HTMLElement} field */
export function isOutside({ dataset: { bounds, minimum, maximum } }, value) {
  return bounds !== undefined && (value === null || value < Number(minimum) || value > Number(maximum));
}
