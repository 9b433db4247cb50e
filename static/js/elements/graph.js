/**
 * The client's model of the flow: which nodes and edges there are, and where.
 *
 * For each node it keeps what the server last said (`base`), lays my unacknowledged edits over it (`x`, `y`, `width`, `height`),
 * and over that what moves this very moment under my hand or somebody else's (`live`). Content stays in the element, which the
 * server rendered; the model knows only what gestures need. It never touches the document tree: the stage does.
 *
 * Event `change` (detail: {nodes: Set<string>, edges: Set<string>}) names what must be drawn again.
 *
 * @typedef {import("../lib/geometry.js").Rect} Rect
 * @typedef {{id: string, kind: string, label: string, parent: string|null, base: Rect & {parent: string|null}, x: number,
 *   y: number, width: number, height: number, live: Rect|null, gone: boolean, isMine: boolean, element: HTMLElement,
 *   inputs: string[], outputs: string[], colour: string}} NodeRecord
 * @typedef {{id: string, source: string, sourcePort: string, target: string, targetPort: string, gone: boolean, isMine: boolean,
 *   element: SVGGElement, label: HTMLElement|null}} EdgeRecord
 */

import { project } from "../lib/pending.js";

export class Graph extends EventTarget {
  /** @type {Map<string, NodeRecord>} */
  nodes = new Map();
  /** @type {Map<string, EdgeRecord>} */
  edges = new Map();
  #incident = new Map();
  #members = new Map();
  #patched = { nodes: new Map(), edges: new Map() };
  #blanks;
  #colours;

  /**
   * @param {{node: (node: object) => HTMLElement, edge: (edge: object) => SVGGElement}} blanks make what the server has not rendered yet
   * @param {Record<string, string>} colours by kind
   */
  constructor(blanks, colours = {}) {
    super();
    this.#blanks = blanks;
    this.#colours = colours;
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
    const { nodeId: id, kind, label = "" } = element.dataset;
    const before = this.nodes.get(id);
    if (before) this.#members.get(before.base.parent)?.delete(id);
    const base = baseOf(element);
    const record = { id, kind, label, ...base, base, live: before?.live ?? null, gone: false, isMine: false, element, ...this.#traits(element) };
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
    this.#lay(record.id);
    this.#change([record.id]);
  }

  putEdge(element, label = null) {
    const { edgeId: id, source, target, sourcePort, targetPort } = element.dataset;
    this.#unlink(this.edges.get(id));
    this.edges.set(id, { id, source, target, sourcePort, targetPort, gone: Boolean(this.#patched.edges.get(id)?.gone), isMine: false, element, label });
    for (const end of [source, target]) bucket(this.#incident, end).add(id);
    this.#change([], [id]);
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

  /** Lay my unacknowledged edits over the server's truth. @param {Iterable<object>} operations */
  lay(operations) {
    const before = this.#patched;
    this.#patched = project({ node: (id) => this.#baseNode(id), members: (id) => this.#members.get(id) ?? [] }, operations);
    for (const [id, { added }] of this.#patched.nodes) if (added && !this.nodes.has(id)) this.#add(added);
    for (const [id, { added }] of this.#patched.edges) if (added && !this.edges.has(id)) this.#connect(added);
    const nodes = new Set([...before.nodes.keys(), ...this.#patched.nodes.keys()]);
    const edges = new Set([...before.edges.keys(), ...this.#patched.edges.keys()]);
    for (const id of nodes) this.#lay(id);
    for (const id of edges) this.#layEdge(id);
    this.#change(nodes, edges);
  }

  /** What gestures ask of an element, read once. */
  #traits(element) {
    const ports = (direction) => Array.from(element.querySelectorAll(`[data-direction=${direction}]`), (port) => port.dataset.port);
    return { inputs: ports("in"), outputs: ports("out"), colour: element.dataset.colour ?? this.#colours[element.dataset.kind] ?? "gray" };
  }

  #baseNode(id) {
    const record = this.nodes.get(id);
    return record && !record.isMine ? { ...record.base, kind: record.kind } : undefined;
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
    if (patch?.label !== undefined || record.label !== record.element.dataset.label) this.#label(record, patch?.label);
  }

  #label(record, label = record.element.dataset.label ?? "") {
    record.label = label;
    const shown = record.element.querySelector("[data-node-label]");
    if (shown && !shown.isContentEditable) shown.textContent = label;
  }

  #layEdge(id) {
    const record = this.edges.get(id);
    const patch = this.#patched.edges.get(id);
    if (!record) return;
    if (record.isMine && !patch?.added) this.dropEdge(id);
    else record.gone = Boolean(patch?.gone);
  }

  #unlink(edge) {
    if (edge) for (const end of [edge.source, edge.target]) this.#incident.get(end)?.delete(edge.id);
  }

  #change(nodes = [], edges = []) {
    this.dispatchEvent(new CustomEvent("change", { detail: { nodes: new Set(nodes), edges: new Set(edges) } }));
  }
}

function baseOf({ dataset }) {
  const { x, y, width, height, parent } = dataset;
  return { x: Number(x), y: Number(y), width: Number(width), height: Number(height), parent: parent || null };
}

function bucket(map, key) {
  if (!map.has(key)) map.set(key, new Set());
  return map.get(key);
}
