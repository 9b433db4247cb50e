/**
 * Starts the editor of a flow: the model, the first view and the live session. Everything interactive (`interaction.js`) is
 * loaded once the page is live, or at the first input. Until it is there, input and the session's events are kept for it.
 */

import { Graph } from "./canvas/graph.js";
import { OptimisticRendering } from "./canvas/optimistic_rendering.js";
import { Renderer } from "./canvas/renderer.js";
import { Viewport, isPhone, keptView } from "./canvas/viewport.js";
import { centred, fit, intersects, union } from "./lib/geometry.js";
import { Texts } from "./lib/texts.js";
import { Patcher } from "./sync/patcher.js";
import { LiveSession } from "./sync/session.js";
import { StatusPill } from "./sync/status_pill.js";
import { EarlyInput } from "./ui/early_input.js";

/** The smallest zoom at which a phone shows text that can be read. */
const READABLE_ZOOM = 0.75;
/** A first view at this zoom or above may have a narrow margin. */
const LARGE_ZOOM = 0.9;
const TIGHT = 16;
/** How long to wait for a connection before the rest is loaded, and between attempts to load it. */
const LOAD_DELAY_MS = 3_000;
/** Events of the session that it sends once: they are kept for the parts that are not loaded yet. */
const ONE_TIME_EVENTS = ["you", "people", "presence", "welcome", "acked", "refused", "patched", "problems", "notice", "run", "run_text"];
/** Events that only say that something changed: sent once more, so that every part shows the current state. */
const STATE_EVENTS = ["settled", "content", "rights", "connection", "status"];

class Editor {
  #root;
  #canvas;
  #world;
  #page;
  #early;
  #isLoading = false;
  /** @type {CustomEvent[]} */
  #queuedEvents = [];

  /** @param {HTMLElement} root `#editor` */
  constructor(root) {
    this.#root = root;
    this.#canvas = root.querySelector("[data-canvas]");
    this.#world = root.querySelector("[data-world]");
    const layers = Object.fromEntries(Array.from(root.querySelectorAll("[data-layer]"), (layer) => [layer.dataset.layer, layer]));
    const [catalogue, limits, texts] = [json("helix-catalogue"), json("helix-limits"), new Texts(json("helix-texts"))];
    const graph = new Graph(new OptimisticRendering(catalogue, texts));
    const viewport = new Viewport(this.#canvas, this.#world, layers.overlay);
    const patcher = new Patcher(graph);
    patcher.adopt(this.#world);
    const renderer = new Renderer(layers, graph, viewport, this.#canvas);
    const session = new LiveSession(root, patcher, { limits, isPartial: "partial" in this.#canvas.dataset });
    const statusPill = new StatusPill({ graph, root, session, texts });
    // The rows for readers without scripts: the outline takes them when it is opened; until then the canvas alone has the ids.
    const outlineRows = root.querySelector("[data-outline-page]");
    outlineRows?.remove();
    this.#page = { canvas: this.#canvas, catalogue, graph, layers, limits, outlineRows, patcher, renderer, root, session, statusPill, texts, viewport };
  }

  /** Show the first view, then connect. */
  start() {
    const { graph, patcher, renderer, session } = this.#page;
    renderer.addEventListener("drawn", ({ detail }) => this.#finish(detail));
    patcher.addEventListener("flow", ({ detail }) => Object.assign(this.#root.querySelector("helix-flow").dataset, detail));
    this.#firstView();
    renderer.hideMembers();
    this.#world.toggleAttribute("data-drawn", true);
    this.#finish({ nodes: graph.nodes.keys(), edges: [] });
    this.#early = new EarlyInput(this.#root, () => this.#load());
    for (const type of ONE_TIME_EVENTS) session.addEventListener(type, this.#queue);
    session.addEventListener("connection", () => session.connection !== "connecting" && setTimeout(() => this.#load()));
    setTimeout(() => this.#load(), LOAD_DELAY_MS);
    session.start();
  }

  #queue = ({ type, detail }) => this.#queuedEvents.push(new CustomEvent(type, { detail }));

  /** Load the rest, all modules at once; without a network, try again later. */
  #load() {
    if (this.#isLoading) return;
    this.#isLoading = true;
    document.head.append(document.querySelector("template[data-later]").content);
    import("./interaction.js").then(({ interact }) => this.#interact(interact), () => setTimeout(() => this.#retry(), LOAD_DELAY_MS));
  }

  #retry() {
    this.#isLoading = false;
    this.#load();
  }

  /** Start everything interactive, then replay the events and the input that came before it. */
  #interact(interact) {
    const { session } = this.#page;
    for (const type of ONE_TIME_EVENTS) session.removeEventListener(type, this.#queue);
    interact(this.#page);
    for (const event of [...this.#queuedEvents, ...STATE_EVENTS.map((type) => new Event(type))]) session.dispatchEvent(event);
    this.#queuedEvents = [];
    this.#early.replay();
    this.#root.toggleAttribute("data-interactive", true);
  }

  /** Show what this device showed last, as long as something is there; else all of the flow. */
  #firstView() {
    const { graph, viewport } = this.#page;
    const all = union(graph.visibleNodes());
    const kept = keptView(this.#root.dataset.flow);
    if (all || !kept) viewport.set(all ? this.#wholeView(all) : currentView(this.#world));
    const whole = viewport.view;
    if (kept) viewport.set(centred(kept, viewport.size, kept.zoom));
    if (kept && all && !intersects(viewport.visibleRect(), all)) viewport.set(whole);
    viewport.keep(this.#root.dataset.flow);
  }

  /** All of the flow in the middle, as large as can be; the margin gives way before the text does. */
  #wholeView(all) {
    const { size } = this.#page.viewport;
    const tight = fit(all, size, { padding: TIGHT });
    const view = tight.zoom >= LARGE_ZOOM ? tight : fit(all, size, { padding: Math.min(40, size.width / 16) });
    // On a phone the whole flow would be too small to read: show where it begins.
    if (!isPhone() || view.zoom >= READABLE_ZOOM) return view;
    return { x: TIGHT - all.x * READABLE_ZOOM, y: size.height / 2 - (all.y + all.height / 2) * READABLE_ZOOM, zoom: READABLE_ZOOM };
  }

  /** Fill the ports that carry an edge; say how to begin while the flow is empty. */
  #finish(changed) {
    const { graph } = this.#page;
    fillPorts(graph, changed);
    const hint = this.#root.querySelector("[data-empty]");
    const isEmpty = graph.visibleNodes().next().done;
    if (hint && hint.hidden === isEmpty) hint.hidden = !isEmpty;
  }
}

/**
 * Mark the ports that carry an edge: the server draws each node by itself and cannot know.
 * @param {import("./canvas/graph.js").Graph} graph @param {{nodes: Iterable<string>, edges: Iterable<string>}} changed
 */
function fillPorts(graph, { nodes, edges }) {
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

const json = (id) => JSON.parse(document.getElementById(id)?.textContent ?? "{}");

/** The transform that the server's sheet gave the world. */
function currentView(world) {
  const { e, f, a } = new DOMMatrix(getComputedStyle(world).transform);
  return { x: Math.round(e), y: Math.round(f), zoom: a };
}

const root = document.getElementById("editor");
if (root) new Editor(root).start();
