/** Moving the view by hand: one pointer pans, two fingers pan and zoom. */

export class Pan {
  name = "pan";

  constructor(editor, event) {
    this.editor = editor;
    this.last = event;
  }

  move(event) {
    this.editor.viewport.pan(event.clientX - this.last.clientX, event.clientY - this.last.clientY);
    this.editor.moved();
    this.last = event;
  }

  end() {}

  cancel() {}
}

export class Pinch {
  name = "pinch";

  /** @param {Map<number, PointerEvent>} fingers kept up to date by the caller */
  constructor(editor, fingers) {
    this.editor = editor;
    this.fingers = fingers;
    this.last = this.#span();
  }

  move() {
    if (this.fingers.size < 2) return;
    const { viewport } = this.editor;
    const now = this.#span();
    viewport.pan(now.x - this.last.x, now.y - this.last.y);
    viewport.zoomTo(viewport.zoom * (now.length / this.last.length), now);
    this.editor.moved();
    this.last = now;
  }

  end() {}

  cancel() {}

  #span() {
    const [a, b] = [...this.fingers.values()].map((finger) => this.editor.viewport.local(finger));
    return { x: (a.x + b.x) / 2, y: (a.y + b.y) / 2, length: Math.max(1, Math.hypot(a.x - b.x, a.y - b.y)) };
  }
}
