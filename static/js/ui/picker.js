/**
 * Choose from a list by typing: a kind to add, by groups, or a node to connect with. It stands beside what it is about; on a
 * phone it is a sheet.
 *
 * @typedef {{at?: {x: number, y: number}, event?: MouseEvent, link?: (node: object) => object[], after?: {id: string, port: string},
 *   into?: string, fits?: (kind: {inputs: string[], outputs: string[]}) => boolean}} Place `after`: the output where the edge to
 *   the new node begins; `into`: the edge into which it goes; `fits`: which kinds can be added there
 */

import { isPhone } from "../canvas/viewport.js";
import { clamp } from "../lib/geometry.js";
import { make } from "../lib/make.js";

/** How far from a node it stands. */
const AWAY = 12;

export class Picker {
  #parts;
  #list = make("div", { role: "listbox", id: "picker-list", tabindex: "-1" });
  #search = make("input", { type: "text", role: "combobox", "aria-expanded": "true", "aria-controls": "picker-list", autocomplete: "off", spellcheck: "false" });
  #nothing = make("p.palette-nothing", { hidden: true });
  #dialog = make("dialog.picker", {}, this.#search, this.#list, this.#nothing);
  #choose = null;

  constructor({ additions, catalogue, editing, graph, root, selection, texts }) {
    this.#parts = { additions, catalogue, editing, graph, root, selection, texts };
    this.#nothing.textContent = texts.say("no_nodes_found");
    root.append(this.#dialog);
    this.#search.addEventListener("input", () => this.#filter());
    this.#dialog.addEventListener("keydown", (event) => this.#key(event));
    this.#dialog.addEventListener("click", ({ target }) => (target === this.#dialog ? this.#dialog.close() : this.#take(target.closest("[role=option]"))));
  }

  /** Ask which kind, then add it. @param {Place} place */
  add({ at, event, link, after, into, fits = into ? hasBoth : () => true } = {}) {
    const { additions, catalogue, texts } = this.#parts;
    const kinds = Object.entries(catalogue).filter(([, kind]) => fits(kind));
    const groups = new Map();
    for (const one of kinds) groups.set(one[1].group, [...(groups.get(one[1].group) ?? []), one]);
    const lists = Array.from(groups, ([title, some], index) => this.#group(title, index, some.map(([kind, { title: name }]) => this.#option(kind, kind, name))));
    const add = (kind) => (into ? additions.into(into, kind) : after ? additions.after(after, kind) : additions.add(kind, { at, link }));
    this.#open(lists, { event, beside: after?.id ?? (at ? null : this.#parts.selection.node) }, texts.say("add_node"), add);
  }

  /** Ask which kind to add after the selected node, or into the selected edge; without one, in the middle. */
  addAfter() {
    const { additions, graph, selection } = this.#parts;
    if (selection.edge) return this.add({ into: selection.edge, event: middleOf(graph.edges.get(selection.edge)?.element) });
    return this.add({ after: additions.outputOf(selection.node) ?? undefined });
  }

  /**
   * Ask which of these nodes, or of what belongs to them.
   * @param {{id: string, kind: string, label: string, hint?: string}[]} nodes `hint`: what stands beside the name in place of the kind @param {(id: string) => void} chosen
   */
  node(nodes, title, chosen) {
    const options = nodes.map(({ id, kind, label, hint }, index) => this.#option(id, kind, label, hint ?? this.#parts.catalogue[kind].title, index));
    this.#open(options, { beside: this.#parts.selection.node }, title, chosen);
  }

  /** @param {string|number} [key] for its id: what is chosen need not be one */
  #option(value, kind, name, hint = "", key = value) {
    return make("div", { role: "option", id: `pick-${key}`, "data-value": value, "data-pick-kind": kind }, make(`span.chip.chip-${kind}`), make("span", { dir: "auto" }, name), make("small", {}, hint));
  }

  #group(title, index, options) {
    return make("div.picker-group", { role: "group", "aria-labelledby": `picker-${index}` }, make("div.picker-heading", { id: `picker-${index}`, role: "presentation" }, title), ...options);
  }

  /** @param {Element[]} content options, or groups of them @param {{event?: MouseEvent, beside?: string|null}} place a point, or a node */
  #open(content, place, title, choose) {
    if (!this.#parts.editing.mayEdit || !content.length) return;
    this.#choose = choose;
    this.#list.replaceChildren(...content);
    this.#search.placeholder = title;
    for (const element of [this.#dialog, this.#search, this.#list]) element.setAttribute("aria-label", title);
    this.#search.value = "";
    // On a phone the keyboard would cover the list: it comes when the field is tapped.
    this.#list.autofocus = isPhone();
    this.#dialog.showModal();
    this.#position(place);
    this.#filter();
    if (!isPhone()) this.#search.focus();
  }

  /** Beside the pointer or the node, whole on the screen; in the middle when there is neither. */
  #position({ event, beside }) {
    const { style } = this.#dialog;
    const box = event ? { right: event.clientX, left: event.clientX, top: event.clientY - 20 } : this.#boxOf(beside);
    const isSheet = isPhone();
    style.margin = box || isSheet ? "0" : "auto";
    style.inset = isSheet ? "auto 0 0" : box ? "auto" : "0";
    if (!box || isSheet) return;
    // As it will stand: its entrance scales it.
    const { offsetWidth: width, offsetHeight: height } = this.#dialog;
    const right = box.right + AWAY;
    style.left = `${clamp(right + width > innerWidth - 8 && !event ? box.left - AWAY - width : right, 8, innerWidth - width - 8)}px`;
    style.top = `${clamp(box.top, 8, innerHeight - height - 8)}px`;
  }

  #boxOf(id) {
    const element = this.#parts.graph.node(id)?.element;
    return element?.isConnected ? element.getBoundingClientRect() : null;
  }

  #filter() {
    const text = this.#search.value.trim().toLocaleLowerCase();
    for (const option of this.#options) option.hidden = !option.textContent.toLocaleLowerCase().includes(text);
    for (const group of this.#list.querySelectorAll(".picker-group")) group.hidden = !group.querySelector("[role=option]:not([hidden])");
    this.#nothing.hidden = this.#shown.length > 0;
    this.#point(this.#shown[0]);
  }

  get #options() {
    return [...this.#list.querySelectorAll("[role=option]")];
  }

  get #shown() {
    return this.#options.filter((option) => !option.hidden);
  }

  #point(option) {
    for (const other of this.#options) other.setAttribute("aria-selected", String(other === option));
    this.#search.setAttribute("aria-activedescendant", option?.id ?? "");
    option?.scrollIntoView({ block: "nearest" });
  }

  #key(event) {
    event.stopPropagation();
    const shown = this.#shown;
    if (event.key === "Tab") event.preventDefault();
    if (!shown.length) return;
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
    this.#list.replaceChildren();
    this.#search.value = "";
    this.#choose(option.dataset.value);
  }
}

const hasBoth = ({ inputs, outputs }) => inputs.length > 0 && outputs.length > 0;

/** The middle of an edge on the page, as a pointer there would tell it. */
function middleOf(element) {
  const box = element?.querySelector(".edge-line")?.getBoundingClientRect();
  return box && { clientX: box.left + box.width / 2, clientY: box.top + box.height / 2 };
}
