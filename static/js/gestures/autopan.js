/**
 * Near the border of the canvas the view moves on as long as something is held there: the nearer, the faster.
 *
 * @typedef {import("../canvas/viewport.js").Viewport} Viewport
 */

import { clamp } from "../lib/geometry.js";

const BORDER = 40;

export class AutoPan {
  #viewport;
  #moved;
  #frame = 0;

  /** @param {Viewport} viewport @param {(event: PointerEvent) => void} moved the world moved on under the pointer */
  constructor(viewport, moved) {
    this.#viewport = viewport;
    this.#moved = moved;
  }

  /** Move on from now on as the pointer asks for. @param {PointerEvent} event where it is */
  at(event) {
    this.stop();
    this.#frame = requestAnimationFrame(() => this.#step(event));
  }

  stop() {
    cancelAnimationFrame(this.#frame);
  }

  #step(event) {
    const by = pull(this.#viewport, event);
    if (!by) return;
    this.#viewport.pan(by.x / 3, by.y / 3);
    this.#viewport.steered();
    this.at(event);
    this.#moved(event);
  }
}

/**
 * How far the pointer has come into the border, or past it.
 * @param {Viewport} viewport @param {PointerEvent} event @returns {{x: number, y: number}|null} in pixels; null away from the border
 */
export function pull(viewport, event) {
  const { x, y } = viewport.local(event);
  const { width, height } = viewport.size;
  const within = (at, length) => clamp(Math.max(0, BORDER - at) - Math.max(0, at - length + BORDER), -BORDER, BORDER);
  const by = { x: within(x, width), y: within(y, height) };
  return by.x || by.y ? by : null;
}
