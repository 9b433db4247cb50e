/** Keyboard focus on the canvas: Tab reaches one node at a time, in reading order. */

import { readingOrder } from "../lib/geometry.js";

export class Focus {
  #parts;

  constructor({ canvas, graph, renderer, root, selection, viewport }) {
    this.#parts = { canvas, graph, renderer, root, selection, viewport };
    canvas.addEventListener("focusin", ({ target }) => this.#rove(target.closest("[data-node-id]")));
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
    renderer.flush();
    record.element.focus({ preventScroll: true });
  }

  /** Go on to the next node in reading order. @param {1|-1} step @returns {boolean} false at the end: the focus may leave */
  next(step) {
    const { graph, canvas, viewport } = this.#parts;
    const from = this.current;
    const order = readingOrder(graph.visibleNodes());
    const begins = step === 1 && document.activeElement === canvas ? order[0] : null;
    const next = from ? order[order.findIndex(({ id }) => id === from) + step] : begins;
    if (!next) return false;
    this.node(next.id);
    viewport.reveal(graph.rect(next.id));
    return true;
  }

  #rove(element) {
    if (!element) return;
    for (const other of this.#parts.root.querySelectorAll("helix-node[tabindex='0']")) if (other !== element) other.tabIndex = -1;
    element.tabIndex = 0;
  }
}
