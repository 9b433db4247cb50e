/**
 * The one place where server-rendered HTML becomes part of the page, and where my edits are laid over it.
 *
 * Fragments are parsed once, inert, and each element goes to the graph, which replaces by id. A node that is being dragged or
 * edited is left alone: its newest fragment waits until the gesture ends. Elements that a refusal leaves out no longer exist.
 */

export class Patcher extends EventTarget {
  #graph;
  /** @type {Map<string, number>} node ids under a gesture, counted */
  #busy = new Map();
  /** @type {Map<string, HTMLElement>} */
  #deferred = new Map();
  #trust = globalThis.trustedTypes?.createPolicy("helix-patcher", { createHTML: (text) => text }) ?? { createHTML: (text) => text };

  /** @param {import("../canvas/graph.js").Graph} graph */
  constructor(graph) {
    super();
    this.#graph = graph;
  }

  /** Parse what our server rendered. @returns {DocumentFragment} */
  parse(html) {
    const template = document.createElement("template");
    template.innerHTML = this.#trust.createHTML(html);
    return template.content;
  }

  /** Take over the page's elements. @param {ParentNode} world */
  adopt(world) {
    this.#graph.batch(() => this.#take(world));
  }

  /** @param {string} html fragments @param {[string, number, number, number, number][]} moves */
  apply(html, moves) {
    const parsed = html ? this.parse(html) : null;
    this.#graph.batch(() => {
      if (parsed) this.#take(parsed);
      for (const [id, x, y, width, height] of moves) this.#graph.place(id, x, y, width, height);
    });
  }

  /** Lay my unacknowledged edits over it. @param {Iterable<object>} operations oldest first */
  lay(operations) {
    this.#graph.lay(operations);
  }

  /** Replace the whole canvas: what is not in it is gone. */
  replace(html) {
    const parsed = this.parse(html);
    const [nodes, edges] = [idsIn(parsed, "node"), idsIn(parsed, "edge")];
    this.#graph.batch(() => {
      for (const edge of [...this.#graph.edges.values()]) if (!edge.isMine && !edges.has(edge.id)) this.#graph.dropEdge(edge.id);
      for (const node of [...this.#graph.nodes.values()]) if (!node.isMine && !nodes.has(node.id)) this.#gone(node.id);
      this.#graph.renumber();
      this.#take(parsed);
    });
  }

  /** Show what a refused edit touched as the server has it. */
  restore(operation, html) {
    const parsed = this.parse(html);
    const { nodes, edges } = touched(operation);
    const [left, joined] = [idsIn(parsed, "node"), idsIn(parsed, "edge")];
    this.#graph.batch(() => {
      for (const id of edges) if (!joined.has(id) && !this.#graph.edges.get(id)?.isMine) this.#graph.dropEdge(id);
      for (const id of nodes) if (!left.has(id) && !this.#graph.nodes.get(id)?.isMine) this.#gone(id);
      this.#take(parsed);
    });
  }

  /** Keep these nodes as they are during a gesture: what arrives for them waits. @param {Iterable<string>} ids */
  deferPatches(ids) {
    for (const id of ids) this.#busy.set(id, (this.#busy.get(id) ?? 0) + 1);
  }

  /** End a gesture: apply what waited. */
  applyDeferred(ids) {
    this.#graph.batch(() => {
      for (const id of ids) this.#free(id);
    });
  }

  #free(id) {
    const left = (this.#busy.get(id) ?? 1) - 1;
    if (left > 0) {
      this.#busy.set(id, left);
      return;
    }
    this.#busy.delete(id);
    const element = this.#deferred.get(id);
    this.#deferred.delete(id);
    if (element) this.#node(element);
  }

  #take(source) {
    for (const element of source.querySelectorAll("[data-node-id]")) this.#node(element);
    const labels = new Map(Array.from(source.querySelectorAll("[data-label-of]"), (label) => [label.dataset.labelOf, label]));
    for (const element of source.querySelectorAll("g[data-edge-id]")) this.#graph.putEdge(element, labels.get(element.dataset.edgeId) ?? null);
    for (const element of source.querySelectorAll("helix-gone[data-edge-id]")) this.#graph.dropEdge(element.dataset.edgeId);
    const flow = source.querySelector("helix-flow");
    if (flow) this.dispatchEvent(new CustomEvent("flow", { detail: { ...flow.dataset } }));
  }

  #node(element) {
    const id = element.dataset.nodeId;
    const isGone = element.localName === "helix-gone";
    if (this.#busy.has(id)) {
      this.#deferred.set(id, element);
      if (!isGone) this.#graph.confirm(element);
    } else if (isGone) this.#graph.dropNode(id);
    else this.#graph.putNode(element.isConnected ? element : document.adoptNode(element));
  }

  #gone(id) {
    const element = document.createElement("helix-gone");
    element.dataset.nodeId = id;
    this.#node(element);
  }
}

/** The ids of the nodes or edges that are in what was parsed. @param {"node"|"edge"} what @returns {Set<string>} */
const idsIn = (parsed, what) => new Set(Array.from(parsed.querySelectorAll(`[data-${what}-id]:not(helix-gone)`), ({ dataset }) => dataset[`${what}Id`]));

/** The ids an operation names. */
export function touched(operation) {
  const found = { nodes: new Set(), edges: new Set() };
  for (const inner of operation.operations ?? [operation]) {
    const isEdge = inner.kind.endsWith("_edge");
    const id = inner.id ?? inner.node?.id ?? inner.edge?.id;
    if (id) (isEdge ? found.edges : found.nodes).add(id);
  }
  return found;
}
