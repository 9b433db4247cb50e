/** What gestures and commands ask of groups; the first picture needs none of it. */

import { contains } from "../lib/geometry.js";

/** These without those inside another of them. @param {import("./graph.js").Graph} graph @param {Set<string>} ids @returns {string[]} */
export function rootsOf(graph, ids) {
  const inside = (id) => {
    for (let at = graph.nodes.get(id)?.parent; at; at = graph.nodes.get(at)?.parent) if (ids.has(at)) return true;
    return false;
  };
  return [...ids].filter((id) => graph.node(id) && !inside(id));
}

/**
 * Find the smallest open group around a point. The groups are looked up once, for any number of points.
 * @param {import("./graph.js").Graph} graph @param {{has(id: string): boolean}} [except]
 * @returns {(point: {x: number, y: number}) => string|null}
 */
export function groupsOf(graph, except = new Set()) {
  const area = ({ width, height }) => width * height;
  const open = [...graph.visibleNodes()].filter(({ id, kind, collapsed }) => kind === "group" && !collapsed && !except.has(id));
  const sorted = open.sort((one, other) => area(one) - area(other));
  return (point) => sorted.find(({ id }) => contains(graph.rect(id), point))?.id ?? null;
}
