/** Drag on the empty canvas: selects what the rectangle touches; with Shift, adds it. */

import { over } from "../canvas/overlay.js";
import { between, encloses, intersects } from "../lib/geometry.js";
import { make } from "../lib/make.js";

export class Marquee {
  name = "marquee";
  autopans = true;
  #parts;
  #from;
  #before;
  #box;

  constructor({ graph, layers, selection, viewport }, event) {
    this.#parts = { graph, layers, selection, viewport };
    this.#from = viewport.world(event);
    this.#before = event.shiftKey ? new Set(selection.nodes) : new Set();
  }

  start() {
    this.#box = make("div.marquee");
  }

  move(event) {
    const rect = between(this.#from, this.#parts.viewport.world(event));
    const { graph, layers } = this.#parts;
    over(layers.overlay, this.#box, rect);
    const nodes = new Set([...this.#before].filter((id) => graph.node(id)));
    for (const { id, kind } of graph.visibleNodes()) if (selects(rect, graph.rect(id), kind)) nodes.add(id);
    this.#parts.selection.set({ nodes });
  }

  cancel() {
    const { graph, selection } = this.#parts;
    selection.set({ nodes: [...this.#before].filter((id) => graph.node(id)) });
  }

  release() {
    this.#box.remove();
  }
}

/** A group is selected only as a whole: a rectangle drawn inside it selects its members. */
const selects = (rect, node, kind) => (kind === "group" ? encloses : intersects)(rect, node);
