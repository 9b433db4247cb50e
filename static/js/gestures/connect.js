/**
 * Draw an edge from a port: by dragging, or by tapping the port and then the target.
 *
 * Ports that fit glow, nodes without one fade, and the nearest within 20 px snaps. A drop on a node takes its first fitting port,
 * a drop on nothing asks which node to add there. What is valid here is only a hint: the server decides.
 *
 * @typedef {Record<"catalogue"|"editing"|"graph"|"layers"|"overlay"|"picker"|"renderer"|"root"|"selection"|"texts"|"viewport", object>} Parts of the editor that it uses
 */

import { contains, curveBetween, intersects, portPoint } from "../lib/geometry.js";
import { addEdge, endsKey, moveEdge } from "../lib/operations.js";
import { emptyEdge } from "../canvas/optimistic_rendering.js";
import { shape, trace } from "../canvas/renderer.js";
import { AutoPan, pull } from "./autopan.js";

const SNAP_DISTANCE = 20;

export class Connect {
  name = "connect";
  autopans = true;
  #parts;
  #id;
  #port;
  #forward;
  #moved;
  #draft = null;
  #target = null;
  #reason = null;

  /** Take one end of the selected edge elsewhere. @param {"source"|"target"} end which one is loose */
  static reconnect(parts, end) {
    const edge = parts.graph.edge(parts.selection.edge);
    const kept = end === "target" ? { id: edge.source, port: edge.sourcePort, direction: "out" } : { id: edge.target, port: edge.targetPort, direction: "in" };
    return new Connect(parts, { ...kept, moved: edge });
  }

  /** @param {Parts} parts @param {{id: string, port: string, direction: "in"|"out", moved?: object}} from the port at which it begins, and the edge of which it moves the other end */
  constructor(parts, { id, port, direction, moved = null }) {
    this.#parts = parts;
    this.#id = id;
    this.#port = port;
    this.#forward = direction === "out";
    this.#moved = moved;
  }

