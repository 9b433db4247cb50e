/**
 * Puts the model on the page: attaches what is in view, writes places, draws edges; once a frame, and only writing.
 *
 * Up to 600 nodes everything stays attached. Beyond, only what is in view (with a margin) is in the document, and below a quarter of
 * the size no node is: an overview is painted on one 2D canvas. What is held, selected or focused always stays attached.
 *
 * Event `drawn` after each frame that changed something (detail: {nodes, edges}).
 */

import { edgePath, encloses, intersects } from "../lib/geometry.js";
import { edgeName } from "../lib/texts.js";

const MAX_ALL_ATTACHED = 600;
const MAX_ATTACHED = 1_500;
const MARGIN = 200;
const OVERVIEW_ZOOM = 0.25;

export class Renderer extends EventTarget {
  #graph;
  #viewport;
  #layers;
  #section;
  /** Loaded when it is first needed. @type {import("./overview.js").Overview|null} */
  #overview = null;
  #loading = null;
  #nodes = new Set();
  #edges = new Set();
  #frame = 0;
  /** What was culled for: its view with the margin, and the zoom. @type {{rect: import("../lib/geometry.js").Rect, zoom: number}|null} */
  #culled = null;
  #wasLarge = false;
  /** @type {Map<string, Element>} what is attached, by node or edge id with a prefix */
  #attached = new Map();
  /** @type {() => Iterable<string>} nodes that must stay attached */
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

