/** Resize a node by a corner or side; never below its kind's smallest size. Members of a group stay where they are. */

import { round, snap } from "../lib/geometry.js";

export class Resize {
  name = "resize";
  #editor;
  #id;
  #handle;
  #from;
  #was;

  /** @param {string} handle of nw n ne e se s sw w */
  constructor(editor, event, handle) {
    this.#editor = editor;
    this.#id = editor.selection.node;
    this.#handle = handle;
    this.#from = editor.viewport.world(event);
    this.#was = { ...editor.graph.rect(this.#id) };
  }

  start() {
    this.#editor.patcher.hold([this.#id]);
  }

  move(event) {
    const at = this.#editor.viewport.world(event);
    const grid = event.ctrlKey || event.metaKey ? round : snap;
    const rect = this.#stretched(at.x - this.#from.x, at.y - this.#from.y, grid);
    this.#editor.graph.hold([this.#id], () => rect);
  }

  end() {
    const { x, y, width, height } = this.#editor.graph.rect(this.#id);
    const was = this.#was;
    if (width !== was.width || height !== was.height) {
      const moved = x !== was.x || y !== was.y ? { x, y } : {};
      this.#editor.submit([{ kind: "resize_node", id: this.#id, width, height, ...moved }]);
    }
    this.cancel();
  }

  cancel() {
    this.#editor.graph.hold([this.#id], () => null);
    this.#editor.patcher.release([this.#id]);
  }

  #stretched(dx, dy, grid) {
    const { width: least, height: low } = this.#editor.catalogue[this.#editor.graph.nodes.get(this.#id).kind];
    const { x, y, width, height } = this.#was;
    const rect = { x, y, width, height };
    const has = (side) => this.#handle.includes(side);
    if (has("e")) rect.width = Math.max(least, grid(x + width + dx) - x);
    if (has("s")) rect.height = Math.max(low, grid(y + height + dy) - y);
    if (has("w")) {
      rect.x = Math.min(grid(x + dx), x + width - least);
      rect.width = round(x + width - rect.x);
    }
    if (has("n")) {
      rect.y = Math.min(grid(y + dy), y + height - low);
      rect.height = round(y + height - rect.y);
    }
    return rect;
  }
}
