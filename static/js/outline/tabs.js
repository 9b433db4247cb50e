/**
 * The tabs of the left panel: kinds of nodes to add, and the outline of the flow. Loaded when one is first chosen.
 *
 * @typedef {Record<"canvas"|"catalogue"|"commands"|"contextMenu"|"editing"|"focus"|"graph"|"limits"|"notices"|"outlineRows"|"panels"|"patcher"|"picker"|"root"
 *   |"selection"|"session"|"texts"|"viewport", object>} Parts of the editor that it uses, or the outline
 */

import { Outline } from "./outline.js";

export class Tabs {
  #parts;
  #panel;
  #outline;

  /** @param {Parts} parts */
  constructor(parts) {
    this.#parts = parts;
    this.#panel = parts.root.querySelector("[data-panel=palette]");
  }

  /** Show what is behind a tab. @param {"nodes"|"outline"} name @param {{goes?: boolean}} [how] whether the focus goes into it */
  show(name, { goes = false } = {}) {
    for (const tab of this.#panel.querySelectorAll("[data-panel-tab]")) {
      const isChosen = tab.dataset.panelTab === name;
      tab.setAttribute("aria-selected", String(isChosen));
      tab.tabIndex = isChosen ? 0 : -1;
      document.getElementById(tab.getAttribute("aria-controls")).hidden = !isChosen;
      if (isChosen && !goes) tab.focus({ preventScroll: true });
    }
    this.#panel.dataset.tab = name;
    if (goes) this.#parts.panels.reveal("palette");
    if (name !== "outline") return;
    this.#outline ??= new Outline(this.#parts, this.#panel.querySelector("[data-outline-pane]"));
    this.#outline.open({ goes });
  }
}
