/**
 * Pan and zoom: one transform on the world, and custom properties from which the sheet draws the grid and keeps chrome at
 * its size on screen. The canvas's own box is measured when it changes, never during a gesture.
 *
 * Events: `change` (the view or the size of the canvas), `pointer` (where the pointer is; detail: {event}), `steered` (a person
 * moved the view with a command or the minimap).
 */

import { centre, centred, detail, encloses, fit, toWorld, visibleRect, zoomAt } from "../lib/geometry.js";

const GLIDE_MS = 140;
const calm = matchMedia("(prefers-reduced-motion: reduce)");
const narrow = matchMedia("(max-width: 719px)");

/** Whether the screen is as narrow as a phone's. */
export const isPhone = () => narrow.matches;

// Were they inherited, every pan would make the browser compute the style of every node anew.
for (const name of ["--pan-x", "--pan-y"]) {
  try {
    CSS.registerProperty({ name, syntax: "<length>", inherits: false, initialValue: "0px" });
  } catch {
    /* Registered before, or not known here: then it is only slower. */
  }
}

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
  #zoom = NaN;

  /** @param {HTMLElement} section the canvas @param {HTMLElement} world */
  constructor(section, world) {
    super();
    this.#section = section;
    this.#world = world;
    this.#measure();
    new ResizeObserver(() => this.#measure()).observe(section);
    addEventListener("scroll", () => this.#measure(), { passive: true });
    section.addEventListener("pointermove", (event) => this.#point(this.world(event), event));
    section.addEventListener("pointerleave", (event) => this.#point(null, event));
  }

  get zoom() {
    return this.view.zoom;
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
    if (glide && !calm.matches) this.#slide({ ...this.view }, view, performance.now());
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
  }

  /** Report that a person moved the view by other means than the pointer on the canvas. */
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
    this.#world.style.transform = `translate(${x}px, ${y}px) scale(${zoom})`;
    const style = this.#section.style;
    if (zoom !== this.#zoom) style.setProperty("--zoom", zoom);
    this.#zoom = zoom;
    style.setProperty("--pan-x", `${x}px`);
    style.setProperty("--pan-y", `${y}px`);
    const lod = detail(zoom);
    if (this.#section.dataset.lod !== lod) this.#section.dataset.lod = lod;
  }

  #measure() {
    const { left, top, width, height } = this.#section.getBoundingClientRect();
    this.#origin = { x: left, y: top };
    this.size = { width, height };
    this.dispatchEvent(new Event("change"));
  }
}
