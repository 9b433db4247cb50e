/** What gestures and commands ask of groups and edges that take what is dropped; the first picture needs none of it. */

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

/** The edge under the pointer. @returns {import("./graph.js").EdgeRecord|undefined} */
export function edgeAt(graph, { clientX, clientY }) {
  const under = document.elementsFromPoint(clientX, clientY).map((element) => element.closest("[data-edge-id]")).find(Boolean);
  return under && graph.edge(under.dataset.edgeId);
}

/** Lights up what a drop would go into. */
export class DropMark {
  /** @type {Set<Element>} */
  #marked = new Set();

  /** @param {...(Element|null|undefined)} elements those that are lit now, and no others */
  show(...elements) {
    const lit = new Set(elements.filter(Boolean));
    for (const element of this.#marked) if (!lit.has(element)) element.removeAttribute("data-drop");
    for (const element of lit) element.toggleAttribute("data-drop", true);
    this.#marked = lit;
  }
}
