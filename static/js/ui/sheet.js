/**
 * On a phone the inspector is a bottom sheet: it opens with a selection, has three heights, and the selected node stays visible
 * above it, with a small bar of its most frequent actions beside it.
 *
 * @typedef {Record<"canvas"|"editing"|"graph"|"panels"|"renderer"|"root"|"selection"|"viewport", object>} Parts of the editor that it uses
 */

import { isPhone, narrow } from "../canvas/viewport.js";
import { clamp } from "../lib/geometry.js";

const HEIGHTS = ["peek", "half", "full"];
const HEIGHT_SHARE = { peek: 0.12, half: 0.46, full: 0.92 };
const GAP = 12;

export class Sheet {
  #parts;
  #panel;
  #actions;
  #over = new AbortController();

  /** @param {Parts} parts */
  constructor(parts) {
    this.#parts = parts;
    const { root, selection } = parts;
    this.#panel = root.querySelector("[data-panel=inspector]");
    this.#actions = root.querySelector("[data-node-actions]");
    this.#panel.querySelector("[data-sheet-handle]")?.addEventListener("pointerdown", (event) => this.#grab(event));
    selection.addEventListener("change", () => this.#follow());
    narrow.addEventListener("change", () => this.#listen());
    this.#listen();
  }

  /** On a wide screen nothing of it is shown, and nothing concerns it. */
  #listen() {
    this.#over.abort();
    this.#over = new AbortController();
    const { signal } = this.#over;
    const { renderer, selection, viewport } = this.#parts;
    for (const [source, type] of isPhone() ? [[renderer, "drawn"], [renderer, "moved"], [viewport, "change"], [selection, "change"]] : []) {
      source.addEventListener(type, () => this.#place(), { signal });
    }
    this.#place();
  }

  /** Raise it one step; from the top back down. */
  raise() {
    this.#set(HEIGHTS[(HEIGHTS.indexOf(this.#panel.dataset.sheet) + 1) % HEIGHTS.length]);
  }

  #set(height) {
    this.#panel.dataset.sheet = height;
  }

  #follow() {
    if (!isPhone()) return;
    const { selection, panels } = this.#parts;
    const had = this.#panel.hasAttribute("data-open");
    panels.reveal("inspector", !selection.isEmpty);
    if (!had) this.#set("peek");
    if (selection.node) this.#keepInSight(selection.node);
  }

  #keepInSight(id) {
    const { viewport, graph } = this.#parts;
    const rect = graph.rect(id);
    const low = (rect.y + rect.height) * viewport.zoom + viewport.view.y;
    const room = viewport.size.height - innerHeight * HEIGHT_SHARE[this.#panel.dataset.sheet] - 24;
    if (low > room) viewport.set({ ...viewport.view, y: viewport.view.y - (low - room) }, { glide: true });
  }

  /** Swipe the handle up or down a step; a tap raises. */
  #grab({ clientY: from, pointerId, isTrusted }) {
    const handle = this.#panel.querySelector("[data-sheet-handle]");
    if (isTrusted) handle.setPointerCapture(pointerId);
    handle.onpointerup = ({ clientY }) => {
      const by = clientY - from;
      const at = HEIGHTS.indexOf(this.#panel.dataset.sheet);
      if (Math.abs(by) < 8) this.raise();
      else if (by > 0 && at === 0) this.#parts.selection.clear();
      else this.#set(HEIGHTS[clamp(at + (by > 0 ? -1 : 1), 0, HEIGHTS.length - 1)]);
    };
  }

  #place() {
    const { selection, graph, viewport, canvas, root, editing: { mayEdit } } = this.#parts;
    const node = isPhone() && mayEdit && !root.dataset.gesture ? graph.node(selection.node) : null;
    if (!this.#actions || (!node && this.#actions.hidden)) return;
    this.#actions.hidden = !node;
    if (!node) return;
    const { x, y, zoom } = viewport.view;
    const rect = graph.rect(node.id);
    const [width, height] = [this.#actions.offsetWidth, this.#actions.offsetHeight];
    const left = clamp((rect.x + rect.width / 2) * zoom + x - width / 2, 8, viewport.size.width - width - 8);
    const above = rect.y * zoom + y - height - GAP;
    const top = above > 8 ? above : (rect.y + rect.height) * zoom + y + GAP;
    Object.assign(this.#actions.style, { top: "0", left: "0" });
    this.#actions.style.transform = `translate(${left}px, ${top + canvas.offsetTop}px)`;
  }
}
