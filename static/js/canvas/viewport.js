/**
 * Pan and zoom: one transform on the world a frame, and nothing else that a node's style depends on: at a thousand nodes
 * that would be ten frames a second. What does depend on the zoom, how much of a node shows and how wide a port can be hit,
 * goes by steps, and follows when the zoom has come to rest. The canvas's own box is measured when it changes, never during a
 * gesture.
 *
 * Events: `change` (the view or the size of the canvas), `pointer` (where the pointer is; detail: {event}), `steered` (the
 * reader moved the view: with a command, the wheel, the minimap, a drag at the border, or by going somewhere).
 */

import { centre, centred, detail, encloses, fit, gridStep, scaleStep, toWorld, visibleRect, zoomAt } from "../lib/geometry.js";

const GLIDE_MS = 140;
const REST_MS = 120;
/** Of how many flows this device keeps the view. */
const MAX_KEPT = 100;
const KEPT = "helix.views";
const calm = matchMedia("(prefers-reduced-motion: reduce)");
export const narrow = matchMedia("(max-width: 719px)");

/** Whether the screen is as narrow as a phone's. */
export const isPhone = () => narrow.matches;

export class Viewport extends EventTarget {
  /** @type {import("../lib/geometry.js").View} */
  view = { x: 0, y: 0, zoom: 1 };
  size = { width: 1, height: 1 };
  /** Where the pointer is in the world, when it is over the canvas. @type {{x: number, y: number}|null} */
  pointer = null;
  #section;
  #world;
  #origin = { x: 0, y: 0 };
  #frame = 0;
  #glide = 0;
  /** @type {number|null} */
  #aim = null;
  #rest = 0;
  #overlay;
  /** The flow whose view is kept. @type {string|null} */
  #flow = null;

  /** @param {HTMLElement} section the canvas @param {HTMLElement} world @param {HTMLElement} overlay the layer of what keeps its size on screen */
  constructor(section, world, overlay) {
    super();
    this.#section = section;
    this.#world = world;
    this.#overlay = overlay;
    this.measure();
    new ResizeObserver(() => this.measure()).observe(section);
    addEventListener("scroll", () => this.measure(), { passive: true });
    section.addEventListener("pointermove", (event) => this.#point(this.world(event), event));
    section.addEventListener("pointerleave", (event) => this.#point(null, event));
  }

  get zoom() {
    return this.view.zoom;
  }

  /** The zoom at which a glide will end; without one, the zoom. */
  get aim() {
    return this.#aim ?? this.zoom;
  }

  get centre() {
    return toWorld(this.view, { x: this.size.width / 2, y: this.size.height / 2 });
  }

  /** What the canvas shows of the world. */
  visibleRect(margin = 0) {
    return visibleRect(this.view, this.size, margin);
  }

  /** From a pointer event to the canvas's own pixels. */
  local({ clientX, clientY }) {
    return { x: clientX - this.#origin.x, y: clientY - this.#origin.y };
  }

  world(event) {
    return toWorld(this.view, this.local(event));
  }

  set(view, { glide = false } = {}) {
    cancelAnimationFrame(this.#glide);
    const isGlide = glide && !calm.matches;
    this.#aim = isGlide ? view.zoom : null;
    if (isGlide) this.#slide({ ...this.view }, view, performance.now());
    else this.#show(view);
  }

  pan(dx, dy) {
    this.set({ ...this.view, x: this.view.x + dx, y: this.view.y + dy });
  }

  /** @param {number} zoom @param {{x: number, y: number}} [point] on the canvas; its middle when left out */
  zoomTo(zoom, point = { x: this.size.width / 2, y: this.size.height / 2 }, options) {
    this.set(zoomAt(this.view, point, zoom), options);
  }

  fit(bounds, options = {}) {
    const padding = Math.min(40, this.size.width / 16);
    if (bounds) this.set(fit(bounds, this.size, { padding, ...options }), { glide: true, ...options });
  }

  /** Pan just so far that `rect` is seen; centre it when it was wholly outside. */
  reveal(rect) {
    if (encloses(this.visibleRect(-24), rect)) return;
    this.set(centred(centre(rect), this.size, this.zoom), { glide: true });
    this.steered();
  }

  /** Keep from now on where a person looks in a flow, for the next visit. @param {string} flow */
  keep(flow) {
    this.#flow = flow;
  }

  /** Report that the reader moved the view. Following another person and room for a panel move it too, but the reader did not. */
  steered() {
    this.dispatchEvent(new Event("steered"));
  }

  #point(at, event) {
    this.pointer = at;
    this.dispatchEvent(new CustomEvent("pointer", { detail: { event } }));
  }

  #slide(from, to, start) {
    const step = (now) => {
      const t = Math.min(1, (now - start) / GLIDE_MS);
      const eased = 1 - (1 - t) ** 3;
      const mix = (key) => from[key] + (to[key] - from[key]) * eased;
      this.#show(t < 1 ? { x: mix("x"), y: mix("y"), zoom: mix("zoom") } : to);
      if (t < 1) this.#glide = requestAnimationFrame(step);
      else this.#aim = null;
    };
    this.#glide = requestAnimationFrame(step);
  }

  #show(view) {
    this.view = view;
    this.#frame ||= requestAnimationFrame(() => this.#write());
    this.dispatchEvent(new Event("change"));
  }

  #write() {
    this.#frame = 0;
    const { x, y, zoom } = this.view;
    const { style } = this.#world;
    if (!style.transform) this.#settle();
    style.transform = `translate(${x}px, ${y}px) scale(${zoom})`;
    this.#overlay.style.setProperty("--zoom", zoom);
    this.#drawGrid();
    clearTimeout(this.#rest);
    this.#rest = setTimeout(() => this.#settle(), REST_MS);
  }

  /** Dots far apart enough to be told from each other; from far away none. */
  #drawGrid() {
    const { x, y, zoom } = this.view;
    const [step, { style }] = [gridStep(zoom), this.#section];
    style.backgroundSize = `${step}px ${step}px`;
    style.backgroundPosition = `${x - step / 2}px ${y - step / 2}px`;
  }

  /** Draw everything sharp and in the detail that this zoom has room for. */
  #settle() {
    const { dataset } = this.#section;
    const found = { lod: detail(this.zoom), scale: String(scaleStep(this.zoom)) };
    for (const name of ["lod", "scale"]) if (dataset[name] !== found[name]) dataset[name] = found[name];
    if (this.#flow) keepView(this.#flow, { ...this.centre, zoom: this.zoom });
  }

  /** Measure the canvas: it has another size. */
  measure() {
    const { left, top, width, height } = this.#section.getBoundingClientRect();
    this.#origin = { x: left, y: top };
    this.size = { width, height };
    this.dispatchEvent(new Event("change"));
  }
}

/** The view in which this device last showed a flow: the middle of the canvas in the world, and the zoom. @returns {import("../lib/geometry.js").View|undefined} */
export function keptView(flow) {
  return keptViews().get(flow);
}

/** Those looked at last come last; the oldest make room. */
function keepView(flow, view) {
  const views = keptViews();
  views.delete(flow);
  views.set(flow, view);
  try {
    localStorage.setItem(KEPT, JSON.stringify([...views].slice(-MAX_KEPT)));
  } catch {
    /* Private windows may refuse: then the next visit shows the whole flow. */
  }
}

function keptViews() {
  try {
    return new Map(JSON.parse(localStorage.getItem(KEPT)) ?? []);
  } catch {
    return new Map();
  }
}
