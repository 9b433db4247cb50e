/**
 * The flow as one block for each node in its kind's colour, painted on a 2D canvas: large flows from far away, and the whole
 * flow in the corner.
 */

import { centre, centred, intersects, union } from "../lib/geometry.js";
import { make } from "../lib/make.js";

const PADDING = 8;
const PAINT_INTERVAL_MS = 120;

/** A large flow from far away, in place of its elements. */
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

/**
 * The whole flow in the corner; a drag in it moves the view. It is painted when the flow changed, a few times a second at
 * most; the frame of the view, which moves with every pan, has a canvas of its own.
 */
export class Minimap {
  #parts;
  #box;
  #nodes = make("canvas");
  #frame = make("canvas");
  #view = { x: 0, y: 0, zoom: 1 };
  #bounds = null;
  #size = { width: 0, height: 0 };
  #accent = "";
  #timer = 0;
  #request = 0;

  constructor({ graph, root, viewport }) {
    this.#parts = { graph, root, viewport };
    this.#box = root.querySelector("[data-minimap]");
    if (!this.#box) return;
    this.#box.replaceChildren(this.#nodes, this.#frame);
    for (const type of ["change", "move"]) graph.addEventListener(type, () => this.#changed());
    viewport.addEventListener("change", () => this.#moved());
    new ResizeObserver(([{ contentRect: { width, height } }]) => {
      this.#size = { width, height };
      this.#recolour();
      this.#changed();
    }).observe(this.#box);
    new MutationObserver(() => this.#recolour()).observe(document.documentElement, { attributeFilter: ["data-theme"] });
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => this.#recolour());
    this.#box.addEventListener("pointerdown", (event) => this.#press(event));
  }

  #changed() {
    this.#timer ||= setTimeout(() => {
      this.#timer = 0;
      this.#bounds = union(Array.from(this.#parts.graph.visibleNodes(), ({ id }) => this.#parts.graph.rect(id)));
      this.#paint();
    }, PAINT_INTERVAL_MS);
  }

  /** Asked with each paint, the colour would make the browser compute the style of everything that changed, between two frames. */
  #recolour() {
    this.#accent = getComputedStyle(this.#box).color;
    this.#moved();
  }

  #moved() {
    this.#request ||= requestAnimationFrame(() => this.#show());
  }

  #paint() {
    const { width, height } = this.#size;
    if (!width || !height) return;
    this.#view = this.#fitting();
    paintNodes(fresh(this.#nodes, width, height), this.#parts.graph, this.#view);
    this.#moved();
  }

  #show() {
    this.#request = 0;
    const { width, height } = this.#size;
    if (!width || !height) return;
    const view = this.#fitting();
    if (Math.abs(view.zoom - this.#view.zoom) > 1e-6 || view.x !== this.#view.x || view.y !== this.#view.y) this.#changed();
    const context = fresh(this.#frame, width, height);
    const { x, y, zoom } = this.#view;
    const visible = this.#parts.viewport.visibleRect();
    context.strokeStyle = this.#accent;
    context.lineWidth = 1.5;
    context.strokeRect(visible.x * zoom + x, visible.y * zoom + y, visible.width * zoom, visible.height * zoom);
  }

  /** The view that shows the flow and where I am in it. */
  #fitting() {
    const { width, height } = this.#size;
    const all = union([this.#bounds, this.#parts.viewport.visibleRect()].filter(Boolean));
    const zoom = Math.min((width - 2 * PADDING) / all.width, (height - 2 * PADDING) / all.height);
    return centred(centre(all), { width, height }, Math.max(zoom, 1e-6));
  }

  #press(event) {
    const go = ({ clientX, clientY }) => {
      const { left, top } = this.#box.getBoundingClientRect();
      const { x, y, zoom } = this.#view;
      const { viewport } = this.#parts;
      viewport.set(centred({ x: (clientX - left - x) / zoom, y: (clientY - top - y) / zoom }, viewport.size, viewport.zoom));
      viewport.steered();
    };
    event.preventDefault();
    go(event);
    // A press that was kept until this module came may be over.
    if (event.isTrusted) this.#box.setPointerCapture(event.pointerId);
    this.#box.onpointermove = go;
    this.#box.onpointerup = this.#box.onpointercancel = () => (this.#box.onpointermove = null);
  }
}

/** Size a 2D canvas for the screen's pixels, and clear it. */
function fresh(canvas, width, height) {
  const scale = devicePixelRatio || 1;
  const [w, h] = [Math.round(width * scale), Math.round(height * scale)];
  if (canvas.width !== w || canvas.height !== h) Object.assign(canvas, { width: w, height: h });
  const context = canvas.getContext("2d");
  context.setTransform(scale, 0, 0, scale, 0, 0);
  context.clearRect(0, 0, width, height);
  return context;
}

/** Paint a block for each node. @param {(rect: object) => boolean} [wanted] */
function paintNodes(context, graph, { x, y, zoom }, wanted = () => true) {
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
