/**
 * The outline: the flow as a tree beside the canvas, complete without a mouse and without the canvas.
 *
 * The server renders its rows, a window of them at a time; they come from the page at first, and again after each change of the
 * flow while the outline is open, never two requests at once. Rows that did not change stay the elements they are, so neither the
 * focus nor a screen reader notices. What I did and the server has not rendered yet is laid over the rows.
 *
 * The row that has the focus is selected: commands work on it as on the canvas.
 *
 * @typedef {Record<"canvas"|"catalogue"|"commands"|"contextMenu"|"editing"|"focus"|"graph"|"limits"|"notices"|"outlineRows"|"panels"|"patcher"|"picker"|"root"
 *   |"selection"|"session"|"texts"|"viewport", object>} Parts of the editor that it uses
 */

import { make } from "../lib/make.js";
import { RowActions } from "./row_actions.js";
import { rowOf, Rows } from "./rows.js";

/** How long after a change the rows are asked for: what comes close together is asked for once. */
const WAIT_MS = 150;
/** How many rows the window moves when one goes past its end. */
const STEP = 200;

export class Outline {
  #parts;
  #pane;
  #tree = make("ul.outline-tree", { role: "tree", "data-outline": true });
  #hint = make("p.palette-nothing", { hidden: true });
  #rows;
  #actions;
  /** Which nodes do not show what is inside. @type {Set<string>} */
  #closed = new Set();
  #window = { from: 0, total: 0 };
  #timer = 0;
  #isAsking = false;
  #asked = Promise.resolve();
  #isStale = true;
  /** The row that takes the focus once it is there. */
  #awaited = null;

