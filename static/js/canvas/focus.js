/**
 * Keyboard focus on the canvas: Tab goes along the flow, from a node over the edges that leave it to what follows. Focus and selection are one: the node that has
 * the focus is selected, and what Tab leaves no longer is, unless it is kept. When the selection goes elsewhere, the canvas takes the focus.
 */

import { readingOrder } from "../lib/geometry.js";

export class Focus {
  #parts;
  /** Selected nodes that stay selected when the focus goes on. */
  #kept = new Set();

  constructor({ canvas, graph, notices, renderer, root, selection, texts, viewport }) {
    this.#parts = { canvas, graph, notices, renderer, root, selection, texts, viewport };
    canvas.addEventListener("focusin", ({ target }) => this.#take(target.closest("helix-node, [data-edge-id]")));
    selection.addEventListener("change", () => this.#follow());
  }

  /** The node that has the focus. @returns {string|null} */
  get current() {
    return document.activeElement?.closest?.("helix-node")?.dataset.nodeId ?? null;
  }

  /** The edge that has the focus. @returns {string|null} */
  get #edge() {
    return document.activeElement?.closest?.("g[data-edge-id]")?.dataset.edgeId ?? null;
  }

  /** Whether a node or an edge has the focus. */
  get isInside() {
    return (this.current ?? this.#edge) !== null;
  }

  /** Make the first node reachable by Tab. */
  start() {
    const [first] = readingOrder([...this.#parts.graph.visibleNodes()].slice(0, 600));
    this.#rove(first?.element);
  }

  /** Move the focus to a node. @param {string|undefined} id @param {boolean} [selects] */
  node(id, selects = false) {
    const { graph, selection, viewport, renderer } = this.#parts;
    const record = graph.node(graph.standIn(id));
    if (!record) return;
    if (selects) {
      selection.set({ nodes: [record.id] });
      viewport.reveal(graph.rect(record.id));
    }
    renderer.bring(record.id);
    record.element.focus({ preventScroll: true });
  }

  /** Move the focus to a node chosen by the pointer, without the keyboard's ring, which a browser would show for a finger. @param {string} id */
  byPointer(id) {
    const { graph, renderer } = this.#parts;
    const record = graph.node(graph.standIn(id));
    if (!record) return;
    renderer.bring(record.id);
    record.element.focus({ preventScroll: true, focusVisible: false });
  }

  /** Move the focus to an edge, and select it. @param {string} id */
  edge(id) {
    const { graph, renderer, selection, viewport } = this.#parts;
    const edge = graph.edge(id);
    if (!edge || !graph.isEdgeDrawn(id)) return;
    selection.set({ edges: [id] });
    viewport.reveal(graph.rect(graph.standIn(edge.source)));
    renderer.bring(graph.standIn(edge.source));
    renderer.flush();
    edge.element.setAttribute("tabindex", "-1");
    edge.element.focus({ preventScroll: true });
  }

  /** Go on along the flow. @param {1|-1} step @returns {boolean} false at the end: the focus may leave */
  next(step) {
    const { graph, canvas, selection, viewport } = this.#parts;
    const from = this.#edge ? `edge ${this.#edge}` : this.current && `node ${this.current}`;
    const order = stops(graph);
    const at = order.findIndex(({ key }) => key === from);
    const begins = step === 1 && document.activeElement === canvas ? (order.find(({ node }) => node && node === this.#last) ?? order[0]) : null;
    const next = from ? order[at + step] : begins;
    if (!next) return false;
    if (next.edge) return this.edge(next.edge), true;
    selection.set({ nodes: [...this.#kept, next.node] });
    this.node(next.node);
    viewport.reveal(graph.rect(next.node));
    return true;
  }

  /** Keep the focused node selected while the focus goes on, or no longer. */
  keep() {
    const { graph, notices, selection, texts } = this.#parts;
    const id = this.current;
    if (!id) return;
    const isKept = !this.#kept.delete(id);
    if (isKept) this.#kept.add(id);
    else selection.toggle("nodes", id);
    notices.announce(texts.say(isKept ? "kept_selected" : "not_selected", { what: graph.node(id).label }));
  }

  /** The node that Tab last reached. */
  get #last() {
    return this.#parts.root.querySelector("helix-node[tabindex='0']")?.dataset.nodeId;
  }

  #take(element) {
    if (!element) return;
    const { selection } = this.#parts;
    const { nodeId, edgeId } = element.dataset;
    if (edgeId) return void (selection.edges.has(edgeId) || selection.set({ edges: [edgeId] }));
    this.#rove(element);
    if (!selection.nodes.has(nodeId)) selection.set({ nodes: [nodeId] });
  }

  #follow() {
    const { canvas, selection } = this.#parts;
    canvas.toggleAttribute("data-chosen", !selection.isEmpty);
    for (const id of this.#kept) if (!selection.nodes.has(id)) this.#kept.delete(id);
    const isLeft = this.current ? !selection.nodes.has(this.current) : this.#edge && !selection.edges.has(this.#edge);
    if (isLeft) canvas.focus({ preventScroll: true });
  }

  #rove(element) {
    if (!element) return;
    for (const other of this.#parts.root.querySelectorAll("helix-node[tabindex='0']")) if (other !== element) other.tabIndex = -1;
    element.tabIndex = 0;
  }
}

/**
 * Where Tab stops: each node that is drawn, then the edges that leave it. Every edge leads on, but those that close a circle;
 * what no edge orders stands in reading order.
 * @param {import("./graph.js").Graph} graph @returns {{key: string, node?: string, edge?: string}[]}
 */
export function stops(graph) {
  const nodes = readingOrder(graph.visibleNodes());
  const leaving = new Map(nodes.map(({ id }) => [id, leavingOf(graph, id)]));
  const entered = new Set([...leaving.values()].flat().map(({ to }) => to));
  const done = new Set();
  for (const { id } of [...nodes.filter((node) => !entered.has(node.id)).reverse(), ...[...nodes].reverse()]) walk(id, leaving, done);
  return [...done].reverse().flatMap((id) => [{ key: `node ${id}`, node: id }, ...leaving.get(id).map(({ edge }) => ({ key: `edge ${edge}`, edge }))]);
}

/** The edges drawn out of a node, in the order of its ports. */
function leavingOf(graph, id) {
  const { outputs } = graph.node(id);
  const place = ({ sourcePort }) => outputs.indexOf(sourcePort);
  const edges = graph.drawnEdgesOf(id).filter(({ source }) => graph.standIn(source) === id);
  return edges.sort((one, other) => place(one) - place(other)).map((edge) => ({ edge: edge.id, to: graph.standIn(edge.target) }));
}

/** Leave each node after all that it leads to, the first branch last. */
function walk(root, leaving, done) {
  const [entered, path] = [new Set([root]), done.has(root) ? [] : [[root, leaving.get(root).length]]];
  while (path.length) {
    const step = path.at(-1);
    step[1] -= 1;
    const to = leaving.get(step[0])[step[1]]?.to;
    if (step[1] < 0) done.add(path.pop()[0]);
    else if (leaving.has(to) && !entered.has(to) && !done.has(to)) entered.add(to) && path.push([to, leaving.get(to).length]);
  }
}
