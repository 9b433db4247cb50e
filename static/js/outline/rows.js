/** The rows of the outline: the server's, kept as elements where they did not change, and mine that it has not rendered yet. */

import { make } from "../lib/make.js";
import { edgeName } from "../lib/texts.js";

/** The row that an element is in. @returns {HTMLElement|null} */
export const rowOf = (element) => element?.closest?.("[data-outline] > [role=treeitem]") ?? null;

export class Rows {
  #parts;
  #tree;
  /** What the server said of each row, by its id. @type {Map<string, string>} */
  #said = new Map();

  constructor({ catalogue, graph, texts }, tree) {
    this.#parts = { catalogue, graph, texts };
    this.#tree = tree;
  }

  /** The rows that are shown, from first to last. @returns {HTMLElement[]} */
  get all() {
    return [...this.#tree.children].filter((row) => !row.hidden);
  }

  get first() {
    return this.all[0];
  }

  get last() {
    return this.all.at(-1);
  }

  /** The row that Tab reaches. */
  get entry() {
    return this.#tree.querySelector("[role=treeitem][tabindex='0']");
  }

  /** The row of a node or an edge. @param {string} id */
  of(id) {
    const row = document.getElementById(`o-n-${id}`) ?? document.getElementById(`o-e-${id}`);
    return row?.hidden ? null : row;
  }

  /** The next or the previous row. @param {1|-1} by */
  beside(row, by) {
    const { all } = this;
    return all[all.indexOf(row) + by] ?? null;
  }

  /** The row that this one is inside of. */
  above(row) {
    for (let one = row.previousElementSibling; one; one = one.previousElementSibling) if (level(one) < level(row)) return one;
    return null;
  }

  /** Only this row is reached by Tab. */
  enter(row) {
    for (const other of this.#tree.querySelectorAll("[tabindex='0']")) if (other !== row) other.tabIndex = -1;
    row.tabIndex = 0;
  }

  /** @param {(row: HTMLElement) => boolean} isChosen */
  select(isChosen) {
    for (const row of this.#tree.children) {
      const value = String(isChosen(row));
      if (row.getAttribute("aria-selected") !== value) row.setAttribute("aria-selected", value);
    }
  }

  /** Hide what is inside a row, until the server leaves it out. */
  hideInside(row) {
    for (let one = row.nextElementSibling; one && level(one) > level(row); one = one.nextElementSibling) this.#hide(one);
  }

  /** Show these rows, in this order; those that are here and did not change stay as they are. @param {HTMLElement[]} fresh */
  replace(fresh) {
    const rows = fresh.map((row) => this.#renewed(row));
    for (const row of rows) this.#own.delete(row);
    this.#keepOwn(rows);
    const kept = new Set(rows);
    const focused = rowOf(document.activeElement);
    if (focused && !kept.has(focused)) this.#leave(focused, kept);
    this.#said = new Map(fresh.map((row) => [row.id, this.#saidOf.get(row)]));
    for (const row of [...this.#tree.children]) if (!kept.has(row)) row.remove();
    let at = this.#tree.firstElementChild;
    const focus = document.activeElement;
    for (const row of rows) {
      if (row === at) at = at.nextElementSibling;
      else this.#tree.insertBefore(row, at);
    }
    if (focus !== document.activeElement && focus?.isConnected) focus.focus({ preventScroll: true });
    if (!this.entry && this.first) this.first.tabIndex = 0;
  }

  /** Rows that I made and no answer has had yet, with how many more answers may lack them: those may be older. */
  #own = new Map();

  /** Put the rows of what I just made among those of an answer, each after the one that it follows now. */
  #keepOwn(rows) {
    const { graph } = this.#parts;
    for (const [row, left] of this.#own) {
      const { nodeId, edgeId } = row.dataset;
      const record = nodeId ? graph.nodes.get(nodeId) : graph.edges.get(edgeId);
      if (!record || !row.isConnected || row.hidden || (left === 0 && !record.isMine)) this.#own.delete(row);
      else {
        if (!record.isMine) this.#own.set(row, left - 1);
        const at = rows.indexOf(row.previousElementSibling);
        rows.splice(at < 0 ? rows.length : at + 1, 0, row);
      }
    }
  }

  #saidOf = new WeakMap();

  #renewed(row) {
    const text = row.outerHTML;
    this.#saidOf.set(row, text);
    const before = document.getElementById(row.id);
    if (!before || before.parentNode !== this.#tree) return prepared(document.adoptNode(row));
    before.hidden = false;
    if (before.querySelector("input")) return this.#saidOf.set(row, ""), before;
    if (this.#said.get(row.id) === text) return before;
    for (const { name } of [...before.attributes]) if (!["tabindex", "aria-selected", "id"].includes(name)) before.removeAttribute(name);
    for (const { name, value } of row.attributes) before.setAttribute(name, value);
    before.replaceChildren(...row.childNodes);
    return prepared(before);
  }

  /** Lay unsent edits over the rows. @param {Iterable<string>} nodes @param {Iterable<string>} edges that may have changed */
  lay(nodes, edges) {
    const { graph } = this.#parts;
    for (const id of nodes) this.#layOne(`o-n-${id}`, graph.node(id), graph.nodes.get(id)?.isMine, (node) => this.#node(node), (row, node) => this.#rename(row, node));
    for (const id of edges) this.#layOne(`o-e-${id}`, graph.edge(id), graph.edges.get(id)?.isMine, (edge) => this.#edge(edge), () => {});
  }

  #layOne(key, record, isMine, made, renew) {
    const row = document.getElementById(key);
    if (row && !record) this.#hide(row);
    else if (row) renew(row, record);
    else if (record && isMine) made(record);
  }

  #rename(row, { kind, label }) {
    const name = row.querySelector(".outline-name");
    const text = label || this.#parts.catalogue[kind].title;
    if (!name || name.textContent === text || row.querySelector("input")) return;
    name.textContent = text;
    row.setAttribute("aria-label", `${text}, ${this.#parts.catalogue[kind].title}`);
    this.#said.delete(row.id);
  }

  #node({ id, kind, label, parent }) {
    const { catalogue } = this.#parts;
    const text = label || catalogue[kind].title;
    const above = parent && this.of(parent);
    this.#insert(make("li.outline-row", { id: `o-n-${id}`, role: "treeitem", "data-node-id": id, "aria-level": above ? level(above) + 1 : 1, "aria-label": `${text}, ${catalogue[kind].title}` }, make(`span.chip.chip-${kind}`), make("span.outline-name", { dir: "auto", translate: "no" }, text)), above);
  }

  #edge({ id, source, target }) {
    const { graph, texts } = this.#parts;
    const above = this.of(source);
    const labels = [source, target].map((end) => graph.node(end)?.label ?? "");
    if (!above) return;
    this.#insert(make("li.outline-row", { id: `o-e-${id}`, role: "treeitem", "data-edge-id": id, "aria-level": level(above) + 1, "aria-label": edgeName(labels, texts.say("edge_name")) }, make("span", { "aria-hidden": "true" }, "→"), make("span.outline-name", { dir: "auto", translate: "no" }, labels[1])), above);
    if (!above.hasAttribute("aria-expanded")) above.setAttribute("aria-expanded", "true");
    this.#said.delete(above.id);
  }

  /** As the last inside a row, or at the end. */
  #insert(row, above) {
    let after = above ?? this.#tree.lastElementChild;
    if (above) while (after.nextElementSibling && level(after.nextElementSibling) > level(above)) after = after.nextElementSibling;
    prepared(row);
    this.#own.set(row, 2);
    if (after) after.after(row);
    else this.#tree.append(row);
    if (!this.entry) row.tabIndex = 0;
  }

  /** What has the focus gives it on before it goes. */
  #hide(row) {
    if (row.contains(document.activeElement)) this.#leave(row);
    row.hidden = true;
    row.tabIndex = -1;
  }

  #leave(row, kept = null) {
    const isLeft = (one) => !one.hidden && one !== row && (!kept || kept.has(one)) && (kept || level(one) <= level(row) || !follows(row, one));
    const rows = [...this.#tree.children];
    const at = rows.indexOf(row);
    const next = rows.slice(at + 1).find(isLeft) ?? rows.slice(0, at).reverse().find(isLeft);
    (next ?? this.#tree.parentElement.querySelector("button:not([hidden])"))?.focus({ preventScroll: true });
  }
}

const level = (row) => Number(row.getAttribute("aria-level"));

/** Whether one row lies inside the other, which comes first. */
function follows(row, other) {
  for (let one = row.nextElementSibling; one && level(one) > level(row); one = one.nextElementSibling) if (one === other) return true;
  return false;
}

/** With scripts the row has the focus, not the link in it. */
function prepared(row) {
  if (!row.hasAttribute("tabindex")) row.tabIndex = -1;
  const link = row.querySelector("a");
  if (link) link.tabIndex = -1;
  return row;
}
