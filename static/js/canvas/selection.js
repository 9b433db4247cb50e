/**
 * The selected nodes and edges. Marked on the elements by this page only; the server's HTML knows nothing of it.
 *
 * Event `change`.
 */

export class Selection extends EventTarget {
  /** @type {Set<string>} */
  nodes = new Set();
  /** @type {Set<string>} */
  edges = new Set();
  /** @type {import("./graph.js").Graph} */
  #graph;

  constructor({ graph }) {
    super();
    this.#graph = graph;
    graph.addEventListener("change", ({ detail }) => this.#prune(detail));
  }

  get isEmpty() {
    return !this.nodes.size && !this.edges.size;
  }

  /** The one selected node, when nothing else is selected. @returns {string|null} */
  get node() {
    return this.nodes.size === 1 && !this.edges.size ? [...this.nodes][0] : null;
  }

  get edge() {
    return this.edges.size === 1 && !this.nodes.size ? [...this.edges][0] : null;
  }

  /** @param {{nodes?: Iterable<string>, edges?: Iterable<string>}} chosen */
  set({ nodes = [], edges = [] } = {}) {
    const [before, after] = [[...this.nodes, "", ...this.edges], [...nodes, "", ...edges]];
    if (before.length === after.length && before.every((id, index) => id === after[index])) return;
    const was = { nodes: this.nodes, edges: this.edges };
    this.nodes = new Set(nodes);
    this.edges = new Set(edges);
    this.#mark(was, this, false);
    this.#mark(this, was, true);
    this.dispatchEvent(new Event("change"));
  }

  clear() {
    this.set();
  }

  /** @param {"nodes"|"edges"} what */
  toggle(what, id) {
    const next = { nodes: new Set(this.nodes), edges: new Set(this.edges) };
    if (!next[what].delete(id)) next[what].add(id);
    this.set(next);
  }

  /** Mark what is in one choice and not in the other: a mark that goes and comes costs each element its style. */
  #mark(one, other, isOn) {
    for (const id of one.nodes) if (!other.nodes.has(id)) mark(this.#graph.nodes.get(id)?.element, isOn);
    for (const id of one.edges) if (!other.edges.has(id)) mark(this.#graph.edges.get(id)?.element, isOn);
  }

  /** One change, however many of mine are gone. */
  #prune({ nodes, edges }) {
    const graph = this.#graph;
    const [mine, lines] = [[...nodes].filter((id) => this.nodes.has(id)), [...edges].filter((id) => this.edges.has(id))];
    for (const id of mine) mark(graph.node(id)?.element, true);
    for (const id of lines) mark(graph.edge(id)?.element, true);
    const isAnyGone = !mine.every((id) => graph.isDrawn(id)) || !lines.every((id) => graph.isEdgeDrawn(id));
    if (!isAnyGone && ![...nodes].some((id) => graph.node(id)?.collapsed)) return;
    this.set({ nodes: [...this.nodes].filter((id) => graph.isDrawn(id)), edges: [...this.edges].filter((id) => graph.isEdgeDrawn(id)) });
  }
}

function mark(element, isOn) {
  if (!element || element.hasAttribute("data-selected") === isOn) return;
  element.toggleAttribute("data-selected", isOn);
  if (isOn) element.setAttribute("aria-current", "true");
  else element.removeAttribute("aria-current");
}
