/** Where the keyboard is on the canvas: one node at a time can be reached by Tab, in the order in which one reads. */

import { readingOrder } from "../lib/geometry.js";

export class Focus {
  #editor;

  constructor(editor) {
    this.#editor = editor;
    editor.canvas.addEventListener("focusin", ({ target }) => this.#rove(target.closest("[data-node-id]")));
  }

  /** @returns {string|null} the node that has the focus */
  get current() {
    return document.activeElement?.closest?.("[data-node-id]")?.dataset.nodeId ?? null;
  }

  start() {
    const [first] = readingOrder([...this.#editor.graph.visibleNodes()].slice(0, 600));
    this.#rove(first?.element);
  }

  /** @param {string|undefined} id @param {boolean} [selects] */
  node(id, selects = false) {
    const { graph, selection, viewport, stage } = this.#editor;
    const record = graph.node(id);
    if (!record) return;
    if (selects) {
      selection.set({ nodes: [id] });
      viewport.reveal(graph.rect(id));
    }
    stage.flush();
    record.element.focus({ preventScroll: true });
  }

  /** The next node as one reads. @param {1|-1} step @returns {boolean} false at the end: the focus may leave */
  next(step) {
    const { graph, canvas, viewport } = this.#editor;
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
    for (const other of this.#editor.root.querySelectorAll("helix-node[tabindex='0']")) if (other !== element) other.tabIndex = -1;
    element.tabIndex = 0;
  }
}
