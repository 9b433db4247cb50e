/** The palette: a click adds beside the selection, a drag adds where it is dropped; typing narrows it down. */

import { emptyNode } from "../canvas/optimistic_rendering.js";
import { DropMark, edgeAt } from "../gestures/drag.js";
import { pull } from "../gestures/drift.js";
import { placed } from "../lib/geometry.js";

export class Palette {
  #panels;
  #panel;
  #search;

  constructor({ additions, canvas, catalogue, editing, gestures, graph, layers, panels, root, viewport }) {
    const panel = root.querySelector("[data-panel=palette]");
    this.#panels = panels;
    this.#panel = panel;
    this.#search = panel?.querySelector("[data-palette-search]");
    if (!panel) return;
    const add = (kind, { at, into } = {}) => (into ? additions.into(into, kind, at) : additions.add(kind, { at }), this.#showAll());
    panel.addEventListener("click", ({ target }) => {
      const item = target.closest("[data-palette-kind]");
      if (item && !item.disabled) add(item.dataset.paletteKind);
    });
    panel.addEventListener("pointerdown", (event) => {
      const item = event.target.closest("[data-palette-kind]");
      if (item && editing.mayEdit && event.button === 0) gestures.begin(new Drop({ add, canvas, catalogue, graph, layers, viewport }, item), event);
    });
    this.#search?.addEventListener("input", ({ target }) => narrow(panel, target.value));
    this.#search?.addEventListener("keydown", (event) => {
      const first = panel.querySelector("[data-palette-kind]:not([hidden])");
      if (event.key === "Enter" && first && event.target.value) first.click();
      else if (event.key === "Escape") canvas.focus();
    });
  }

  /** Go into its search field. @returns {boolean} whether there is one */
  search() {
    this.#panels.reveal("palette");
    this.#search?.focus();
    return Boolean(this.#search);
  }

  /** What was looked for has been found. */
  #showAll() {
    if (!this.#search?.value) return;
    this.#search.value = "";
    narrow(this.#panel, "");
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

/** Drag a kind to the canvas: the new node itself is shown under the pointer. */
class Drop {
  name = "drag";
  #parts;
  #kind;
  #ghost = null;
  #mark = new DropMark();
  #groupAt = () => null;
  /** Whether it has been on the canvas, away from the border across which it came. */
  #hasCome = false;

  constructor({ add, canvas, catalogue, graph, layers, viewport }, item) {
    this.#parts = { add, canvas, catalogue, graph, layers, viewport };
    this.#kind = item.dataset.paletteKind;
  }

  get drifts() {
    return this.#hasCome && !this.#ghost.hidden;
  }

  start() {
    const { width, height } = this.#parts.catalogue[this.#kind];
    this.#ghost = emptyNode(this.#kind);
    this.#ghost.toggleAttribute("data-dragging", true);
    Object.assign(this.#ghost.style, { width: `${width}px`, height: `${height}px` });
    this.#parts.layers.overlay.append(this.#ghost);
    if (this.#kind !== "group") this.#groupAt = this.#parts.graph.groupFinder();
  }

  move(event) {
    const { catalogue, graph, viewport } = this.#parts;
    const at = viewport.world(event);
    const { x, y } = placed(at, catalogue[this.#kind].width, catalogue[this.#kind].height);
    const isOver = this.#isOver(event);
    this.#ghost.style.transform = `translate(${x}px, ${y}px)`;
    this.#ghost.hidden = !isOver;
    this.#hasCome ||= isOver && !pull(viewport, event);
    this.#mark.show(...(isOver ? [this.#edgeUnder(event)?.element, graph.nodes.get(this.#groupAt(at))?.element] : []));
  }

  end(event) {
    const into = this.#edgeUnder(event)?.id;
    this.release();
    if (this.#isOver(event)) this.#parts.add(this.#kind, { at: this.#parts.viewport.world(event), into });
  }

  release() {
    this.#ghost?.remove();
    this.#mark.show();
  }

  /** The edge into which it would go. */
  #edgeUnder(event) {
    const { inputs, outputs } = this.#parts.catalogue[this.#kind];
    return inputs.length && outputs.length ? edgeAt(this.#parts.graph, event) : undefined;
  }

  #isOver({ clientX, clientY }) {
    return this.#parts.canvas.contains(document.elementFromPoint(clientX, clientY));
  }
}
