/**
 * Add a node: after the selected one and connected with it, into an edge, at a point, or in the middle of the view; always where
 * nothing stands yet. One step of undo, whatever comes along with it.
 *
 * @typedef {{id: string, port: string}} Output where the edge to the new node begins
 */

import { addEdge, addNode, insertInto, newId } from "../lib/operations.js";
import { centre, placed, snap, union } from "../lib/geometry.js";
import { isPhone } from "./viewport.js";

/** How far a new node keeps from all others, in world pixels; and from the one after which it is added. */
const ROOM = 40;
const GAP = 56;
const STEP = 8;
/** How far up or down free room is looked for, before it is looked for further to the right. */
const REACH = 800;
const COLUMNS = 4;

export class Additions {
  #parts;

  constructor({ catalogue, editing, focus, graph, renderer, selection, viewport }) {
    this.#parts = { catalogue, editing, focus, graph, renderer, selection, viewport };
  }

  /** Add a node of a kind, beside the selection, around a point, with its corner there or in the middle, with edges that `link` makes. */
  add(kind, { at, corner, link } = {}) {
    const { catalogue, selection, viewport } = this.#parts;
    const { width, height } = catalogue[kind];
    const beside = this.#parts.graph.node(selection.node);
    const where = corner ? corner : at ? placed(at, width, height) : beside ? this.#after(beside.id, width, height) : this.#near(placed(viewport.centre, width, height), width, height);
    this.#put(kind, where, link);
  }

  /** Add a node after another, connected with it if it has an output and the new one an input. @param {Output} output */
  after({ id, port }, kind) {
    const { catalogue } = this.#parts;
    const { width, height, inputs: [into] } = catalogue[kind];
    this.#put(kind, this.#after(id, width, height), (node) => (into ? [addEdge(id, port, node.id, into)] : []));
  }

  /** Add a node in the middle of an edge, or with its corner there, so that the edge leads through it. @param {string} id the edge's */
  into(id, kind, corner = null) {
    const { catalogue, graph } = this.#parts;
    const edge = graph.edge(id);
    if (!edge) return;
    const { width, height } = catalogue[kind];
    const [from, to] = [edge.source, edge.target].map((end) => graph.rect(graph.standIn(end)));
    const middle = union([from, to].map((rect) => ({ ...centre(rect), width: 0, height: 0 })));
    this.#put(kind, corner ?? this.#near(placed(centre(middle), width, height), width, height), (node) => insertInto(edge, { ...catalogue[kind], id: node.id }));
  }

  /** The first output of a node that has no edge; if all have one, the first. @returns {Output|null} null for a node without outputs */
  outputOf(id) {
    const { catalogue, graph } = this.#parts;
    const node = graph.node(id);
    if (!node?.outputs.length) return null;
    const used = new Set(graph.edgesOf(id).filter((edge) => edge.source === id).map((edge) => edge.sourcePort));
    const [free = catalogue[node.kind].default_output ?? node.outputs[0]] = node.outputs.filter((port) => !used.has(port));
    return { id, port: free };
  }

  #put(kind, where, link) {
    const { catalogue, editing, focus, graph, renderer, selection, viewport } = this.#parts;
    const { width, height } = catalogue[kind];
    const parent = kind === "group" ? null : graph.groupFinder()(centre({ ...where, width, height }));
    const node = { id: newId("n"), kind, ...where, ...(parent && { parent }) };
    if (!editing.submit([addNode(node), ...(link?.(node) ?? [])]).length) return;
    selection.set({ nodes: [node.id] });
    renderer.flush();
    // On a phone the sheet brings it into sight above itself.
    if (isPhone()) return;
    viewport.reveal({ ...where, width, height });
    focus.node(node.id);
  }

  /** The nearest free room right of a node, level with it. */
  #after(id, width, height) {
    const rect = this.#parts.graph.rect(this.#parts.graph.standIn(id));
    return this.#near({ x: snap(rect.x + rect.width + GAP), y: snap(rect.y + (rect.height - height) / 2) }, width, height);
  }

  /** The free place nearest to the wanted one: lower, higher, or in a column further to the right. */
  #near({ x, y }, width, height) {
    const { graph } = this.#parts;
    const others = [...graph.visibleNodes()].filter(({ kind, collapsed }) => kind !== "group" || collapsed).map(({ id }) => graph.rect(id));
    for (let column = 0; column < COLUMNS; column += 1) {
      const left = snap(x + column * (width + GAP));
      const near = others.filter((one) => one.x - ROOM < left + width && left < one.x + one.width + ROOM);
      const isFree = (top) => near.every((one) => one.y - ROOM >= top + height || top >= one.y + one.height + ROOM);
      for (let by = 0; by <= REACH; by += STEP) for (const top of [y + by, y - by]) if (isFree(top)) return { x: left, y: top };
    }
    return { x, y };
  }
}
