/** A large flow from far away: one block for each node in its kind's colour, painted on one 2D canvas. */

import { intersects } from "../lib/geometry.js";
import { make } from "../lib/make.js";

export class Overview {
  #canvas = make("canvas.overview", { hidden: true });
  #graph;
  #viewport;

  /** @param {HTMLElement} section the canvas */
  constructor(section, graph, viewport) {
    section.prepend(this.#canvas);
    this.#graph = graph;
    this.#viewport = viewport;
  }

  /** Paint it, or hide it. */
  show(isShown) {
    if (this.#canvas.hidden === isShown) this.#canvas.hidden = !isShown;
    if (isShown) this.#paint();
  }

  #paint() {
    const { width, height } = this.#viewport.size;
    const context = fresh(this.#canvas, width, height);
    const { x, y, zoom } = this.#viewport.view;
    const view = this.#viewport.visibleRect();
    paintNodes(context, this.#graph, { x, y, zoom }, (rect) => intersects(view, rect));
  }
}

/** Size a 2D canvas for the screen's pixels, and clear it. */
export function fresh(canvas, width, height) {
  const scale = devicePixelRatio || 1;
  const [w, h] = [Math.round(width * scale), Math.round(height * scale)];
  if (canvas.width !== w || canvas.height !== h) Object.assign(canvas, { width: w, height: h });
  const context = canvas.getContext("2d");
  context.setTransform(scale, 0, 0, scale, 0, 0);
  context.clearRect(0, 0, width, height);
  return context;
}

/** Paint a block for each node. @param {(rect: object) => boolean} [wanted] */
export function paintNodes(context, graph, { x, y, zoom }, wanted = () => true) {
  // By colour, because changing it costs more than a rectangle.
  const colours = new Map();
  for (const record of graph.visibleNodes()) {
    const rect = graph.rect(record.id);
    if (!wanted(rect)) continue;
    const key = `${["group", "note"].includes(record.kind) ? 0.22 : 0.78} ${record.colour}`;
    if (!colours.has(key)) colours.set(key, []);
    colours.get(key).push(rect);
  }
  for (const [key, rects] of [...colours].sort()) {
    [context.globalAlpha, context.fillStyle] = key.split(" ");
    for (const rect of rects) context.fillRect(rect.x * zoom + x, rect.y * zoom + y, Math.max(rect.width * zoom, 1.5), Math.max(rect.height * zoom, 1.5));
  }
  context.globalAlpha = 1;
}
