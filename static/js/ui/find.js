/**
 * Find in this flow: labels, descriptions and settings of nodes, and labels of edges; also of what lies inside collapsed groups or
 * was never drawn. It stays open beside the canvas, goes from one to the next, and selects all. Loaded when it is first opened.
 *
 * `[data-find]` with a searchbox that controls a list of options. What is found follows every change of the flow.
 *
 * @typedef {Record<"canvas"|"catalogue"|"focus"|"graph"|"renderer"|"root"|"selection"|"session"|"texts"|"viewport", object>} Parts of the editor that it uses
 * @typedef {{what: "nodes"|"edges", id: string, kind?: string, title: string, fields: [string, string, string][]}} Entry `fields`: name, text and text as it is compared
 */

import { contentOfEdge, contentOfNode, editsById } from "../lib/content.js";
import { readingOrder } from "../lib/geometry.js";
import { icon, make } from "../lib/make.js";
import { around, folded } from "../lib/search.js";
import { goTo } from "./jump.js";

const MAX_LISTED = 100;
const JUMP_MS = 120;
const REFRESH_MS = 200;

export class Find {
  #parts;
  #search = make("input", { type: "search", role: "combobox", "aria-expanded": "true", "aria-controls": "find-list", "aria-autocomplete": "list", autocomplete: "off", spellcheck: "false" });
  #count = make("span.find-count", { role: "status" });
  #list = make("div.find-list", { role: "listbox", id: "find-list", tabindex: "-1", hidden: true });
  #buttons = {};
  #panel;
  /** @type {Map<string, Entry>} what has been read of the flow, by element */
  #entries = new Map();
  /** @type {Entry[]} */
  #found = [];
  #at = 0;
  #timer = 0;
  #refresh = 0;
  #stale = ({ detail }) => this.#forget(detail);

