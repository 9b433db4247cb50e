/**
 * Keyboard focus on the canvas: Tab reaches one node at a time, in reading order. Focus and selection are one: the node that has
 * the focus is selected, and what Tab leaves no longer is, unless it is kept. When the selection goes elsewhere, the canvas takes the focus.
 */

import { readingOrder } from "../lib/geometry.js";

export class Focus {
  #parts;
  /** Selected nodes that stay selected when the focus goes on. */
  #kept = new Set();

  constructor({ canvas, graph, notices, renderer, root, selection, texts, viewport }) {
    this.#parts = { canvas, graph, notices, renderer, root, selection, texts, viewport };
    canvas.addEventListener("focusin", ({ target }) => this.#take(target.closest("[data-node-id]")));
    selection.addEventListener("change", () => this.#follow());
  }

  /** The node that has the focus. @returns {string|null} */
  get current() {
    return document.activeElement?.closest?.("[data-node-id]")?.dataset.nodeId ?? null;
  }

  /** Make the first node reachable by Tab. */
  start() {
    const [first] = readingOrder([...this.#parts.graph.visibleNodes()].slice(0, 600));
    this.#rove(first?.element);
  }

  /** Move the focus to a node. @param {string|undefined} id @param {boolean} [selects] */
  node(id, selects = false) {
    const { graph, selection, viewport, renderer } = this.#parts;
    const record = graph.node(graph.standIn(id));
    if (!record) return;
    if (selects) {
      selection.set({ nodes: [record.id] });
      viewport.reveal(graph.rect(record.id));
    }
    renderer.bring(record.id);
    record.element.focus({ preventScroll: true });
  }

  /** Go on to the next node in reading order. @param {1|-1} step @returns {boolean} false at the end: the focus may leave */
  next(step) {
    const { graph, canvas, selection, viewport } = this.#parts;
    const from = this.current;
    const order = readingOrder(graph.visibleNodes());
    const begins = step === 1 && document.activeElement === canvas ? (graph.node(this.#last) ?? order[0]) : null;
    const next = from ? order[order.findIndex(({ id }) => id === from) + step] : begins;
    if (!next) return false;
    selection.set({ nodes: [...this.#kept, next.id] });
    this.node(next.id);
    viewport.reveal(graph.rect(next.id));
    return true;
  }

  /** Keep the focused node selected while the focus goes on, or no longer. */
  keep() {
    const { graph, notices, selection, texts } = this.#parts;
    const id = this.current;
    if (!id) return;
    const isKept = !this.#kept.delete(id);
    if (isKept) this.#kept.add(id);
    else selection.toggle("nodes", id);
    notices.announce(texts.say(isKept ? "kept_selected" : "not_selected", { what: graph.node(id).label }));
  }

  /** The node that Tab last reached. */
  get #last() {
    return this.#parts.root.querySelector("helix-node[tabindex='0']")?.dataset.nodeId;
  }

  #take(element) {
    if (!element) return;
    const { selection } = this.#parts;
    const { nodeId } = element.dataset;
    this.#rove(element);
    if (!selection.nodes.has(nodeId)) selection.set({ nodes: [nodeId] });
  }

  #follow() {
    const { canvas, selection } = this.#parts;
    canvas.toggleAttribute("data-chosen", !selection.isEmpty);
    for (const id of this.#kept) if (!selection.nodes.has(id)) this.#kept.delete(id);
    if (this.current && !selection.nodes.has(this.current)) canvas.focus({ preventScroll: true });
  }

  #rove(element) {
    if (!element) return;
    for (const other of this.#parts.root.querySelectorAll("helix-node[tabindex='0']")) if (other !== element) other.tabIndex = -1;
    element.tabIndex = 0;
  }
}
