/**
 * What lies over the nodes: handles, the box around several, the ends of a selected edge, alignment lines, the reason why
 * something is refused, and what others pin to a port or an edge. Redrawn when what it surrounds moves.
 *
 * @typedef {{axis: "x"|"y", at: number, from: number, to: number}} Guide a line at x (vertical) or y (horizontal)
 * @typedef {{edge: string, below: number}|{node: string, port: string, right: number}} Spot near the middle of an edge, or near an output;
 *   as far at every zoom, in pixels on screen
 */

import { edgePath, portPoint, union } from "../lib/geometry.js";
import { shape } from "./renderer.js";
import { make } from "../lib/make.js";

const REASON_MS = 4_000;
const CENTRED = " translate(-50%, -50%)";
const CORNERS = { nw: [0, 0], ne: [1, 0], se: [1, 1], sw: [0, 1] };
/** How far a handle may reach into its node where the last port of a decision is next to it. */
const BESIDE_PORT = 5;
const SIDES = { n: [0.5, 0], s: [0.5, 1], w: [0, 0.5], e: [1, 0.5] };

export class Overlay {
  #parts;
  #handles = Object.entries({ ...SIDES, ...CORNERS }).map(([name, at]) => ({ name, at, element: make("i.handle", { "data-handle": name }) }));
  #ends = ["source", "target"].map((end) => make("i.edge-end", { "data-end": end }));
  #box = make("div.selection-box");
  #reasons = new Map();
  /** @type {Map<Element, Spot>} */
  #pinned = new Map();
  #guides = ["x", "y"].map((axis) => ({ axis, element: make("div.guide", { "data-axis": axis }) }));
  #redraw = () => this.draw();
  #repin = () => this.#pinned.forEach((spot, element) => this.#put(element, spot));

  constructor({ editing, graph, layers, renderer, selection, viewport }) {
    this.#parts = { editing, graph, layers, renderer, selection, viewport };
    selection.addEventListener("change", () => this.draw());
    editing.addEventListener("change", () => this.draw());
  }

  /** Follow what is drawn as long as something here surrounds it. */
  #watch() {
    const { renderer, selection, viewport } = this.#parts;
    const isShown = !selection.isEmpty || this.#reasons.size > 0 || this.#pinned.size > 0;
    const change = isShown ? "addEventListener" : "removeEventListener";
    for (const type of ["drawn", "moved"]) renderer[change](type, this.#redraw);
    viewport[this.#pinned.size ? "addEventListener" : "removeEventListener"]("change", this.#repin);
  }

  /** Put everything around the selection as it is now. */
  draw() {
    const { graph, selection, layers } = this.#parts;
    this.#drawHandles();
    this.#drawEnds();
    const several = selection.nodes.size > 1 && [...selection.nodes].filter((id) => graph.node(id)).map((id) => graph.rect(id));
    over(layers.overlay, this.#box, several ? union(several) : null);
    for (const [id, { element }] of this.#reasons) this.#position(element, id);
    this.#repin();
    this.#watch();
  }

  /** Keep an element at a spot as long as that is drawn; without a spot, take it away. @param {Spot|null} spot */
  pin(element, spot) {
    if (spot) this.#pinned.set(element, spot);
    else this.#pinned.delete(element);
    this.#put(element, spot);
    this.#watch();
  }

  #put(element, spot) {
    const { graph, layers, viewport: { zoom } } = this.#parts;
    const { edge, node, port, right = 0, below = 0 } = spot ?? {};
    const isDrawn = edge ? graph.isEdgeDrawn(edge) : node && graph.isDrawn(node);
    const [x, y] = !isDrawn ? [] : edge ? middleOf(graph, graph.edge(edge)) : portPoint(shape(graph, node), port, "out");
    over(layers.overlay, element, isDrawn ? { x: x + right / zoom, y: y + below / zoom } : null, CENTRED);
  }

  #drawHandles() {
    const { graph, selection, layers, editing: { mayEdit } } = this.#parts;
    const found = mayEdit ? graph.node(selection.node) : null;
    // A collapsed group keeps the size that it has when it is open.
    const node = found?.collapsed ? null : found;
    const rect = node && graph.rect(node.id);
    for (const { name, at: [x, y], element } of this.#handles) {
      // A port on this side needs its room.
      const isTaken = node && ((name === "e" && node.outputs.length) || (name === "w" && node.inputs.length));
      over(layers.overlay, element, rect && !isTaken ? { x: rect.x + rect.width * x, y: rect.y + rect.height * y } : null, CENTRED);
      if (rect) element.style.setProperty("--room", `${name === "se" && node.outputs.length > 1 ? BESIDE_PORT : Math.min(rect.width, rect.height) / 4}px`);
      if (rect && name in SIDES) element.style[name === "n" || name === "s" ? "width" : "height"] = `${name === "n" || name === "s" ? rect.width : rect.height}px`;
    }
  }

  #drawEnds() {
    const { graph, selection, layers, editing: { mayEdit } } = this.#parts;
    const edge = mayEdit ? graph.edge(selection.edge) : null;
    const isDrawn = edge && graph.node(edge.source) && graph.node(edge.target);
    const points = isDrawn && [portPoint(shape(graph, edge.source), edge.sourcePort, "out"), portPoint(shape(graph, edge.target), edge.targetPort, "in")];
    this.#ends.forEach((element, index) => over(layers.overlay, element, points ? { x: points[index][0], y: points[index][1] } : null, CENTRED));
  }

