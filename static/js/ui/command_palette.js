/**
 * The command palette: every command with its key, the nodes of this flow and the flows by name; typing narrows it down, and what
 * was used last comes first. Loaded when it is first opened.
 *
 * `dialog[data-commands]` with a combobox and options; an option that cannot be chosen now is `aria-disabled`. What was used is
 * kept on this device by key, never by name.
 *
 * @typedef {Record<"avatars"|"catalogue"|"commands"|"contextMenu"|"editing"|"graph"|"renderer"|"root"|"selection"|"texts"|"viewport", object>} Parts of the editor that it uses
 * @typedef {import("./command_list.js").Item & {kind?: string, hint?: string}} Item
 */

import { make, icon } from "../lib/make.js";
import { folded, ranked, wordsOf } from "../lib/search.js";
import { commandItems } from "./command_list.js";
import { goTo } from "./jump.js";

const RECENT = "helix.recent";
const MAX_RECENT = 30;
const SHOWN_RECENT = 5;
const MAX_NODES = 20;
const MAX_FLOWS = 8;
const ASK_MS = 150;
const TIMEOUT_MS = 10_000;

export class CommandPalette {
  #parts;
  #list = make("div", { role: "listbox", id: "commands-list", tabindex: "-1" });
  #search = make("input", { type: "text", role: "combobox", "aria-expanded": "true", "aria-controls": "commands-list", "aria-autocomplete": "list", autocomplete: "off", spellcheck: "false" });
  #count = make("p.visually-hidden", { role: "status" });
  #dialog = make("dialog.palette-dialog", { "data-commands": true }, make("div.search", {}, icon("search"), this.#search), this.#list, this.#count);
  /** @type {Map<Element, Item>} */
  #shown = new Map();
  /** @type {Item[]} */
  #commands = [];
  /** @type {Item[]} */
  #flows = [];
  /** What was typed when the flows were asked for. */
  #flowsOf = "";
  #asking = 0;
  #asked = 0;

