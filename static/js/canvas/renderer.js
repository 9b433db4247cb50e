/**
 * Puts the model on the page: attaches what is in view, writes places, draws edges; once a frame, and only writing.
 *
 * Up to 600 nodes everything stays attached. Beyond, `Culling` says what is in the document.
 *
 * What lies on top follows from the document, never from what arrived when: nodes and edges lie in its order, groups by nesting,
 * the smaller above the larger, as the server draws them (`flows/rendering/layers.py`).
 *
 * Event `drawn` after each frame that changed something (detail: {nodes, edges}), `moved` when things only changed place.
 */

import { arrange } from "../lib/make.js";
import { edgePath, intersects } from "../lib/geometry.js";
import { edgeName } from "../lib/texts.js";

const MAX_ALL_ATTACHED = 600;
const MARGIN = 200;

export class Renderer extends EventTarget {
  #graph;
  #viewport;
  #layers;
  #section;
  /** Loaded when it is first needed. @type {import("./culling.js").Culling|null} */
  #culling = null;
  #loading = null;
  #nodes = new Set();
  #edges = new Set();
  #moved = new Set();
  #frame = 0;
  #wasLarge = false;
  /** The groups whose members were not drawn. */
  #closed = new Set();
  /** @type {Map<string, Element>} what is attached, by node or edge id with a prefix */
  #attached = new Map();
  /** What must find its place in its layer. @type {Map<string, Set<Element>>} */
  #unplaced = new Map();
  /** @type {() => Iterable<string>} nodes that must stay attached when they are */
  pinned = () => [];

  /**
   * @param {Record<string, Element>} layers by name
   * @param {import("./graph.js").Graph} graph
   * @param {import("./viewport.js").Viewport} viewport
   * @param {HTMLElement} section the canvas, where the overview goes
   */
  constructor(layers, graph, viewport, section) {
    super();
    this.#section = section;
    this.#layers = layers;
    this.#graph = graph;
    this.#viewport = viewport;
    for (const layer of ["groups", "nodes", "edges", "labels"]) this.#remember(layers[layer].children);
    graph.addEventListener("change", ({ detail }) => this.#stale(detail));
    graph.addEventListener("move", ({ detail }) => this.#shifted(detail));
    viewport.addEventListener("change", () => this.#isLarge && this.#ask());
  }

  get #isLarge() {
    return this.#graph.nodes.size > MAX_ALL_ATTACHED;
  }

  #remember(elements) {
    for (const element of elements) this.#attached.set(element.id, element);
  }

  #stale({ nodes, edges }) {
    for (const id of nodes) this.#nodes.add(id);
    for (const id of edges) this.#edges.add(id);
    this.#ask();
  }