  /** @param {Guide[]} guides one for each axis at most */
  guides(guides) {
    for (const { axis, element } of this.#guides) {
      const guide = guides.find((one) => one.axis === axis);
      over(this.#parts.layers.overlay, element, guide ? extent(guide) : null);
    }
  }

  /** Say at a node why something is refused; without a text, stop saying it. @param {string|null} id */
  reason(id, text, { stays = true } = {}) {
    for (const [key, reason] of this.#reasons) if (reason.stays) this.#unsay(key);
    if (!id || !text || !this.#parts.graph.nodes.has(id)) return;
    this.#unsay(id);
    const element = make("div.reason", {}, text);
    const timer = stays ? 0 : setTimeout(() => this.#unsay(id), REASON_MS);
    this.#reasons.set(id, { element, stays, timer });
    this.#position(element, id);
    this.#watch();
  }

  #position(element, id) {
    const { graph, layers, viewport } = this.#parts;
    const rect = graph.node(id) && graph.rect(id);
    over(layers.overlay, element, rect ? { x: rect.x, y: rect.y - 6 / viewport.zoom } : null, ` scale(${1 / viewport.zoom}) translate(0, -100%)`);
    element.style.transformOrigin = "0 0";
  }

  #unsay(id) {
    const reason = this.#reasons.get(id);
    clearTimeout(reason?.timer);
    reason?.element.remove();
    this.#reasons.delete(id);
  }
}

/** Where an edge is at half its length. @param {import("./graph.js").Graph} graph @param {import("./graph.js").EdgeRecord} edge @returns {[number, number]} */
export function middleOf(graph, { source, sourcePort, target, targetPort }) {
  return edgePath(shape(graph, source), sourcePort, shape(graph, target), targetPort).middle;
}

const extent = ({ axis, at, from, to }) => (axis === "x" ? { x: at, y: from, height: to - from } : { x: from, y: at, width: to - from });

/** Put an element over a rectangle of the world, or take it away. @param {{x: number, y: number, width?: number, height?: number}|null} rect */
export function over(layer, element, rect, more = "") {
  if (!rect) {
    element.remove();
    return;
  }
  if (element.parentNode !== layer) layer.append(element);
  element.style.transform = `translate(${rect.x}px, ${rect.y}px)${more}`;
  if (rect.width !== undefined) element.style.width = `${rect.width}px`;
  if (rect.height !== undefined) element.style.height = `${rect.height}px`;
}