  #ask() {
    this.#frame ||= requestAnimationFrame(() => this.flush());
  }

  /** Write now what waits for the next frame. */
  flush() {
    cancelAnimationFrame(this.#frame);
    this.#frame = 0;
    const [nodes, edges] = [this.#nodes, this.#edges];
    this.#nodes = new Set();
    this.#edges = new Set();
    for (const id of nodes) for (const edge of this.#graph.edgesOf(id)) edges.add(edge.id);
    if (this.#isLarge || this.#wasLarge) this.#cull();
    this.#wasLarge = this.#isLarge;
    for (const id of nodes) this.#node(id);
    for (const id of edges) this.#edge(id);
    this.dispatchEvent(new CustomEvent("drawn", { detail: { nodes, edges } }));
  }

  #node(id) {
    const record = this.#graph.nodes.get(id);
    if (!record || record.gone) return this.#detach(`n-${id}`);
    if (this.#shows(id)) this.#attach(record.kind === "group" ? "groups" : "nodes", `n-${id}`, record.element);
    place(record, this.#graph.rect(id));
    return undefined;
  }

  #edge(id) {
    const record = this.#graph.edges.get(id);
    const isThere = record && !record.gone && this.#graph.node(record.source) && this.#graph.node(record.target);
    if (!isThere) {
      this.#detach(`e-${id}`);
      return this.#detach(`l-${id}`);
    }
    if (this.#attached.has(`e-${id}`) || this.#shows(record.source) || this.#shows(record.target)) this.#join(record);
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
    } else this.#layers[layer].append(element);
    this.#attached.set(key, element);
    if (had) element.focus({ preventScroll: true });
  }

  #detach(key) {
    this.#attached.get(key)?.remove();
    this.#attached.delete(key);
  }

  #shows(id) {
    if (!this.#isLarge || this.#attached.has(`n-${id}`)) return true;
    return Boolean(this.#culled) && intersects(this.#culled.rect, this.#graph.rect(id));
  }

  /** Attach what is in view and nothing else; while the view stays within the last margin there is nothing to do. */
  #cull() {
    const isFar = this.#isLarge && this.#viewport.zoom < OVERVIEW_ZOOM && this.#hasOverview();
    this.#overview?.show(isFar);
    const { zoom } = this.#viewport;
    const ratio = this.#culled ? zoom / this.#culled.zoom : 0;
    if (this.#wasLarge && this.#isLarge && ratio > 0.8 && ratio < 1.25 && encloses(this.#culled.rect, this.#viewport.visibleRect())) return;
    this.#culled = isFar ? null : { rect: this.#viewport.visibleRect(MARGIN), zoom };
    const wanted = isFar ? new Map() : this.#inView();
    for (const id of this.pinned()) if (this.#graph.node(id)) wanted.set(`n-${id}`, this.#graph.nodes.get(id));
    const edges = isFar ? new Map() : this.#edgesInView(wanted);
    for (const key of [...this.#attached.keys()]) {
      if (!wanted.has(key) && !edges.has(`e-${key.slice(2)}`)) this.#detach(key);
    }
    for (const [key, record] of wanted) {
      this.#attach(record.kind === "group" ? "groups" : "nodes", key, record.element);
      place(record, this.#graph.rect(record.id));
    }
    for (const record of edges.values()) {
      this.#join(record);
      if (record.isDrawn) continue;
      draw(record, this.#graph);
      record.isDrawn = true;
    }
  }

  /** Whether it is loaded; until it is, the nodes stay. */
  #hasOverview() {
    this.#loading ??= import("./overview.js").then(({ Overview }) => {
      this.#overview = new Overview(this.#section, this.#graph, this.#viewport);
      this.#culled = null;
      this.#ask();
    }).catch(() => (this.#loading = null));
    return this.#overview !== null;
  }

  #inView() {
    const view = this.#viewport.visibleRect(this.#isLarge ? MARGIN : Infinity);
    const found = new Map();
    for (const record of this.#graph.visibleNodes()) {
      if (this.#isLarge && (found.size >= MAX_ATTACHED - 50 || !intersects(view, this.#graph.rect(record.id)))) continue;
      found.set(`n-${record.id}`, record);
    }
    return found;
  }

  #edgesInView(nodes) {
    const found = new Map();
    for (const record of nodes.values()) for (const edge of this.#graph.edgesOf(record.id)) {
      if (this.#graph.node(edge.source) && this.#graph.node(edge.target)) found.set(`e-${edge.id}`, edge);
    }
    return found;
  }
}

/** Write a node's place: in the style, and in the attributes that scripts and tests read. */
function place(record, rect) {
  const { style, dataset } = record.element;
  const transform = `translate(${rect.x}px, ${rect.y}px)`;
  if (style.transform !== transform) style.transform = transform;
  if (record.drawn?.width !== rect.width || record.drawn?.height !== rect.height) {
    style.width = `${rect.width}px`;
    style.height = `${rect.height}px`;
  }
  record.drawn = rect;
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
  edge.element.setAttribute("aria-label", edgeName(labels));
}

/** It is dotted while an end is off. */
function dim({ element }, isOff) {
  if (element.hasAttribute("data-disabled") !== isOff) element.toggleAttribute("data-disabled", isOff);
}

/** A node as the curve needs it, where it is drawn now. */
export function shape(graph, id) {
  const record = graph.nodes.get(id);
  return record && { ...graph.rect(id), kind: record.kind, outputs: record.outputs };
}

/** Give an edge's paths this curve. @param {SVGGElement} element */
export function trace(element, { d, arrow }) {
  for (const path of element.children) path.setAttribute("d", path.classList.contains("edge-arrow") ? arrow : d);
}

/**
 * Mark the ports that carry an edge: the server draws each node by itself and cannot know.
 * @param {import("./graph.js").Graph} graph @param {{nodes: Iterable<string>, edges: Iterable<string>}} changed
 */
export function fillPorts(graph, { nodes, edges }) {
  const changed = new Set(nodes);
  for (const id of edges) for (const end of ["source", "target"]) changed.add(graph.edges.get(id)?.[end]);
  for (const id of changed) fill(graph, graph.nodes.get(id));
}

function fill(graph, record) {
  if (!record) return;
  const ends = graph.edgesOf(record.id).map((edge) => (edge.source === record.id ? `out ${edge.sourcePort}` : `in ${edge.targetPort}`));
  const used = new Set(ends);
  for (const port of record.element.querySelectorAll("[data-port]")) {
    port.toggleAttribute("data-connected", used.has(`${port.dataset.direction} ${port.dataset.port}`));
  }
}