  /** @param {Parts} parts @param {HTMLElement} pane where it goes */
  constructor(parts, pane) {
    this.#parts = parts;
    this.#pane = pane;
    const { editing, graph, selection, session, texts } = parts;
    this.#tree.setAttribute("aria-label", texts.say("outline"));
    this.#rows = new Rows(parts, this.#tree);
    this.#actions = new RowActions(parts, this);
    const add = make("button.outline-add", { type: "button" }, texts.say("add_node"));
    add.addEventListener("click", () => this.#actions.add(this.#current));
    pane.append(add, this.#tree, this.#hint);
    const rights = () => (add.hidden = !editing.mayEdit);
    for (const source of [session, editing]) source.addEventListener(source === session ? "rights" : "change", rights);
    rights();
    this.#tree.addEventListener("keydown", (event) => this.#key(event));
    this.#tree.addEventListener("click", (event) => this.#click(event));
    this.#tree.addEventListener("dblclick", ({ target }) => rowOf(target) && this.#actions.open(rowOf(target)));
    this.#tree.addEventListener("contextmenu", (event) => this.#menu(event));
    this.#tree.addEventListener("focusin", ({ target }) => this.#focused(rowOf(target)));
    session.addEventListener("content", () => this.#stale());
    session.addEventListener("connection", () => this.#stale());
    graph.addEventListener("change", ({ detail }) => this.#lay(detail));
    selection.addEventListener("change", () => this.#select());
    const rows = parts.outlineRows?.querySelectorAll("[role=treeitem]") ?? [];
    if (!("partial" in parts.canvas.dataset)) this.#show([...rows], { from: 0, total: rows.length });
  }

  /** Whether anybody can see it. */
  get isOpen() {
    return !this.#pane.hidden;
  }

  /** It is shown: bring it up to date. @param {{goes: boolean}} how whether the focus goes to what is selected, or to the first row */
  open({ goes }) {
    const { selection } = this.#parts;
    const id = selection.node ?? selection.edge;
    const row = (id && this.#rows.of(id)) || this.#rows.first;
    this.#select();
    if (goes && row) this.focus(row);
    else if (goes) (this.#pane.querySelector("button:not([hidden])") ?? this.#tree).focus();
    this.#ask(selection.node && !this.#rows.of(id) ? { node: id } : {});
  }

  /** Move the focus to a row. @param {HTMLElement} row */
  focus(row) {
    row.focus({ preventScroll: true });
    row.scrollIntoView({ block: "nearest" });
  }

  /** Move the focus to the row of a node or an edge as soon as there is one. @param {string} id */
  await(id) {
    const row = this.#rows.of(id);
    if (row) return this.focus(row);
    this.#awaited = id;
    this.#stale();
  }

  get #current() {
    return rowOf(document.activeElement) ?? this.#rows.entry;
  }

  #stale() {
    this.#isStale = true;
    if (this.isOpen && !this.#isAsking) this.#timer ||= setTimeout(() => this.#ask(), WAIT_MS);
  }

  /** Ask for the rows, after what is asked for already; what changes meanwhile is asked for afterwards. @param {{from?: number, node?: string}} [where] */
  async #ask({ from = this.#window.from, node = "" } = {}) {
    clearTimeout(this.#timer);
    this.#timer = 0;
    while (this.#isAsking) await this.#asked;
    this.#asked = this.#fetched(from, node);
    await this.#asked;
  }

  async #fetched(from, node) {
    this.#isAsking = true;
    this.#isStale = false;
    const wanted = node || (this.#awaited && this.#parts.graph.node(this.#awaited) && !this.#rows.of(this.#awaited) && this.#window.total > this.#rows.all.length ? this.#awaited : "");
    const query = new URLSearchParams({ from: String(from), node: wanted, closed: [...this.#closed].slice(0, 500).join() });
    try {
      const answer = await fetch(`${this.#parts.root.dataset.outlineUrl}?${query}`, { headers: { Accept: "text/html" }, redirect: "error" });
      if (!answer.ok) throw new Error(String(answer.status));
      const read = (name) => Number(answer.headers.get(`X-Helix-${name}`));
      const rows = this.#parts.patcher.parse(await answer.text()).querySelectorAll("[role=treeitem]");
      this.#show([...rows], { from: read("From"), total: read("Rows") });
    } catch {
      // Offline, what is there stays; the connection says when to ask again.
    }
    this.#isAsking = false;
    if (this.#isStale) this.#stale();
  }

  #show(rows, where) {
    this.#window = where;
    this.#rows.replace(rows);
    this.#lay({ nodes: this.#parts.graph.nodes.keys(), edges: this.#parts.graph.edges.keys() }, true);
    this.#select();
    const isEmpty = this.#rows.all.length === 0;
    this.#hint.hidden = !isEmpty;
    this.#hint.textContent = this.#parts.texts.say(this.#parts.editing.mayEdit ? "outline_empty" : "outline_empty_viewer");
    const awaited = this.#awaited && this.#rows.of(this.#awaited);
    if (awaited) {
      this.#awaited = null;
      this.focus(awaited);
    }
  }

  /** Show what I did and the server has not rendered. */
  #lay({ nodes, edges }, isAll = false) {
    if (!this.isOpen && !isAll) return;
    this.#rows.lay(nodes, edges);
    if (this.#awaited && this.#rows.of(this.#awaited)) this.await(this.#awaited), (this.#awaited = null);
  }

  #select() {
    if (!this.isOpen) return;
    const { selection } = this.#parts;
    this.#rows.select((row) => selection.nodes.has(row.dataset.nodeId) || selection.edges.has(row.dataset.edgeId));
  }

  #focused(row) {
    if (!row) return;
    this.#rows.enter(row);
    const { selection } = this.#parts;
    const { nodeId, edgeId } = row.dataset;
    if (!selection.nodes.has(nodeId) && !selection.edges.has(edgeId)) this.#actions.select(row);
  }

  #click(event) {
    const row = rowOf(event.target);
    if (!row || event.target.closest("input")) return;
    event.preventDefault();
    if (event.target.closest("[data-twist]")) this.#toggle(row, row.getAttribute("aria-expanded") !== "true");
    this.focus(row);
  }

  #menu(event) {
    const row = rowOf(event.target);
    if (!row) return;
    event.preventDefault();
    this.focus(row);
    this.#actions.menu(row);
  }

  /** Open or close a branch: at once on the page, then as the server counts it. */
  #toggle(row, isOpen) {
    const { nodeId } = row.dataset;
    if (!row.hasAttribute("aria-expanded") || this.#closed.has(nodeId) !== isOpen) return;
    if (isOpen) this.#closed.delete(nodeId);
    else this.#closed.add(nodeId);
    row.setAttribute("aria-expanded", String(isOpen));
    if (!isOpen) this.#rows.hideInside(row);
    this.#ask();
  }

  async #key(event) {
    const row = rowOf(event.target);
    if (!row || event.target.matches("input") || event.defaultPrevented) return;
    const { key, ctrlKey, metaKey, altKey, shiftKey } = event;
    if (key === "ContextMenu" || (key === "F10" && shiftKey)) return event.preventDefault(), this.#actions.menu(row);
    if (ctrlKey || metaKey || altKey) return;
    if (this.#moves(key, row) || this.#actions.key(event, row)) event.preventDefault();
  }

  #moves(key, row) {
    const isOpen = row.getAttribute("aria-expanded");
    switch (key) {
      case "ArrowDown": return this.#step(row, 1);
      case "ArrowUp": return this.#step(row, -1);
      case "Home": return this.#end(0);
      case "End": return this.#end(this.#window.total);
      case "ArrowRight": return isOpen === "false" ? this.#toggle(row, true) : isOpen === "true" && this.#step(row, 1), true;
      case "ArrowLeft": return isOpen === "true" ? this.#toggle(row, false) : this.#up(row), true;
      default: return false;
    }
  }

  #up(row) {
    const above = this.#rows.above(row);
    if (above) this.focus(above);
  }

  /** To the next row; past the end of the window, move that first. */
  #step(row, by) {
    const next = this.#rows.beside(row, by);
    if (next) this.focus(next);
    else this.#shift(by).then(() => this.#rows.beside(row, by) && this.focus(this.#rows.beside(row, by)));
    return true;
  }

  async #shift(by) {
    const { from, total } = this.#window;
    const isMore = by > 0 ? from + this.#rows.all.length < total : from > 0;
    if (isMore) await this.#ask({ from: Math.max(0, from + by * STEP) });
  }

  #end(at) {
    const isHere = at === 0 ? this.#window.from === 0 : this.#window.from + this.#rows.all.length >= at;
    const go = () => this.#rows.all.length && this.focus(at === 0 ? this.#rows.first : this.#rows.last);
    if (isHere) go();
    else this.#ask({ from: at }).then(go);
    return true;
  }
}
