/** Gestures that move the view and change nothing else: what they did stays when they are cancelled. */

/** Move the view with one pointer. */
export class Pan {
  name = "pan";

  constructor({ viewport }, event) {
    this.viewport = viewport;
    this.last = event;
  }

  move(event) {
    this.viewport.pan(event.clientX - this.last.clientX, event.clientY - this.last.clientY);
    this.last = event;
  }
}

/** Move and zoom the view with two fingers. */
export class Pinch {
  name = "pinch";

  /** @param {Map<number, PointerEvent>} fingers kept up to date by the caller */
  constructor({ viewport }, fingers) {
    this.viewport = viewport;
    this.fingers = fingers;
    this.last = this.#span();
  }

  move() {
    if (this.fingers.size < 2) return;
    const { viewport } = this;
    const now = this.#span();
    viewport.pan(now.x - this.last.x, now.y - this.last.y);
    viewport.zoomTo(viewport.zoom * (now.length / this.last.length), now);
    this.last = now;
  }

  #span() {
    const [a, b] = [...this.fingers.values()].map((finger) => this.viewport.local(finger));
    return { x: (a.x + b.x) / 2, y: (a.y + b.y) / 2, length: Math.max(1, Math.hypot(a.x - b.x, a.y - b.y)) };
  }
}