  #shifted({ nodes }) {
    for (const id of nodes) this.#moved.add(id);
    this.#ask();
  }

  #ask() {
    this.#frame ||= requestAnimationFrame(() => this.flush());
  }

  /** Take away what the page came with inside collapsed groups, as the sheet hid it until now. */
  hideMembers() {
    for (const { id, collapsed } of this.#graph.nodes.values()) if (collapsed) this.#nodes.add(id);
    if (this.#nodes.size) this.flush();
  }

  /** Write now what waits for the next frame. */
  flush() {
    cancelAnimationFrame(this.#frame);
    this.#frame = 0;
    const [nodes, edges, moved] = [this.#nodes, this.#edges, this.#moved];
    this.#nodes = new Set();
    this.#edges = new Set();
    this.#moved = new Set();
    for (const id of [...nodes]) for (const member of this.#changedInside(id)) nodes.add(member);
    if (this.#isLarge || this.#wasLarge || this.#culling?.isBehind) this.#cull();
    this.#wasLarge = this.#isLarge;
    for (const id of new Set([...nodes, ...moved])) this.#node(id);
    for (const id of this.#edgesAround(nodes, moved, edges)) this.#edge(id);
    this.#arrange();
    if (nodes.size || edges.size) this.dispatchEvent(new CustomEvent("drawn", { detail: { nodes, edges } }));
    if (moved.size) this.dispatchEvent(new CustomEvent("moved", { detail: { nodes: moved } }));
  }

  /** Have a node in the document now, wherever it is: so that it can take the focus. */
  bring(id) {
    this.flush();
    if (this.#attached.has(`n-${id}`) || !this.#graph.isDrawn(id)) return;
    this.#come(this.#graph.nodes.get(id));
    this.#arrange();
  }

  #edgesAround(nodes, moved, edges) {
    const all = new Set(edges);
    for (const ids of [nodes, moved]) for (const id of ids) for (const edge of this.#graph.edgesOf(id)) all.add(edge.id);
    return all;
  }

  /** What is inside a group that hides its members, or hides them no more. @returns {Iterable<string>} */
  #changedInside(id) {
    const record = this.#graph.nodes.get(id);
    const [was, isClosed] = [this.#closed.has(id), record?.kind === "group" && (record.collapsed || !this.#graph.isDrawn(id))];
    if (isClosed) this.#closed.add(id);
    else this.#closed.delete(id);
    return record && (was || isClosed) ? this.#graph.withMembers([id]) : [];
  }

  #node(id) {
    const record = this.#graph.nodes.get(id);
    if (!this.#graph.isDrawn(id)) return this.#detach(`n-${id}`);
    if (this.#shows(id)) this.#attach(layerOf(record), `n-${id}`, record.element);
    if (layerOf(record) === "groups") this.#restack(record);
    place(record, this.#graph.rect(id));
    return undefined;
  }

  #edge(id) {
    const record = this.#graph.edges.get(id);
    if (!this.#graph.isEdgeDrawn(id)) {
      this.#detach(`e-${id}`);
      return this.#detach(`l-${id}`);
    }
    if (this.#attached.has(`e-${id}`) || [record.source, record.target].some((end) => this.#shows(this.#graph.standIn(end)))) this.#join(record);
    draw(record, this.#graph);
    return undefined;
  }

  #join(record) {
    this.#attach("edges", `e-${record.id}`, record.element);
    if (record.label) this.#attach("labels", `l-${record.id}`, record.label);
    else this.#detach(`l-${record.id}`);
  }

  #attach(layer, key, element) {
    const before = this.#attached.get(key);
    if (before === element) return;
    const had = before?.contains(document.activeElement);
    if (before) {
      keep(before, element);
      before.replaceWith(element);
    }
    this.#unplace(layer, element);
    this.#attached.set(key, element);
    if (had) element.focus({ preventScroll: true });
  }

  #detach(key) {
    this.#attached.get(key)?.remove();
    this.#attached.delete(key);
  }

  #unplace(layer, element) {
    if (!this.#unplaced.has(layer)) this.#unplaced.set(layer, new Set());
    this.#unplaced.get(layer).add(element);
  }

  /** The place of a group or a note in the stack follows its nesting and its size. */
  #restack(record) {
    const stack = `${depth(this.#graph, record)} ${area(record)}`;
    if (record.stack !== stack) this.#unplace("groups", record.element);
    record.stack = stack;
  }

  /** Put what is new into its place, one pass for each layer. */
  #arrange() {
    for (const [layer, fresh] of this.#unplaced) {
      // A group's nesting is also that of all inside it.
      const elements = layer === "groups" ? [...this.#layers.groups.children, ...fresh] : fresh;
      const isAttached = ({ id }) => this.#attached.has(id);
      arrange(this.#layers[layer], [...elements].filter(isAttached), (one, other) => this.#compare(layer, one, other));
    }
    this.#unplaced.clear();
  }

  /** @returns {number} below zero where the first lies below the second */
  #compare(layer, one, other) {
    const { nodes, edges } = this.#graph;
    const [a, b] = [one, other].map(({ dataset }) => nodes.get(dataset.nodeId) ?? edges.get(dataset.edgeId ?? dataset.labelOf));
    if (layer === "groups") return depth(this.#graph, a) - depth(this.#graph, b) || area(b) - area(a) || (a.id < b.id ? -1 : 1);
    return before(a?.order, b?.order);
  }

  #shows(id) {
    if (!this.#isLarge || this.#attached.has(`n-${id}`)) return true;
    return intersects(this.#culling?.rect ?? this.#viewport.visibleRect(MARGIN), this.#graph.rect(id));
  }

  #cull() {
    this.#culling?.update(this.#isLarge);
    if (this.#culling?.isBehind) this.#ask();
    this.#loading ??= import("./culling.js").then(({ Culling }) => {
      const document = { attached: this.#attached, pinned: () => this.pinned(), attach: (record) => this.#come(record), detach: (key) => this.#detach(key) };
      this.#culling = new Culling({ graph: this.#graph, section: this.#section, viewport: this.#viewport }, document);
      this.#ask();
    }).catch(() => (this.#loading = null));
  }

  /** Attach a node that comes into view, with its edges. */
  #come(record) {
    this.#attach(layerOf(record), `n-${record.id}`, record.element);
    place(record, this.#graph.rect(record.id));
    for (const edge of this.#graph.drawnEdgesOf(record.id)) {
      this.#join(edge);
      if (!edge.isDrawn) draw(edge, this.#graph);
      edge.isDrawn = true;
    }
  }
}

/** Groups and notes lie behind what they are about. */
const layerOf = ({ kind }) => (["group", "note"].includes(kind) ? "groups" : "nodes");
const area = ({ width, height }) => width * height;
/** In how many groups a node is. */
function depth({ nodes }, { parent }) {
  let found = 0;
  for (let above = nodes.get(parent); above && found < nodes.size; above = nodes.get(above.parent)) found += 1;
  return found;
}

/** What has no order, because only this page knows of it, lies above. */
const before = (one = Infinity, other = Infinity) => (one === other ? 0 : one - other);

/** Write a node's place: in the style, and in the attributes that scripts and tests read. */
function place(record, rect) {
  const { style, dataset } = record.element;
  const transform = `translate(${rect.x}px, ${rect.y}px)`;
  if (style.transform !== transform) style.transform = transform;
  if (record.drawn?.width !== rect.width || record.drawn?.height !== rect.height) {
    style.width = `${rect.width}px`;
    style.height = `${rect.height}px`;
    record.drawn = { width: rect.width, height: rect.height };
  }
  if (dataset.colour && style.getPropertyValue("--colour") !== dataset.colour) style.setProperty("--colour", dataset.colour);
  for (const [key, value] of [["x", record.x], ["y", record.y], ["width", record.width], ["height", record.height], ["parent", record.parent ?? ""]]) {
    if (dataset[key] !== String(value)) dataset[key] = value;
  }
}

/** Keep what the page added to an element when it is replaced; the selection marks the new one itself, and may have changed since. */
function keep(before, after) {
  for (const name of ["data-dragging", "data-waiting", "data-refused"]) {
    if (before.hasAttribute(name)) after.setAttribute(name, before.getAttribute(name));
  }
  after.tabIndex = before.tabIndex ?? -1;
}

/** Draw an edge between where its nodes are now. @param {import("./graph.js").EdgeRecord} edge @param {import("./graph.js").Graph} graph */
function draw(edge, graph) {
  const [source, target] = [shape(graph, edge.source), shape(graph, edge.target)];
  if (!source || !target) return;
  const curve = edgePath(source, edge.sourcePort, target, edge.targetPort);
  trace(edge.element, curve);
  const ends = [edge.source, edge.target].map((id) => graph.nodes.get(id));
  speak(edge, ends.map(({ label }) => label));
  dim(edge, !ends.every(({ enabled }) => enabled));
  if (edge.label) edge.label.style.transform = `translate(${curve.middle[0]}px, ${curve.middle[1]}px) translate(-50%, -50%)`;
}

/** An edge is named by its ends, also when they get another name. */
function speak(edge, labels) {
  if (edge.spoken?.[0] === labels[0] && edge.spoken[1] === labels[1]) return;
  edge.spoken = labels;
  edge.element.setAttribute("aria-label", edgeName(labels, document.querySelector("[data-layer=edges]").dataset.spoken));
}

/** It is dotted while an end is off. */
function dim({ element }, isOff) {
  if (element.hasAttribute("data-disabled") !== isOff) element.toggleAttribute("data-disabled", isOff);
}

/** A node as the curve needs it, where it, or the collapsed group that it is in, is drawn now. */
export function shape(graph, id) {
  const record = graph.nodes.get(graph.standIn(id));
  return record && { ...graph.rect(record.id), kind: record.kind, outputs: record.outputs };
}

/** Give an edge's paths this curve. @param {SVGGElement} element */
export function trace(element, { d, arrow }) {
  for (const path of element.children) path.setAttribute("d", path.classList.contains("edge-arrow") ? arrow : d);
}