  /** Whether the port at which it begins is still there, and the edge that it moves. */
  get isAlive() {
    const { graph } = this.#parts;
    const node = graph.node(this.#id);
    const ports = this.#forward ? node?.outputs : node?.inputs;
    return Boolean(ports?.includes(this.#port)) && (!this.#moved || Boolean(graph.edge(this.#moved.id)));
  }

  start() {
    const { layers, root, renderer } = this.#parts;
    root.dataset.gesture = this.name;
    renderer.flush();
    this.#draft = emptyEdge();
    this.#draft.dataset.edgeDraft = "";
    layers.edges.append(this.#draft);
    if (this.#moved) this.#moved.element.toggleAttribute("data-loose", true);
    this.#markTargets();
  }

  move(event) {
    const point = this.#parts.viewport.world(event);
    this.#findTarget(point);
    const end = this.#target ? this.#point(this.#target) : [point.x, point.y];
    const start = this.#point({ id: this.#id, port: this.#port, own: true });
    trace(this.#draft, this.#forward ? curveBetween(start, end) : curveBetween(end, start));
    this.#draft.toggleAttribute("data-snapped", Boolean(this.#target));
  }

  end(event) {
    this.move(event);
    const target = this.#target;
    const at = this.#parts.viewport.world(event);
    const isEmpty = !this.#under(at);
    if (target) this.to(target.id, target.port);
    else if (isEmpty && !this.#moved) this.#parts.picker.add({ at, event, link: (added) => this.#link(added), fits: ({ inputs, outputs }) => (this.#forward ? inputs : outputs).length > 0 });
  }

  release() {
    const { graph, overlay, root } = this.#parts;
    this.#draft?.remove();
    this.#target = this.#reason = null;
    overlay.reason(null);
    // Not those that were marked: the server may have drawn some of them anew.
    for (const { element } of graph.nodes.values()) {
      for (const marked of [element, ...this.#ports(element)]) marked.removeAttribute("data-target");
    }
    if (this.#moved) (graph.edges.get(this.#moved.id) ?? this.#moved).element.removeAttribute("data-loose");
    delete root.dataset.gesture;
  }

  /** Connect with this node's port, or its first fitting one. @returns {boolean} */
  to(id, port = this.#fitting(id)[0]) {
    if (!port) return false;
    const edge = this.#moved;
    if (!edge) this.#parts.editing.submit([addEdge(...this.#ends(id, port))]);
    else if (endsKey(edge) !== this.#ends(id, port).join(" ")) this.#parts.editing.submit([moveEdge(edge.id, this.#forward ? "target" : "source", { id, port })]);
    return true;
  }

  /** Nodes that could be the other end. */
  targets() {
    return [...this.#parts.graph.visibleNodes()].filter(({ id }) => this.#fitting(id).length);
  }

  /** Why a node cannot be the other end. @returns {string|null} the name of a text */
  reason(id) {
    const node = this.#parts.graph.node(id);
    if (this.#fitting(id).length) return null;
    if (id === this.#id) return "to_itself";
    const ports = this.#forward ? node.inputs : node.outputs;
    return ports.length ? "already_connected" : this.#forward ? "no_input" : "no_output";
  }

  /** The edge to a node that the picker added. */
  #link(node) {
    const kind = this.#parts.catalogue[node.kind];
    const [port] = this.#forward ? kind.inputs : kind.outputs;
    return port ? [addEdge(...this.#ends(node.id, port))] : [];
  }

  #ends(id, port) {
    return this.#forward ? [this.#id, this.#port, id, port] : [id, port, this.#id, this.#port];
  }

  #fitting(id) {
    const node = this.#parts.graph.node(id);
    if (!node || id === this.#id) return [];
    const known = new Set(this.#parts.graph.edgesOf(id).filter((edge) => edge.id !== this.#moved?.id).map(endsKey));
    return (this.#forward ? node.inputs : node.outputs).filter((port) => !known.has(this.#ends(id, port).join(" ")));
  }

  #markTargets() {
    for (const node of this.#parts.graph.visibleNodes()) {
      const fitting = new Set(this.#fitting(node.id));
      if (node.id === this.#id) node.element.dataset.target = "origin";
      if (fitting.size) node.element.dataset.target = "valid";
      for (const port of this.#ports(node.element)) if (fitting.has(port.dataset.port)) port.dataset.target = "valid";
    }
  }

  #ports(element) {
    return element.querySelectorAll(`[data-direction=${this.#forward ? "in" : "out"}]`);
  }

  #findTarget(point) {
    const { viewport } = this.#parts;
    let best = null;
    let distance = SNAP_DISTANCE / viewport.zoom;
    const { graph } = this.#parts;
    const around = { x: point.x - distance, y: point.y - distance, width: 2 * distance, height: 2 * distance };
    for (const { id } of graph.visibleNodes()) {
      for (const port of intersects(around, graph.rect(id)) ? this.#fitting(id) : []) {
        const [x, y] = this.#point({ id, port });
        const away = Math.hypot(x - point.x, y - point.y);
        if (away <= distance) [best, distance] = [{ id, port }, away];
      }
    }
    const under = this.#under(point);
    const [first] = under ? this.#fitting(under) : [];
    this.#snap(best ?? (first ? { id: under, port: first } : null));
    this.#explain(!best && under && under !== this.#id && !first ? under : null);
  }

  /** The node there; a group only if it hides what is in it, a note only if nothing stands on it. */
  #under(point) {
    const { graph } = this.#parts;
    const found = [...graph.visibleNodes()].filter(({ id, kind, collapsed }) => (kind !== "group" || collapsed) && contains(graph.rect(id), point));
    return (found.findLast(({ kind }) => kind !== "note") ?? found.at(-1))?.id ?? null;
  }

  #snap(target) {
    if (target?.id === this.#target?.id && target?.port === this.#target?.port) return;
    for (const element of this.#elements(this.#target)) element.dataset.target = "valid";
    for (const element of this.#elements(target)) element.dataset.target = "snapped";
    this.#target = target;
  }

  #elements(target) {
    const element = target && this.#parts.graph.nodes.get(target.id)?.element;
    if (!element) return [];
    const direction = this.#forward ? "in" : "out";
    return [element, element.querySelector(`[data-direction=${direction}][data-port="${CSS.escape(target.port)}"]`)].filter(Boolean);
  }

  #explain(id) {
    if (id === this.#reason) return;
    const { overlay, texts } = this.#parts;
    for (const [at, state] of [[this.#reason, null], [id, "invalid"]]) {
      const element = this.#parts.graph.nodes.get(at)?.element;
      for (const marked of element ? [element, ...this.#ports(element)] : []) {
        if (state) marked.dataset.target = state;
        else marked.removeAttribute("data-target");
      }
    }
    this.#reason = id;
    overlay.reason(id, id && texts.say(this.reason(id)));
  }

  #point({ id, port, own }) {
    return portPoint(shape(this.#parts.graph, id), port, this.#forward === Boolean(own) ? "out" : "in");
  }
}

/** Connect by two taps: a port, then the target. It glows meanwhile as in a drag; Esc or a tap on nothing ends it. */
export class TapConnect {
  #connect = null;
  #canvas;
  #conclude;
  #autoPan;
  #viewport;
  /** Whether the pointer has been away from the border since the first tap. */
  #hasCome = false;
  #move = (event) => this.#goTo(event);
  #leave = () => this.#autoPan.stop();

  /**
   * @param {HTMLElement} canvas where the pointer shows the way @param {import("../canvas/viewport.js").Viewport} viewport
   * @param {(connect: Connect, how: "end"|"cancel", event?: PointerEvent) => void} conclude ends a gesture
   */
  constructor(canvas, viewport, conclude) {
    this.#canvas = canvas;
    this.#conclude = conclude;
    this.#viewport = viewport;
    addEventListener("blur", this.#leave);
    this.#autoPan = new AutoPan(viewport, (event) => this.#connect.move(event));
  }

  /** @param {Connect} connect */
  begin(connect) {
    this.cancel();
    this.#connect = connect;
    this.#hasCome = false;
    this.#canvas.addEventListener("pointermove", this.#move);
    this.#canvas.addEventListener("pointerleave", this.#leave);
    connect.start();
  }

  /** Take the second tap. @param {PointerEvent} event @returns {boolean} whether a connection was being made */
  tap(event, hit) {
    return this.#end(hit.node ? "end" : "cancel", event);
  }

  cancel() {
    return this.#end("cancel");
  }

  /** Cancel it if what it begins at is gone. */
  check() {
    if (this.#connect?.isAlive === false) this.cancel();
  }

  /** What is pressed meanwhile moves the view by itself. */
  #goTo(event) {
    this.#connect.move(event);
    this.#hasCome ||= !pull(this.#viewport, event);
    if (event.buttons || !this.#hasCome) this.#autoPan.stop();
    else this.#autoPan.at(event);
  }

  #end(how, event) {
    const connect = this.#connect;
    this.#connect = null;
    this.#autoPan.stop();
    this.#canvas.removeEventListener("pointermove", this.#move);
    this.#canvas.removeEventListener("pointerleave", this.#leave);
    if (connect) this.#conclude(connect, how, event);
    return Boolean(connect);
  }
}
