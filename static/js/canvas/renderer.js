/**
 * Puts the model on the page: attaches what is in view, writes places, draws edges; all of it once a frame, writes only.
 *
 * Up to 600 nodes everything stays attached. Beyond, only what is in view (with a margin) is in the document, and below a quarter of
 * the size no node is: blocks are painted on one 2D canvas. What I hold, have selected or focused always stays attached.
 *
 * Event `drawn` after each frame that changed something (detail: {nodes, edges}).
 */

import { intersects } from "../lib/geometry.js";
import { Blocks } from "./overview.js";
import { draw } from "./edges.js";

const WHOLE = 600;
const MOST = 1_500;
const MARGIN = 200;

export class Stage extends EventTarget {
  #graph;
  #viewport;
  #layers;
  #blocks;
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
   */
  constructor(layers, graph, viewport, canvas) {
    super();
    this.#layers = layers;
    this.#graph = graph;
    this.#viewport = viewport;
    this.#blocks = new Blocks(canvas, graph, viewport);
    for (const layer of ["groups", "nodes", "edges", "labels"]) this.#remember(layers[layer].children);
    graph.addEventListener("change", ({ detail }) => this.#stale(detail));
    viewport.addEventListener("change", () => this.#isLarge && this.#ask());
  }

  get #isLarge() {
    return this.#graph.nodes.size > WHOLE;
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
    const isFar = this.#isLarge && this.#viewport.zoom < 0.25;
    this.#blocks.show(isFar);
    const { zoom } = this.#viewport;
    const ratio = this.#culled ? zoom / this.#culled.zoom : 0;
    if (this.#wasLarge && this.#isLarge && ratio > 0.8 && ratio < 1.25 && within(this.#viewport.seen(), this.#culled.rect)) return;
    this.#culled = isFar ? null : { rect: this.#viewport.seen(MARGIN), zoom };
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

  #inView() {
    const view = this.#viewport.seen(this.#isLarge ? MARGIN : Infinity);
    const found = new Map();
    for (const record of this.#graph.visibleNodes()) {
      if (this.#isLarge && (found.size >= MOST - 50 || !intersects(view, this.#graph.rect(record.id)))) continue;
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

const within = (inner, outer) =>
  inner.x >= outer.x && inner.y >= outer.y && inner.x + inner.width <= outer.x + outer.width && inner.y + inner.height <= outer.y + outer.height;

/** Write a node's place: the style for the eye, the attributes for whoever reads the page. */
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

/** What the page added to an element outlives its replacement. */
function keep(before, after) {
  for (const name of ["data-selected", "data-dragging", "data-waiting", "data-refused", "aria-current"]) {
    if (before.hasAttribute(name)) after.setAttribute(name, before.getAttribute(name));
  }
  after.tabIndex = before.tabIndex ?? -1;
}
