/**
 * The client's model of the flow: which nodes and edges there are, and where.
 *
 * For each node it keeps what the server last said (`base`), lays my unacknowledged edits over it (`x`, `y`, `width`, `height`,
 * and by `OptimisticRendering` all that is drawn), and over that what moves this very moment in a drag, mine or another person's (`live`). Content
 * stays in the element, which the server rendered; the model knows only what gestures need. It never touches the document
 * tree: the renderer does.
 *
 * Events: `change` (detail: {nodes: Set<string>, edges: Set<string>}) names what must be drawn again, `move` (detail: {nodes}) what
 * is only in another place. A change of any size is told once: `batch`.
 *
 * @typedef {import("../lib/geometry.js").Rect} Rect
 * @typedef {{id: string, kind: string, label: string, parent: string|null, base: Rect & {kind: string, parent: string|null}, x: number,
 *   y: number, width: number, height: number, live: Rect|null, gone: boolean, isMine: boolean, element: HTMLElement,
 *   inputs: string[], outputs: string[], colour: string, enabled: boolean, collapsed: boolean, order: number, stack?: string, said?: object}} NodeRecord `order`: its place in the document
 * @typedef {{source: string, sourcePort: string, target: string, targetPort: string}} Ends
 * @typedef {Ends & {id: string, base: Ends, gone: boolean, isMine: boolean, element: SVGGElement, label: HTMLElement|null, order: number,
 *   said?: {label: string, animated: boolean}}} EdgeRecord
 */

import { contains, folded } from "../lib/geometry.js";
import { changed, isMove, project } from "../lib/pending.js";

/** Unsent edits may put two groups into each other, until one is refused. */
const MAX_DEPTH = 64;

export class Graph extends EventTarget {
  /** @type {Map<string, NodeRecord>} */
  nodes = new Map();
  /** @type {Map<string, EdgeRecord>} */
  edges = new Map();
  /** The ids of edges at a node, by node: those that the server has there, and those that edits of mine put there. */
  #incident = new Map();
  #members = new Map();
  /** The collapsed groups: while there are none, every node stands for itself. */
  #collapsed = new Set();
  #patched = { nodes: new Map(), edges: new Map(), counts: new Map() };
  #rendering;
  #arrivals = 0;
  /** What changed and is not told yet. */
  #untold = { nodes: new Set(), edges: new Set(), moved: new Set() };
  #depth = 0;

  /** @param {{node: Function, edge: Function, traits: Function, confirm: Function, showNode: Function, showEdge: Function, moveEdge: Function}} rendering shows edits that are on their way */
  constructor(rendering) {
    super();
    this.#rendering = rendering;
  }

