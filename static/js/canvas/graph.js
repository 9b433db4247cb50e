/**
 * The client's model of the flow: which nodes and edges there are, and where.
 *
 * For each node it keeps what the server last said (`base`), lays my unacknowledged edits over it (`x`, `y`, `width`, `height`,
 * and by `Looks` all that is drawn), and over that what moves this very moment under my hand or somebody else's (`live`). Content
 * stays in the element, which the server rendered; the model knows only what gestures need. It never touches the document
 * tree: the stage does.
 *
 * Event `change` (detail: {nodes: Set<string>, edges: Set<string>}) names what must be drawn again.
 *
 * @typedef {import("../lib/geometry.js").Rect} Rect
 * @typedef {{id: string, kind: string, label: string, parent: string|null, base: Rect & {kind: string, parent: string|null}, x: number,
 *   y: number, width: number, height: number, live: Rect|null, gone: boolean, isMine: boolean, element: HTMLElement,
 *   inputs: string[], outputs: string[], colour: string, enabled: boolean, said?: object}} NodeRecord
 * @typedef {{id: string, source: string, sourcePort: string, target: string, targetPort: string, gone: boolean, isMine: boolean,
 *   element: SVGGElement, label: HTMLElement|null, said?: {label: string, animated: boolean}}} EdgeRecord
 */

import { changed, project } from "../lib/pending.js";

export class Graph extends EventTarget {
  /** @type {Map<string, NodeRecord>} */
  nodes = new Map();
  /** @type {Map<string, EdgeRecord>} */
  edges = new Map();
  #incident = new Map();
  #members = new Map();
  #patched = { nodes: new Map(), edges: new Map(), counts: new Map() };
  #blanks;
  #looks;

  /**
   * @param {{node: (node: object) => HTMLElement, edge: (edge: object) => SVGGElement}} blanks make what the server has not rendered yet
   * @param {{traits: Function, confirm: Function, wear: Function, dress: Function}} looks what is drawn of an element, and of what waits
   */
  constructor(blanks, looks) {
    super();
    this.#blanks = blanks;
    this.#looks = looks;
  }

  /** A node that is there for the eye: not removed by an edit of mine on its way. @returns {NodeRecord|undefined} */
  node(id) {
    const record = this.nodes.get(id);
    return record && !record.gone ? record : undefined;
  }

  edge(id) {
    const record = this.edges.get(id);
    return record && !record.gone ? record : undefined;
  }

  *visibleNodes() {
    for (const record of this.nodes.values()) if (!record.gone) yield record;
  }

  /** @returns {EdgeRecord[]} */
  edgesOf(id) {
    return [...(this.#incident.get(id) ?? [])].map((edge) => this.edges.get(edge)).filter((edge) => edge && !edge.gone);
  }

  /** Direct members of a group. */
  membersOf(id) {
    return [...this.visibleNodes()].filter((node) => node.parent === id);
  }

  /** These and everything inside them. @returns {Set<string>} */
  withMembers(ids) {
    const all = new Set(ids);
    for (const id of all) if (this.nodes.get(id)?.kind === "group") for (const node of this.membersOf(id)) all.add(node.id);
    return all;
  }

  /** Where a node is drawn now. @returns {Rect} */
  rect(id) {
    const record = this.nodes.get(id);
    return record.live ?? record;
  }

  putNode(element) {
    const id = element.dataset.nodeId;
    const before = this.nodes.get(id);
    if (before) this.#members.get(before.base.parent)?.delete(id);
    const base = baseOf(element);
    const record = { id, ...base, base, live: before?.live ?? null, gone: false, isMine: false, element, ...this.#looks.traits(element) };
    this.nodes.set(id, record);
    bucket(this.#members, base.parent).add(id);
    this.#lay(id);
    this.#change([id]);
    return record;
  }

  /** The server's word on a node whose element is in somebody's hand: where it is, and that it is. */
  confirm(element) {
    const record = this.nodes.get(element.dataset.nodeId);
    if (!record) return;
    this.#members.get(record.base.parent)?.delete(record.id);
    Object.assign(record, { base: baseOf(element), isMine: false });
    bucket(this.#members, record.base.parent).add(record.id);
    this.#looks.confirm(record, element);
    this.#lay(record.id);
    this.#change([record.id]);
  }

  putEdge(element, label = null) {
    const { edgeId: id, source, target, sourcePort, targetPort } = element.dataset;
    const before = this.edges.get(id);
    this.#unlink(before);
    this.edges.set(id, { id, source, target, sourcePort, targetPort, gone: false, isMine: false, element, label });
    for (const end of [source, target]) bucket(this.#incident, end).add(id);
    this.#layEdge(id);
    this.#change(before ? [before.source, before.target] : [], [id]);
  }

  dropNode(id) {
    const record = this.nodes.get(id);
    if (!record) return;
    this.nodes.delete(id);
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

  /** The server's word on where a node is. */
  place(id, x, y, width, height) {
    const record = this.nodes.get(id);
    if (!record) return;
    Object.assign(record.base, { x, y, width, height });
    this.#lay(id);
    this.#change([id]);
  }

  /** Show nodes where a gesture has them; null gives them back. @param {Iterable<string>} ids @param {(record: NodeRecord) => Rect|null} where */
  hold(ids, where) {
    const held = new Set(ids);
    for (const id of held) {
      const record = this.nodes.get(id);
      if (record) record.live = where(record);
    }
    this.#change(held);
  }

  /** Lay my unacknowledged edits over the server's truth: what they change anew is drawn anew. @param {Iterable<object>} operations */
  lay(operations) {
    const before = this.#patched;
    const now = project({ node: (id) => this.#baseNode(id), members: (id) => this.#members.get(id) ?? [], edges: (id) => this.#baseEdges(id) }, operations);
    this.#patched = now;
    const nodes = new Set([...changed(before.nodes, now.nodes), ...changed(before.counts, now.counts)]);
    const edges = changed(before.edges, now.edges);
    for (const id of nodes) if (now.nodes.get(id)?.added && !this.nodes.has(id)) this.#add(now.nodes.get(id).added);
    for (const id of edges) if (now.edges.get(id)?.added && !this.edges.has(id)) this.#connect(now.edges.get(id).added);
    for (const id of nodes) this.#lay(id);
    for (const id of edges) this.#layEdge(id);
    if (nodes.size || edges.size) this.#change(nodes, edges);
  }

  #baseNode(id) {
    const record = this.nodes.get(id);
    return record && !record.isMine ? record.base : undefined;
  }

  *#baseEdges(id) {
    for (const key of this.#incident.get(id) ?? []) {
      const edge = this.edges.get(key);
      if (!edge.isMine) yield { id: key, source: edge.source, source_port: edge.sourcePort };
    }
  }

  #add(node) {
    this.putNode(this.#blanks.node(node)).isMine = true;
  }

  #connect(edge) {
    this.putEdge(this.#blanks.edge(edge));
    this.edges.get(edge.id).isMine = true;
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
    this.#looks.wear(record, patch, this.#patched.counts.get(id));
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
    this.#looks.dress(record, patch);
  }

  #unlink(edge) {
    if (edge) for (const end of [edge.source, edge.target]) this.#incident.get(end)?.delete(edge.id);
  }

  #change(nodes = [], edges = []) {
    this.dispatchEvent(new CustomEvent("change", { detail: { nodes: new Set(nodes), edges: new Set(edges) } }));
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
