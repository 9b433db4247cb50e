/** Resize a node by a corner or side, on the grid (not with Ctrl); never below its kind's smallest size. Members of a group stay where they are. */

import { resizeNode } from "../lib/operations.js";
import { round, snap } from "../lib/geometry.js";
import { isOffGrid } from "./drag.js";

export class Resize {
  name = "resize";
  autopans = true;
  #parts;
  #id;
  #handle;
  #from;
  #was;

  /** @param {string} handle of nw n ne e se s sw w */
  constructor({ catalogue, editing, graph, patcher, root, selection, viewport }, event, handle) {
    this.#parts = { catalogue, editing, graph, patcher, root, selection, viewport };
    this.#id = selection.node;
    this.#handle = handle;
    this.#from = viewport.world(event);
    this.#was = { ...graph.rect(this.#id) };
  }

  get isAlive() {
    return this.#parts.graph.node(this.#id) !== undefined;
  }

  start() {
    this.#parts.patcher.deferPatches([this.#id]);
  }

  move(event) {
    const at = this.#parts.viewport.world(event);
    const grid = isOffGrid(event, this.#parts.root) ? round : snap;
    const rect = this.#stretched(at.x - this.#from.x, at.y - this.#from.y, grid);
    this.#parts.graph.previewRects([this.#id], () => rect);
  }

  end() {
    const { x, y, width, height } = this.#parts.graph.rect(this.#id);
    const was = this.#was;
    if (width !== was.width || height !== was.height) {
      const moved = x !== was.x || y !== was.y ? { x, y } : {};
      this.#parts.editing.submit([resizeNode(this.#id, { width, height, ...moved })]);
    }
  }

  release() {
    this.#parts.graph.previewRects([this.#id], () => null);
    this.#parts.patcher.applyDeferred([this.#id]);
  }

  #stretched(dx, dy, grid) {
    const { width: least, height: low } = this.#parts.catalogue[this.#parts.graph.nodes.get(this.#id).kind];
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