  /** Make several changes and tell of them once. @param {() => void} change */
  batch(change) {
    this.#depth += 1;
    try {
      change();
    } finally {
      this.#depth -= 1;
      if (!this.#depth) this.#tell();
    }
  }

  /** What comes next is the whole document, in its order. */
  renumber() {
    for (const records of [this.nodes, this.edges]) for (const record of records.values()) record.order = Infinity;
  }

  /** A node that is shown: not removed by an edit of mine on its way. @returns {NodeRecord|undefined} */
  node(id) {
    const record = this.nodes.get(id);
    return record && !record.gone ? record : undefined;
  }

  edge(id) {
    const record = this.edges.get(id);
    return record && !record.gone ? record : undefined;
  }

  /** The nodes that are drawn. */
  *visibleNodes() {
    for (const record of this.nodes.values()) if (!record.gone && this.standIn(record.id) === record.id) yield record;
  }

  /** What is drawn of a node: the outermost collapsed group around it, or the node itself. @returns {string} */
  standIn(id) {
    let shown = id;
    let at = this.#collapsed.size ? this.nodes.get(id)?.parent : null;
    for (let depth = 0; at && depth < MAX_DEPTH; depth += 1) {
      if (this.#collapsed.has(at)) shown = at;
      at = this.nodes.get(at)?.parent;
    }
    return shown;
  }

  /** Whether a node is drawn: neither gone nor inside a collapsed group. */
  isDrawn(id) {
    return this.node(id) !== undefined && this.standIn(id) === id;
  }

  /** Whether an edge is drawn: not between members of one collapsed group. */
  isEdgeDrawn(id) {
    const edge = this.edge(id);
    return Boolean(edge && this.node(edge.source) && this.node(edge.target) && this.standIn(edge.source) !== this.standIn(edge.target));
  }

  /** The edges that are drawn to a node: its own, or those of a collapsed group's members. @returns {EdgeRecord[]} */
  drawnEdgesOf(id) {
    const ids = this.node(id)?.collapsed ? [...this.withMembers([id])] : [id];
    return ids.flatMap((one) => this.edgesOf(one)).filter((edge) => this.isEdgeDrawn(edge.id));
  }

  /** @returns {EdgeRecord[]} */
  edgesOf(id) {
    return this.#edgesAt(id).filter((edge) => !edge.gone && (edge.source === id || edge.target === id));
  }

  /** Direct members of a group, in the document's order: of those that the server has there, and those that edits of mine put there. */
  membersOf(id) {
    const ids = new Set(this.#members.get(id));
    for (const [node, { parent }] of this.#patched.nodes) if (parent === id) ids.add(node);
    const members = Array.from(ids, (node) => this.nodes.get(node)).filter((node) => node && !node.gone && node.parent === id);
    return members.sort((one, other) => (one.order === other.order ? 0 : one.order - other.order));
  }

  /** These and everything inside them. @returns {Set<string>} */
  withMembers(ids) {
    const all = new Set(ids);
    for (const id of all) if (this.nodes.get(id)?.kind === "group") for (const node of this.membersOf(id)) all.add(node.id);
    return all;
  }

  /** These without those inside another of them. @param {Set<string>} ids @returns {string[]} */
  rootsOf(ids) {
    const inside = (id) => {
      for (let at = this.nodes.get(id)?.parent; at; at = this.nodes.get(at)?.parent) if (ids.has(at)) return true;
      return false;
    };
    return [...ids].filter((id) => this.node(id) && !inside(id));
  }

  /**
   * Find the smallest open group around a point. The groups are looked up once, for any number of points.
   * @param {{has(id: string): boolean}} [except] @returns {(point: {x: number, y: number}) => string|null}
   */
  groupFinder(except = new Set()) {
    const open = [...this.visibleNodes()].filter(({ id, kind, collapsed }) => kind === "group" && !collapsed && !except.has(id));
    const sorted = open.sort((one, other) => one.width * one.height - other.width * other.height);
    return (point) => sorted.find(({ id }) => contains(this.rect(id), point))?.id ?? null;
  }

  /** Where a node is drawn now: a collapsed group is as large as its header. @returns {Rect} */
  rect(id) {
    const record = this.nodes.get(id);
    const rect = record.live ?? record;
    return record.collapsed ? folded(rect) : rect;
  }

  /** @param {HTMLElement} element @param {boolean} [isMine] whether only this page knows of it yet: then it lies above all others */
  putNode(element, isMine = false) {
    const id = element.dataset.nodeId;
    const before = this.nodes.get(id);
    if (before) this.#members.get(before.base.parent)?.delete(id);
    const base = baseOf(element);
    const record = { id, ...base, base, live: before?.live ?? null, gone: false, isMine, element, order: Infinity, ...this.#rendering.traits(element) };
    this.#place(this.nodes, record, before);
    bucket(this.#members, base.parent).add(id);
    this.#lay(id);
    this.#change([id]);
    return record;
  }

  /** Take the server's state of a node whose element stays during a gesture. */
  confirm(element) {
    const record = this.nodes.get(element.dataset.nodeId);
    if (!record) return;
    this.#members.get(record.base.parent)?.delete(record.id);
    Object.assign(record, { base: baseOf(element), isMine: false });
    this.#place(this.nodes, record, record);
    bucket(this.#members, record.base.parent).add(record.id);
    this.#rendering.confirm(record, element);
    this.#lay(record.id);
    this.#change([record.id]);
  }

  putEdge(element, label = null, isMine = false) {
    const { edgeId: id, source, target, sourcePort, targetPort } = element.dataset;
    const before = this.edges.get(id);
    const base = { source, sourcePort, target, targetPort };
    this.#unlink(before);
    this.#place(this.edges, { id, ...base, base, gone: false, isMine, element, label, order: Infinity }, before);
    this.#link(base, id);
    this.#layEdge(id);
    this.#change(before ? [before.source, before.target] : [], [id]);
  }

  dropNode(id) {
    const record = this.nodes.get(id);
    if (!record) return;
    this.nodes.delete(id);
    this.#collapsed.delete(id);
    this.#members.get(record.base.parent)?.delete(id);
    this.#change([id]);
  }

  dropEdge(id) {
    const edge = this.edges.get(id);
    if (!edge) return;
    this.#unlink(edge);
    this.edges.delete(id);
    this.#change([edge.source, edge.target], [id]);
  }

  /** The server says where a node is. */
  place(id, x, y, width, height) {
    const record = this.nodes.get(id);
    if (!record) return;
    Object.assign(record.base, { x, y, width, height });
    this.#lay(id);
    this.#move([id]);
  }

  /** Show nodes where a gesture has them, for now; null shows them where they are. @param {Iterable<string>} ids @param {(record: NodeRecord) => Rect|null} where */
  previewRects(ids, where) {
    const previewed = new Set(ids);
    for (const id of previewed) {
      const record = this.nodes.get(id);
      if (record) record.live = where(record);
    }
    this.#move(previewed);
  }

  /** Lay my unacknowledged edits over the server's truth: what they change anew is drawn anew. @param {Iterable<object>} operations */
  lay(operations) {
    this.batch(() => this.#project(operations));
  }

  #project(operations) {
    const before = this.#patched;
    const now = this.projected(operations);
    this.#patched = now;
    const counted = changed(before.counts, now.counts);
    const nodes = new Set([...changed(before.nodes, now.nodes), ...counted]);
    const edges = changed(before.edges, now.edges);
    for (const id of nodes) if (now.nodes.get(id)?.added && !this.nodes.has(id)) this.#add(now.nodes.get(id).added);
    for (const id of edges) if (now.edges.get(id)?.added && !this.edges.has(id)) this.#connect(now.edges.get(id).added);
    for (const id of nodes) this.#lay(id);
    for (const id of edges) this.#layEdge(id);
    const [moved, others] = [[], []];
    for (const id of nodes) (counted.has(id) || !isMove(before.nodes.get(id), now.nodes.get(id)) ? others : moved).push(id);
    this.#change(others, edges);
    this.#move(moved);
  }

  /** What operations would change in what the server has. @param {Iterable<object>} operations @returns {import("../lib/pending.js").Differences} */
  projected(operations) {
    return project({ node: (id) => this.#baseNode(id), members: (id) => this.#members.get(id) ?? [], edge: (id) => this.#baseEdge(id), edges: (id) => this.#baseEdges(id) }, operations);
  }

  #baseNode(id) {
    const record = this.nodes.get(id);
    return record && !record.isMine ? record.base : undefined;
  }

  #baseEdge(id) {
    const record = this.edges.get(id);
    if (!record || record.isMine) return undefined;
    const { source, sourcePort, target, targetPort } = record.base;
    return { source, source_port: sourcePort, target, target_port: targetPort };
  }

  #baseEdges(id) {
    return this.#edgesAt(id).filter(({ isMine, base }) => !isMine && (base.source === id || base.target === id)).map((edge) => edge.id);
  }

  #edgesAt(id) {
    return Array.from(this.#incident.get(id) ?? [], (edge) => this.edges.get(edge));
  }

  #add(node) {
    this.putNode(this.#rendering.node(node), true);
  }

  #connect(edge) {
    this.putEdge(this.#rendering.edge(edge), null, true);
  }

  #lay(id) {
    const record = this.nodes.get(id);
    const patch = this.#patched.nodes.get(id);
    if (!record) return;
    if (record.isMine && !patch?.added) {
      this.dropNode(id);
      return;
    }
    const { x, y, width, height, parent } = { ...record.base, ...patch };
    Object.assign(record, { x, y, width, height, parent, gone: Boolean(patch?.gone) });
    const members = this.#patched.counts.get(id);
    // Another place shows by itself.
    if (record.said || members || (patch && !isMove({}, patch))) this.#rendering.showNode(record, patch, members);
    if (record.collapsed && !record.gone) this.#collapsed.add(id);
    else this.#collapsed.delete(id);
  }

  #layEdge(id) {
    const record = this.edges.get(id);
    const patch = this.#patched.edges.get(id);
    if (!record) return;
    if (record.isMine && !patch?.added) {
      this.dropEdge(id);
      return;
    }
    record.gone = Boolean(patch?.gone);
    this.#moveEdge(record, patch);
    this.#rendering.showEdge(record, patch);
  }

  /** Let an edge begin and end where my edits have it, or where the server has it. */
  #moveEdge(record, patch = {}) {
    const { base, source, target } = record;
    const { source_port: sourcePort = base.sourcePort, target_port: targetPort = base.targetPort } = patch;
    const ends = { source: patch.source ?? base.source, sourcePort, target: patch.target ?? base.target, targetPort };
    if (Object.keys(ends).every((name) => ends[name] === record[name])) return;
    this.#unlink(record);
    Object.assign(record, ends);
    this.#link(base, record.id);
    this.#link(ends, record.id);
    this.#rendering.moveEdge(record);
    this.#change([source, target]);
  }

  #link({ source, target }, id) {
    for (const end of [source, target]) bucket(this.#incident, end).add(id);
  }

  #unlink(edge) {
    if (edge) for (const end of [edge.source, edge.target, edge.base.source, edge.base.target]) this.#incident.get(end)?.delete(edge.id);
  }

  /** Give a record its place: where it was, else after all that the server has told of. */
  #place(records, record, before) {
    const isPlaced = before && before.order !== Infinity;
    if (!isPlaced) records.delete(record.id);
    if (isPlaced) record.order = before.order;
    else if (!record.isMine) record.order = this.#arrivals += 1;
    records.set(record.id, record);
  }

  #move(nodes) {
    for (const id of nodes) this.#untold.moved.add(id);
    if (!this.#depth) this.#tell();
  }

  #change(nodes = [], edges = []) {
    for (const id of nodes) this.#untold.nodes.add(id);
    for (const id of edges) this.#untold.edges.add(id);
    if (!this.#depth) this.#tell();
  }

  #tell() {
    const { nodes, edges, moved } = this.#untold;
    this.#untold = { nodes: new Set(), edges: new Set(), moved: new Set() };
    if (nodes.size || edges.size) this.dispatchEvent(new CustomEvent("change", { detail: { nodes, edges } }));
    if (moved.size) this.dispatchEvent(new CustomEvent("move", { detail: { nodes: moved } }));
  }
}

function baseOf({ dataset }) {
  const { kind, x, y, width, height, parent } = dataset;
  return { kind, x: Number(x), y: Number(y), width: Number(width), height: Number(height), parent: parent || null };
}

function bucket(map, key) {
  if (!map.has(key)) map.set(key, new Set());
  return map.get(key);
}