  /** @param {Parts} parts */
  constructor(parts) {
    this.#parts = parts;
    const { root, texts } = parts;
    const button = (name, sign, run) => {
      const label = texts.say(name);
      this.#buttons[name] = make("button.icon-button.small", { type: "button", "aria-label": label, title: label }, icon(sign));
      this.#buttons[name].addEventListener("click", run);
      return this.#buttons[name];
    };
    const buttons = [button("find_previous", "chevron-up", () => this.#step(-1)), button("find_next", "chevron-down", () => this.#step(1)), button("find_all", "scan", () => this.#all()), button("close", "x", () => this.close())];
    const title = texts.say("find_title");
    for (const element of [this.#search, this.#list]) element.setAttribute("aria-label", title);
    this.#search.placeholder = title;
    this.#panel = make("section.find", { "data-find": true, role: "search", "aria-label": title, hidden: true }, make("div.find-row", {}, icon("search"), this.#search, this.#count, ...buttons), this.#list);
    this.#search.addEventListener("input", () => this.#look());
    this.#panel.addEventListener("keydown", (event) => this.#key(event));
    this.#list.addEventListener("click", ({ target }) => this.#choose(target.closest("[role=option]")));
    root.append(this.#panel);
  }

  /** Open it, or go into its field again. */
  open() {
    const { graph, session } = this.#parts;
    if (this.#panel.hidden) {
      this.#panel.hidden = false;
      this.#entries.clear();
      graph.addEventListener("change", this.#stale);
      session.addEventListener("content", this.#stale);
      this.#look({ jumps: false });
    }
    this.#search.focus();
    this.#search.select();
  }

  close() {
    const { canvas, focus, graph, selection, session } = this.#parts;
    const hadFocus = this.#panel.contains(document.activeElement);
    for (const timer of [this.#timer, this.#refresh]) clearTimeout(timer);
    this.#refresh = 0;
    this.#panel.hidden = true;
    graph.removeEventListener("change", this.#stale);
    session.removeEventListener("content", this.#stale);
    if (!hadFocus) return;
    if (selection.node) focus.node(selection.node);
    else canvas.focus({ preventScroll: true });
  }

  /** Something changed: read it again. Unsent edits of mine say no ids. @param {{nodes?: Set<string>, edges?: Set<string>}|null} changed */
  #forget(changed) {
    const { session } = this.#parts;
    for (const id of changed?.nodes ?? []) this.#entries.delete(`n ${id}`);
    for (const id of changed?.edges ?? []) this.#entries.delete(`e ${id}`);
    for (const id of editsById(session.outbox.operations()).keys()) for (const what of ["n", "e"]) this.#entries.delete(`${what} ${id}`);
    this.#refresh ||= setTimeout(() => ((this.#refresh = 0), this.#look({ jumps: false })), REFRESH_MS);
  }

  /** Look for what is typed; typing goes to the first that is found. */
  #look({ jumps = true } = {}) {
    const before = this.#found[this.#at];
    const words = folded(this.#search.value).trim();
    this.#found = words ? this.#everything().filter(({ fields }) => fields.some(([, , text]) => text.includes(words))) : [];
    const again = before && this.#found.findIndex(({ what, id }) => what === before.what && id === before.id);
    this.#at = Math.max(0, jumps ? 0 : (again ?? 0));
    this.#show();
    clearTimeout(this.#timer);
    if (jumps && this.#found.length) this.#timer = setTimeout(() => this.#go(), JUMP_MS);
  }

  /** Nodes in reading order, then edges. @returns {Entry[]} */
  #everything() {
    const { graph, session } = this.#parts;
    const edits = editsById(session.outbox.operations());
    const nodes = readingOrder([...graph.nodes.values()].filter(({ gone }) => !gone)).map((node) => this.#entry(`n ${node.id}`, () => this.#ofNode(node, edits.get(node.id))));
    const edges = [...graph.edges.values()].filter(({ gone, element }) => !gone && (element.dataset.label || edits.size)).map((edge) => this.#entry(`e ${edge.id}`, () => this.#ofEdge(edge, edits.get(edge.id))));
    return [...nodes, ...edges];
  }

  #entry(key, read) {
    if (!this.#entries.has(key)) this.#entries.set(key, read());
    return this.#entries.get(key);
  }

  #ofNode(node, edits = []) {
    const { catalogue, texts } = this.#parts;
    const { label, description, settings } = contentOfNode(node, catalogue, edits);
    const kind = catalogue[node.kind];
    const fields = [[texts.say("property_label"), label], [texts.say("property_description"), description], ...Object.entries(settings).map(([name, value]) => [kind.settings?.[name] ?? name, written(value)])];
    return { what: "nodes", id: node.id, kind: node.kind, title: label || kind.title, fields: compared(fields) };
  }

  #ofEdge(edge, edits = []) {
    const { graph, texts } = this.#parts;
    const { label } = contentOfEdge(edge, edits);
    const ends = [edge.source, edge.target].map((id) => graph.nodes.get(id)?.label ?? "").join(" → ");
    return { what: "edges", id: edge.id, title: ends, fields: compared([[texts.say("property_label"), label]]) };
  }

  #show() {
    const { texts } = this.#parts;
    const [isTyped, count] = [this.#search.value.trim() !== "", this.#found.length];
    this.#count.textContent = !isTyped ? "" : count ? texts.say("find_place", { at: this.#at + 1, count }) : texts.say("nothing_found");
    for (const name of ["find_previous", "find_next", "find_all"]) this.#buttons[name].disabled = count === 0;
    this.#list.hidden = count === 0;
    const first = Math.max(0, Math.min(this.#at - MAX_LISTED / 2, count - MAX_LISTED));
    this.#list.replaceChildren(...this.#found.slice(first, first + MAX_LISTED).map((entry, index) => this.#option(entry, first + index)));
    const chosen = this.#list.querySelector("[aria-selected=true]");
    this.#search.setAttribute("aria-activedescendant", chosen?.id ?? "");
    chosen?.scrollIntoView({ block: "nearest" });
  }

  #option({ what, id, kind, title, fields }, index) {
    const words = folded(this.#search.value).trim();
    const [name, text] = fields.find(([, , one]) => one.includes(words));
    const isName = what === "nodes" && text === title;
    const mark = kind ? make(`span.chip.chip-${kind}`) : icon("spline");
    const lines = make("span.option-text", {}, make("strong", { dir: "auto" }, title), ...(isName ? [] : [make("small", { dir: "auto" }, `${name}: ${around(text, words)}`)]));
    const attributes = { role: "option", id: `found-${index}`, "data-index": String(index), "aria-selected": String(index === this.#at), [what === "nodes" ? "data-node" : "data-edge"]: id };
    return make("div", attributes, mark, lines);
  }

  /** Go on, round and round. @param {1|-1} by */
  #step(by) {
    const count = this.#found.length;
    if (!count) return;
    // Typing has not gone to the first yet.
    if (!this.#isPending()) this.#at = (this.#at + by + count) % count;
    this.#show();
    this.#go();
  }

  #isPending() {
    const { graph, selection } = this.#parts;
    const { what, id } = this.#found[this.#at];
    if (selection.isEmpty) return true;
    if (what === "edges" && graph.isEdgeDrawn(id)) return !selection.edges.has(id);
    return !selection.nodes.has(graph.standIn(what === "nodes" ? id : graph.edge(id)?.source));
  }

  #choose(option) {
    if (!option) return;
    this.#at = Number(option.dataset.index);
    this.#show();
    this.#go();
    this.#search.focus();
  }

  #go() {
    clearTimeout(this.#timer);
    const entry = this.#found[this.#at];
    if (entry) goTo(this.#parts, { [entry.what]: [entry.id] });
  }

  /** Select all that was found. */
  #all() {
    const { texts } = this.#parts;
    const ids = (what) => this.#found.filter((entry) => entry.what === what).map(({ id }) => id);
    goTo(this.#parts, { nodes: ids("nodes"), edges: ids("edges") });
    this.#count.textContent = texts.say("find_selected", { count: this.#found.length });
  }

  #key(event) {
    event.stopPropagation();
    const isMod = event.ctrlKey || event.metaKey;
    const inField = event.target === this.#search;
    if (event.key === "Escape") this.close();
    else if (isMod && event.key.toLowerCase() === "f") this.#search.select();
    else if (inField && event.key === "Enter" && (isMod || event.altKey)) this.#all();
    else if (inField && event.key === "Enter") this.#step(event.shiftKey ? -1 : 1);
    else if (inField && event.key === "ArrowDown") this.#step(1);
    else if (inField && event.key === "ArrowUp") this.#step(-1);
    else return;
    event.preventDefault();
  }
}

const written = (value) => (typeof value === "string" ? value : Array.isArray(value) && value.every((one) => typeof one === "string") ? value.join(", ") : JSON.stringify(value));

/** Only what says something, with the text as it is compared. */
const compared = (fields) => fields.filter(([, text]) => text).map(([name, text]) => [name, text, folded(text)]);
