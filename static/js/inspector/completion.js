/**
 * Values to choose from while an expression is typed, `[data-completions]`: a list under the field. Arrow keys go through it, Enter
 * and Tab take one, Shift+Tab leaves the field, Escape closes it. A button beside the label opens it with all there is.
 *
 * @typedef {Record<"catalogue"|"graph"|"notices"|"session", object>} Parts of the editor that it uses
 */

import { contentOfNode } from "../lib/content.js";
import { fieldsOf } from "../lib/rows.js";
import { make } from "../lib/make.js";
import { FILTERS, fitting, keyOf, outputOf, placeAt, upstreamOf, withChoice } from "../lib/suggest.js";
import { titleOf, tool, tools } from "./field_tools.js";
import { languageOf } from "./field_language.js";

const MOST = 60;
const ID = "completions";

export class Completion {
  #parts;
  #panel;
  #words;
  #took;
  #list = make("ul.completions", { id: ID, role: "listbox", popover: "manual", "data-completions": true });
  /** @type {HTMLInputElement|HTMLTextAreaElement|null} */
  #field = null;
  #place = null;
  #at = 0;

  /** @param {{took: (field: HTMLElement) => void}} tell a value was put into a field */
  constructor(parts, panel, words, { took }) {
    this.#parts = parts;
    this.#panel = panel;
    this.#words = words;
    this.#took = took;
    this.#list.setAttribute("aria-label", words.say("completions"));
    panel.addEventListener("input", ({ target, isComposing }) => !isComposing && languageOf(target) && this.#show(target));
    panel.addEventListener("keydown", (event) => this.#key(event), true);
    panel.addEventListener("focusout", ({ relatedTarget }) => !this.#list.contains(relatedTarget) && this.#close());
    panel.addEventListener("scroll", () => this.#close(), true);
    this.#list.addEventListener("pointerdown", (event) => event.preventDefault());
    this.#list.addEventListener("click", ({ target }) => this.#take(target.closest("[role=option]")));
  }

  /** Offer the button at a field of expressions. */
  offer(place, field) {
    if (!field.dataset.language || field.dataset.type === "json" || !languageOf(field)) return;
    const button = tool("text-cursor-input", this.#words.say("insert", { what: titleOf(place) }), () => this.#ask(field));
    button.dataset.insert = "";
    button.addEventListener("pointerdown", (event) => event.preventDefault());
    tools(place).append(button);
  }

  #ask(field) {
    if (field.readOnly) return;
    if (this.#field) return void this.#close();
    field.focus();
    this.#show(field, true);
  }

  #show(field, isAsked = false) {
    const isTemplate = languageOf(field) === "template";
    const place = field.readOnly ? null : placeAt(field.value, field.selectionStart ?? field.value.length, { isTemplate, isAsked });
    const values = place ? fitting(place.kind === "filter" ? FILTERS.map((text) => ({ text, about: "filter" })) : this.#values(), place).slice(0, MOST) : [];
    if (!values.length || (values.length === 1 && values[0].text === place.typed)) return void this.#close();
    this.#place = place;
    this.#at = 0;
    this.#list.replaceChildren(...values.map((value, index) => this.#option(value, index)));
    if (this.#field !== field) this.#open(field);
    this.#position();
    this.#mark();
    this.#parts.notices.announce(this.#words.say("completed", { count: values.length }));
  }

  #option({ text, about, values }, index) {
    const said = this.#words.say(about, values);
    return make("li", { role: "option", id: `${ID}-${index}`, "data-value": text }, make("span.completion-text", { dir: "ltr" }, text), make("small", { dir: "auto" }, said));
  }

  #open(field) {
    this.#close();
    this.#field = field;
    // All beside an open dialog is inert.
    (field.closest("dialog") ?? field.closest("[data-field]")).append(this.#list);
    this.#list.showPopover?.();
    for (const [name, value] of Object.entries({ role: "combobox", "aria-expanded": "true", "aria-controls": ID, "aria-autocomplete": "list" })) field.setAttribute(name, value);
  }

  #close() {
    if (!this.#field) return;
    for (const name of ["role", "aria-expanded", "aria-controls", "aria-autocomplete", "aria-activedescendant"]) this.#field.removeAttribute(name);
    this.#field = null;
    this.#list.remove();
  }

  /** Under the field, or above it where there is more room. */
  #position() {
    const { left, top, bottom, width } = this.#field.getBoundingClientRect();
    const height = this.#list.offsetHeight;
    const isAbove = bottom + height + 8 > innerHeight && top > innerHeight - bottom;
    Object.assign(this.#list.style, { left: `${left}px`, width: `${Math.max(width, 220)}px`, top: `${isAbove ? Math.max(4, top - height - 4) : bottom + 4}px` });
  }

  #mark() {
    [...this.#list.children].forEach((option, index) => option.setAttribute("aria-selected", String(index === this.#at)));
    const option = this.#list.children[this.#at];
    option?.scrollIntoView({ block: "nearest" });
    this.#field.setAttribute("aria-activedescendant", option?.id ?? "");
  }

  #key(event) {
    const { key, ctrlKey, target, isComposing } = event;
    if (isComposing) return;
    if (ctrlKey && key === " " && languageOf(target)) {
      event.preventDefault();
      return void this.#show(target, true);
    }
    if (!this.#field || target !== this.#field) return;
    const step = { ArrowDown: 1, ArrowUp: -1 }[key];
    const count = this.#list.children.length;
    if (step && !event.altKey) this.#at = (this.#at + step + count) % count;
    else if (key === "Enter" || (key === "Tab" && !event.shiftKey)) this.#take(this.#list.children[this.#at]);
    else if (key === "Escape") this.#close();
    else return;
    event.preventDefault();
    event.stopPropagation();
    if (step && this.#field) this.#mark();
  }

  #take(option) {
    const field = this.#field;
    if (!option || !field) return;
    const { text, caret } = withChoice(field.value, this.#place, option.dataset.value, languageOf(field) === "template");
    this.#close();
    field.focus();
    field.value = text;
    field.setSelectionRange(caret, caret);
    field.dispatchEvent(new Event("input", { bubbles: true }));
    this.#close();
    this.#took(field);
  }

  /** What an expression of the selected node can use, the nearest first. */
  #values() {
    const { graph } = this.#parts;
    const { node: id } = this.#panel.querySelector("[data-inspector-form]")?.dataset ?? {};
    if (!id) return general();
    const incoming = (one) => graph.edgesOf(one).filter(({ target }) => target === one);
    const { ids, isInLoop } = upstreamOf(id, incoming, (one) => graph.node(one)?.kind);
    const nodes = ids.map((one) => graph.node(one)).filter(Boolean);
    const outputs = nodes.map(({ id: one, label, kind }) => ({ text: outputOf(one), about: "output_of", values: { label: label || this.#parts.catalogue[kind].title } }));
    const [prev, ...rest] = general();
    return [prev, ...this.#inputs(), ...(isInLoop ? [{ text: "item", about: "of_item" }, { text: "index", about: "of_index" }] : []), ...outputs, ...rest];
  }

  /** The fields of the flow's forms. */
  #inputs() {
    const { catalogue, graph, session } = this.#parts;
    const found = [];
    for (const node of graph.nodes.values()) {
      if (node.kind !== "input" || node.gone) continue;
      const { settings } = contentOfNode(node, catalogue, session.outbox.operations());
      if ((settings.type ?? "form") !== "form") found.push({ text: `input${keyOf(node.id)}`, about: "output_of", values: { label: node.label } });
      else for (const { name } of fieldsOf(settings.fields ?? null) ?? []) if (name) found.push({ text: `input${keyOf(name)}`, about: "field_of", values: { label: node.label } });
    }
    return found;
  }
}

const general = () => [
  { text: "prev", about: "of_prev" },
  { text: "input", about: "of_input" },
  { text: "run.id", about: "of_run" },
];
