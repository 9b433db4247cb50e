/** The palette: a click adds beside the selection, a drag adds where it is dropped; typing narrows it down. */

import { emptyNode } from "../canvas/optimistic_rendering.js";
import { DropMark, Snapping, edgeAt } from "../gestures/drag.js";
import { pull } from "../gestures/autopan.js";
import { centre, round } from "../lib/geometry.js";

export class Palette {
  #panels;
  #panel;
  #search;

  constructor({ additions, canvas, catalogue, editing, gestures, graph, layers, overlay, panels, root, viewport }) {
    const panel = root.querySelector("[data-panel=palette]");
    this.#panels = panels;
    this.#panel = panel;
    this.#search = panel?.querySelector("[data-palette-search]");
    if (!panel) return;
    const add = (kind, { corner, into } = {}) => (into ? additions.into(into, kind, corner) : additions.add(kind, { corner }), this.#showAll());
    panel.addEventListener("click", ({ target }) => {
      const item = target.closest("[data-palette-kind]");
      if (item && !item.disabled) add(item.dataset.paletteKind);
    });
    panel.addEventListener("pointerdown", (event) => {
      const item = event.target.closest("[data-palette-kind]");
      if (item && editing.mayEdit && event.button === 0) gestures.begin(new Drop({ add, canvas, catalogue, graph, layers, overlay, root, viewport }, item), event);
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

/** Drag a kind to the canvas: the new node itself is shown under the pointer, and comes to lie as a node that is dragged does. */
class Drop {
  name = "drag";
  #parts;
  #kind;
  #ghost = null;
  #mark = new DropMark();
  #groupAt = () => null;
  /** @type {Snapping} */
  #snapping;
  /** Whether it has been on the canvas, away from the border across which it came. */
  #hasCome = false;

  constructor({ add, canvas, catalogue, graph, layers, overlay, root, viewport }, item) {
    this.#parts = { add, canvas, catalogue, graph, layers, overlay, root, viewport };
    this.#kind = item.dataset.paletteKind;
  }

  get autopans() {
    return this.#hasCome && !this.#ghost.hidden;
  }

  start() {
    const { width, height } = this.#parts.catalogue[this.#kind];
    this.#ghost = emptyNode(this.#kind);
    this.#ghost.toggleAttribute("data-dragging", true);
    Object.assign(this.#ghost.style, { width: `${width}px`, height: `${height}px` });
    this.#parts.layers.overlay.append(this.#ghost);
    this.#snapping = new Snapping(this.#parts);
    if (this.#kind !== "group") this.#groupAt = this.#parts.graph.groupFinder();
  }

  move(event) {
    const { graph, viewport } = this.#parts;
    const isOver = this.#isOver(event);
    this.#ghost.hidden = !isOver;
    this.#hasCome ||= isOver && !pull(viewport, event);
    if (!isOver) {
      this.#snapping.end();
      this.#mark.show();
      return;
    }
    const box = this.#settled(event);
    this.#ghost.style.transform = `translate(${box.x}px, ${box.y}px)`;
    this.#mark.show(this.#edgeUnder(event)?.element, graph.nodes.get(this.#groupAt(centre(box)))?.element);
  }

  end(event) {
    const into = this.#edgeUnder(event)?.id;
    const { x, y } = this.#settled(event);
    this.release();
    if (this.#isOver(event)) this.#parts.add(this.#kind, { corner: { x, y }, into });
  }

  release() {
    this.#ghost?.remove();
    this.#snapping?.end();
    this.#mark.show();
  }

  /** Where it would lie with its middle at the pointer. @returns {import("../lib/geometry.js").Rect} */
  #settled(event) {
    const { catalogue, viewport } = this.#parts;
    const { width, height } = catalogue[this.#kind];
    const at = viewport.world(event);
    const box = { x: round(at.x - width / 2), y: round(at.y - height / 2), width, height };
    const by = this.#snapping.settle(event, box);
    return { ...box, x: round(box.x + by.x), y: round(box.y + by.y) };
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