  /** @param {Parts} parts */
  constructor(parts) {
    this.#parts = parts;
    const { root, texts } = parts;
    for (const element of [this.#dialog, this.#search, this.#list]) element.setAttribute("aria-label", texts.say("palette_title"));
    this.#search.placeholder = texts.say("palette_hint");
    this.#search.addEventListener("input", () => (this.#show(), this.#askSoon()));
    this.#dialog.addEventListener("keydown", (event) => this.#key(event));
    this.#dialog.addEventListener("click", ({ target }) => (target === this.#dialog ? this.#dialog.close() : this.#take(target.closest("[role=option]"))));
    root.append(this.#dialog);
  }

  open() {
    if (this.#dialog.open) return;
    this.#search.value = "";
    this.#commands = commandItems(this.#parts);
    this.#dialog.showModal();
    this.#search.focus();
    this.#flows = [];
    this.#show();
    this.#ask();
  }

  /** Show what fits, in groups. */
  #show() {
    const words = wordsOf(this.#search.value);
    const groups = words.length ? this.#fitting(words) : this.#atFirst();
    this.#shown = new Map();
    this.#list.replaceChildren(...groups.filter(([, items]) => items.length).map(([name, items]) => this.#group(name, items)));
    this.#point([...this.#shown.keys()].find(isOn));
    const { texts } = this.#parts;
    this.#count.textContent = texts.say("results", { count: this.#shown.size });
    if (!this.#shown.size) this.#list.append(make("p.nothing-found", {}, texts.say("nothing_found")));
  }

  /** Before anything is typed: what was used last, then all commands and the flows that changed last. */
  #atFirst() {
    const known = new Map([...this.#commands.filter(({ isOff }) => !isOff), ...this.#nodes(), ...this.#flows].map((item) => [item.key, item]));
    const recent = recentKeys().map((key) => known.get(key)).filter(Boolean).slice(0, SHOWN_RECENT);
    const isNew = (item) => !recent.includes(item);
    return [["recent", recent], ["commands", this.#commands.filter(isNew)], ["flows", this.#flows.filter(isNew)]];
  }

  #fitting(words) {
    const recent = recentKeys();
    const place = ({ key }) => (recent.includes(key) ? recent.indexOf(key) : MAX_RECENT);
    const byUse = (items) => [...items].sort((one, other) => place(one) - place(other));
    const fit = (items) => ranked(byUse(items), words, ({ title }) => folded(title));
    return [["commands", fit(this.#commands)], ["nodes", fit(this.#nodes()).slice(0, MAX_NODES)], ["flows", this.#flowsOf === this.#search.value.trim() ? byUse(this.#flows) : fit(this.#flows)]];
  }

  /** @returns {Item[]} */
  #nodes() {
    const { catalogue, graph } = this.#parts;
    const all = [...graph.nodes.values()].filter(({ gone }) => !gone);
    return all.map(({ id, kind, label }) => ({ key: `node:${id}`, kind, title: label || catalogue[kind].title, hint: catalogue[kind].title, isOff: false, run: () => goTo(this.#parts, { nodes: [id] }, { focus: true }) }));
  }

  #group(name, items) {
    const { texts } = this.#parts;
    return make("div", { role: "group", "aria-label": texts.say(`group_${name}`) }, make("p.group-heading", { "aria-hidden": "true" }, texts.say(`group_${name}`)), ...items.map((item) => this.#option(item)));
  }

  #option(item) {
    const { kind, hint, icon: name, isOff, key, keys, title } = item;
    const element = make("div", { role: "option", id: `command-${this.#shown.size}`, "data-value": key, "aria-disabled": isOff ? "true" : null, "aria-selected": "false" },
      kind ? make(`span.chip.chip-${kind}`) : icon(name), make("span.option-title", { dir: "auto" }, title), ...(hint ? [make("small", {}, hint)] : []), ...(keys ? [make("kbd", {}, keys)] : []));
    this.#shown.set(element, item);
    return element;
  }

  #point(option) {
    for (const other of this.#shown.keys()) other.setAttribute("aria-selected", String(other === option));
    this.#search.setAttribute("aria-activedescendant", option?.id ?? "");
    option?.scrollIntoView({ block: "nearest" });
  }

  #key(event) {
    event.stopPropagation();
    const options = [...this.#shown.keys()].filter(isOn);
    const at = options.findIndex((option) => option.getAttribute("aria-selected") === "true");
    const to = { ArrowDown: (at + 1) % options.length, ArrowUp: at - 1, PageDown: Math.min(at + 8, options.length - 1), PageUp: Math.max(at - 8, 0) }[event.key];
    if (to !== undefined) this.#point(options.at(to));
    else if (event.key === "Enter") this.#take(options[at]);
    else if ((event.ctrlKey || event.metaKey) && event.key.toLowerCase() === "k") this.#dialog.close();
    else return;
    event.preventDefault();
  }

  #take(option) {
    const item = this.#shown.get(option);
    if (!item || item.isOff) return;
    this.#dialog.close();
    remember(item.key);
    item.run();
  }

  #askSoon() {
    clearTimeout(this.#asking);
    this.#asking = setTimeout(() => this.#ask(), ASK_MS);
  }

  /** Ask for the flows by name, those that changed last first; without a connection there are none. Guests have this one alone. */
  async #ask() {
    if (this.#parts.root.dataset.guest !== undefined) return;
    const number = (this.#asked += 1);
    const query = new URLSearchParams({ q: this.#search.value.trim(), limit: String(MAX_FLOWS) });
    const answer = await fetch(`/api/v1/flows?${query}`, { signal: AbortSignal.timeout(TIMEOUT_MS) }).then((given) => (given.ok ? given.json() : null)).catch(() => null);
    if (number !== this.#asked || !this.#dialog.open) return;
    this.#flowsOf = query.get("q");
    const { flow } = this.#parts.root.dataset;
    this.#flows = (answer?.items ?? []).filter(({ id }) => id !== flow).map(({ id, title }) => ({ key: `flow:${id}`, icon: "workflow", title, isOff: false, run: () => location.assign(`/flows/${id}/`) }));
    const chosen = this.#list.querySelector("[aria-selected=true]")?.dataset.value;
    this.#show();
    this.#point([...this.#shown.keys()].find((option) => option.dataset.value === chosen) ?? [...this.#shown.keys()].find(isOn));
  }
}

const isOn = (option) => option.getAttribute("aria-disabled") === null;

/** What was used on this device, the last first. @returns {string[]} */
function recentKeys() {
  try {
    return JSON.parse(localStorage.getItem(RECENT)) ?? [];
  } catch {
    return [];
  }
}

function remember(key) {
  try {
    localStorage.setItem(RECENT, JSON.stringify([key, ...recentKeys().filter((other) => other !== key)].slice(0, MAX_RECENT)));
  } catch {
    /* Private windows may refuse: then nothing comes first. */
  }
}
