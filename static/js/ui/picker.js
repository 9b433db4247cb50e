/**
 * Choose from a list by typing: a kind to add, or a node to connect with. Options borrow their look from the palette.
 *
 * @typedef {{at?: {x: number, y: number}, event?: MouseEvent, link?: (node: object) => object[]}} Place
 */

import { clamp } from "../lib/geometry.js";
import { make } from "../lib/make.js";

export class Picker {
  #parts;
  #list = make("div", { role: "listbox", id: "picker-list" });
  #search = make("input", { type: "text", role: "combobox", "aria-expanded": "true", "aria-controls": "picker-list", autocomplete: "off", spellcheck: "false" });
  #dialog = make("dialog.picker", {}, this.#search, this.#list);
  #choose = null;

  constructor({ additions, catalogue, editing, root, texts }) {
    this.#parts = { additions, catalogue, editing, root, texts };
    root.append(this.#dialog);
    this.#search.addEventListener("input", () => this.#filter());
    this.#dialog.addEventListener("keydown", (event) => this.#key(event));
    this.#dialog.addEventListener("click", ({ target }) => (target === this.#dialog ? this.#dialog.close() : this.#take(target.closest("[role=option]"))));
  }

  /** Ask which kind, then add it. @param {Place} place */
  add({ at, event, link } = {}) {
    const kinds = Object.keys(this.#parts.catalogue).map((kind) => this.#option(kind, kind, this.#parts.catalogue[kind].title));
    this.#open(kinds, event, this.#parts.texts.say("add_node"), (kind) => this.#parts.additions.add(kind, { at, link }));
  }

  /** Ask which of these nodes. @param {import("../canvas/graph.js").NodeRecord[]} nodes @param {(id: string) => void} chosen */
  node(nodes, title, chosen) {
    const options = nodes.map(({ id, kind, label }) => this.#option(id, kind, label, this.#parts.catalogue[kind].title));
    this.#open(options, null, title, chosen);
  }

  #option(value, kind, name, hint = "") {
    return make("div", { role: "option", id: `pick-${value}`, "data-value": value, "data-pick-kind": kind }, make(`span.chip.chip-${kind}`), make("span", { dir: "auto" }, name), make("small", {}, hint));
  }

  #open(options, event, title, choose) {
    if (!this.#parts.editing.mayEdit || !options.length) return;
    this.#choose = choose;
    this.#list.replaceChildren(...options);
    this.#search.placeholder = title;
    for (const element of [this.#dialog, this.#search, this.#list]) element.setAttribute("aria-label", title);
    this.#search.value = "";
    this.#dialog.showModal();
    this.#position(event);
    this.#filter();
    this.#search.focus();
  }

  /** Beside the pointer, whole on the screen; in the middle when there is none. */
  #position(event) {
    const { style } = this.#dialog;
    const isFree = !event || innerWidth < 720;
    style.margin = isFree ? "auto" : "0";
    style.inset = isFree ? "0" : "auto";
    if (isFree) return;
    const { width, height } = this.#dialog.getBoundingClientRect();
    style.left = `${clamp(event.clientX + 8, 8, innerWidth - width - 8)}px`;
    style.top = `${clamp(event.clientY - 20, 8, innerHeight - height - 8)}px`;
  }

  #filter() {
    const text = this.#search.value.trim().toLocaleLowerCase();
    for (const option of this.#list.children) option.hidden = !option.textContent.toLocaleLowerCase().includes(text);
    this.#point(this.#shown[0]);
  }

  get #shown() {
    return [...this.#list.children].filter((option) => !option.hidden);
  }

  #point(option) {
    for (const other of this.#list.children) other.setAttribute("aria-selected", String(other === option));
    this.#search.setAttribute("aria-activedescendant", option?.id ?? "");
    option?.scrollIntoView({ block: "nearest" });
  }

  #key(event) {
    event.stopPropagation();
    const shown = this.#shown;
    const at = shown.findIndex((option) => option.getAttribute("aria-selected") === "true");
    const step = { ArrowDown: 1, ArrowUp: shown.length - 1 }[event.key];
    if (step !== undefined) this.#point(shown[(at + step) % shown.length]);
    else if (event.key === "Enter") this.#take(shown[at]);
    else return;
    event.preventDefault();
  }

  #take(option) {
    if (!option) return;
    this.#dialog.close();
    this.#choose(option.dataset.value);
  }
}
