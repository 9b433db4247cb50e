/**
 * On a phone the inspector is a bottom sheet: it opens with a selection, has three heights, and the selected node stays visible
 * above it, with a small bar of its most frequent actions beside it.
 *
 * @typedef {Record<"canvas"|"editing"|"graph"|"panels"|"renderer"|"root"|"selection"|"viewport", object>} Parts of the editor that it uses
 */

import { isPhone, narrow } from "../canvas/viewport.js";
import { clamp } from "../lib/geometry.js";

const HEIGHTS = ["peek", "half", "full"];
const HEIGHT_SHARE = { half: 0.46, full: 0.92 };
const PEEK = 96;
const GAP = 12;
/** What the tools take above the sheet, and the actions above the node. */
const TOOLS = 72;
const ACTIONS = 60;

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
    this.#panel.addEventListener("focusin", ({ target }) => this.#show(target));
    new MutationObserver(() => this.#lift()).observe(this.#panel, { attributeFilter: ["data-open", "data-sheet"] });
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

  /** What floats over the canvas stays above it. Of the flow's own form there is nothing to peek at. */
  #lift() {
    const { root, selection } = this.#parts;
    if (isPhone() && selection.isEmpty && this.#panel.dataset.sheet === "peek" && this.#panel.hasAttribute("data-open")) this.#panel.dataset.sheet = "half";
    if (this.#panel.hasAttribute("data-open")) root.dataset.lifted = this.#panel.dataset.sheet;
    else delete root.dataset.lifted;
  }

  /** Raise it one step; from the top back down. */
  raise() {
    this.#set(HEIGHTS[(HEIGHTS.indexOf(this.#panel.dataset.sheet) + 1) % HEIGHTS.length]);
  }

  #set(height) {
    this.#panel.dataset.sheet = height;
    const { node } = this.#parts.selection;
    if (node) this.#keepInSight(node);
  }

  /** A field that has the focus is not below the screen. */
  #show(field) {
    if (isPhone() && this.#panel.dataset.sheet === "peek" && field.closest(".panel-body")) this.#set("half");
  }

  #follow() {
    if (!isPhone()) return;
    const { selection, panels } = this.#parts;
    const had = this.#panel.hasAttribute("data-open");
    panels.reveal("inspector", !selection.isEmpty);
    if (!had) this.#set("peek");
    if (selection.node) this.#keepInSight(selection.node);
  }

  /** Move the canvas so that a node is whole above the sheet and the tools, with its actions; what is too large, from its top left. */
  #keepInSight(id) {
    const { viewport, graph } = this.#parts;
    const { sheet } = this.#panel.dataset;
    if (sheet === "full" || !graph.node(id)) return;
    const { view, zoom, size } = viewport;
    const rect = graph.rect(id);
    const [left, top] = [rect.x * zoom + view.x, rect.y * zoom + view.y];
    const low = size.height - (sheet === "peek" ? PEEK : innerHeight * HEIGHT_SHARE[sheet]) - TOOLS;
    const by = {
      x: clamp(left, GAP, size.width - rect.width * zoom - GAP) - left,
      y: clamp(top, ACTIONS, low - rect.height * zoom) - top,
    };
    if (by.x || by.y) viewport.set({ ...view, x: view.x + by.x, y: view.y + by.y }, { glide: true });
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
