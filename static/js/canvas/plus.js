/**
 * The small buttons that add where the pointer is: in the middle of a hovered or selected edge, and at each free output of a
 * hovered or selected node. By keyboard the same is Tab and the menu. Loaded when the pointer first comes to one.
 *
 * @typedef {Record<"canvas"|"commands"|"editing"|"graph"|"overlay"|"renderer"|"selection"|"texts", object>} Parts of the editor that it uses
 */

import { icon, make } from "../lib/make.js";

/** How long one stays when the pointer has left, so that it can be reached. */
const STAY_MS = 240;
const MAX_PORTS = 12;
/** How far right of a port, above a line, which itself can still be pressed, and below the middle of a label; in pixels on screen. */
const BESIDE_PORT = 22;
const ABOVE_LINE = 15;
const BELOW_LABEL = 21;

export class Plus {
  #parts;
  /** @type {{node?: string, edge?: string}} what the pointer is over */
  #hovered = {};
  #timer = 0;
  #edge;
  /** @type {HTMLButtonElement[]} */
  #ports = [];

  /** @param {Parts} parts */
  constructor(parts) {
    this.#parts = parts;
    const { canvas, editing, renderer, selection, texts } = parts;
    this.#edge = this.#button(texts.say("insert"));
    canvas.addEventListener("pointerover", ({ target, pointerType }) => pointerType !== "touch" && this.at(target));
    canvas.addEventListener("pointerleave", () => this.#leave());
    for (const [source, type] of [[selection, "change"], [editing, "change"], [renderer, "drawn"]]) source.addEventListener(type, () => this.#draw());
  }

  /** The pointer is over this. @param {Element} target */
  at(target) {
    if (target.closest("[data-plus]")) return clearTimeout(this.#timer);
    const node = target.closest("[data-node-id]")?.dataset.nodeId;
    const edge = node ? undefined : (target.closest("[data-edge-id]")?.dataset.edgeId ?? target.closest("[data-label-of]")?.dataset.labelOf);
    if (!node && !edge) return this.#leave();
    clearTimeout(this.#timer);
    this.#timer = 0;
    this.#hovered = { node, edge };
    return this.#draw();
  }

  #leave() {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => ((this.#hovered = {}), this.#draw()), STAY_MS);
  }

  #button(name) {
    const button = make("button.plus", { type: "button", tabindex: "-1", "data-plus": true, "aria-label": name, title: name }, icon("plus"));
    button.addEventListener("click", (event) => this.#press(button, event));
    return button;
  }

  #press({ dataset: { edge, node, port } }, event) {
    event.stopPropagation();
    const { commands, selection } = this.#parts;
    this.#hovered = {};
    selection.set(edge ? { edges: [edge] } : { nodes: [node] });
    commands.run(edge ? "insert" : "extend", edge ?? { id: node, port }, event);
  }

  #draw() {
    const { editing: { mayEdit }, selection } = this.#parts;
    this.#drawEdge(mayEdit ? (this.#hovered.edge ?? selection.edge) : null);
    this.#drawPorts(mayEdit ? (this.#hovered.node ?? selection.node) : null);
  }

  #drawEdge(id) {
    const { graph, overlay } = this.#parts;
    const edge = id && graph.isEdgeDrawn(id) ? graph.edge(id) : null;
    if (edge) this.#edge.dataset.edge = id;
    overlay.pin(this.#edge, edge && { edge: id, below: edge.label ? BELOW_LABEL : -ABOVE_LINE });
  }

  #drawPorts(id) {
    const { graph, overlay, texts } = this.#parts;
    const node = id && graph.isDrawn(id) ? graph.node(id) : null;
    const used = new Set(node ? graph.edgesOf(id).filter(({ source }) => source === id).map(({ sourcePort }) => sourcePort) : []);
    const free = node ? node.outputs.filter((port) => !used.has(port)).slice(0, MAX_PORTS) : [];
    while (this.#ports.length < free.length) this.#ports.push(this.#button(texts.say("add_node")));
    this.#ports.forEach((button, index) => {
      const isFree = index < free.length;
      if (isFree) Object.assign(button.dataset, { node: id, port: free[index] });
      overlay.pin(button, isFree ? { node: id, port: free[index], right: BESIDE_PORT } : null);
    });
  }
}
