/** The palette: a click adds beside the selection, a drag adds where it is dropped; typing narrows it down. */

import { placed } from "../lib/geometry.js";

export class Palette {
  constructor(editor) {
    const panel = editor.root.querySelector("[data-panel=palette]");
    if (!panel) return;
    panel.addEventListener("click", ({ target }) => {
      const item = target.closest("[data-palette-kind]");
      if (item && !item.disabled) editor.additions.add(item.dataset.paletteKind);
    });
    panel.addEventListener("pointerdown", (event) => {
      const item = event.target.closest("[data-palette-kind]");
      if (item && editor.mayEdit && event.button === 0) editor.gestures.begin(new Drop(editor, item), event);
    });
    panel.querySelector("[data-palette-search]")?.addEventListener("input", ({ target }) => narrow(panel, target.value));
    panel.querySelector("[data-palette-search]")?.addEventListener("keydown", (event) => {
      const first = panel.querySelector("[data-palette-kind]:not([hidden])");
      if (event.key === "Enter" && first && event.target.value) first.click();
      else if (event.key === "Escape") editor.canvas.focus();
    });
  }
}

function narrow(panel, value) {
  const text = value.trim().toLocaleLowerCase();
  let found = 0;
  for (const group of panel.querySelectorAll("[data-palette-group]")) {
    const items = [...group.querySelectorAll("[data-palette-kind]")];
    for (const item of items) {
      item.hidden = !item.textContent.toLocaleLowerCase().includes(text);
      item.parentElement.hidden = item.hidden;
    }
    group.hidden = items.every((item) => item.hidden);
    found += group.hidden ? 0 : 1;
  }
  const nothing = panel.querySelector("[data-palette-nothing]");
  if (nothing) nothing.hidden = found > 0;
}

/** A kind on its way to the canvas: the fresh node itself, under the pointer. */
class Drop {
  name = "drag";
  #editor;
  #item;
  #ghost = null;

  constructor(editor, item) {
    this.#editor = editor;
    this.#item = item;
  }

  start() {
    const { width, height } = this.#editor.catalogue[this.#item.dataset.paletteKind];
    this.#ghost = this.#editor.additions.blank(this.#item.dataset.paletteKind);
    this.#ghost.toggleAttribute("data-dragging", true);
    Object.assign(this.#ghost.style, { width: `${width}px`, height: `${height}px` });
    this.#editor.layers.overlay.append(this.#ghost);
  }

  move(event) {
    const { x, y } = this.#at(event);
    this.#ghost.style.transform = `translate(${x}px, ${y}px)`;
    this.#ghost.hidden = !this.#isOver(event);
  }

  end(event) {
    this.cancel();
    swallowClick();
    if (this.#isOver(event)) this.#editor.additions.add(this.#item.dataset.paletteKind, { at: this.#editor.viewport.world(event), isCentre: true });
  }

  cancel() {
    this.#ghost?.remove();
  }

  #at(event) {
    const at = this.#editor.viewport.world(event);
    const { width, height } = this.#editor.catalogue[this.#item.dataset.paletteKind];
    return placed(at, width, height);
  }

  #isOver({ clientX, clientY }) {
    return this.#editor.canvas.contains(document.elementFromPoint(clientX, clientY));
  }
}

/** The click that a browser sends after a drag is no click. */
function swallowClick() {
  const swallow = (event) => event.stopPropagation();
  addEventListener("click", swallow, { capture: true, once: true });
  setTimeout(() => removeEventListener("click", swallow, { capture: true }));
}
