/**
 * A run on a page of its own, drawn on its version of the flow: to look at, not to edit. The canvas moves and zooms; all else is as in
 * the editor. It follows the flow's session for this run alone.
 */

import { Graph } from "../canvas/graph.js";
import { Renderer } from "../canvas/renderer.js";
import { Viewport } from "../canvas/viewport.js";
import { centre, centred, fit, union } from "../lib/geometry.js";
import { make } from "../lib/make.js";
import { Texts } from "../lib/texts.js";
import { Patcher } from "../sync/patcher.js";
import { Seen, Socket } from "../sync/socket.js";
import { RunView } from "./run_view.js";

const STEP = 40;
const TOAST_MS = 8_000;
const KEYS = { ArrowLeft: [1, 0], ArrowRight: [-1, 0], ArrowUp: [0, 1], ArrowDown: [0, -1] };
/** Nobody edits here: what the server drew stays. */
const AS_DRAWN = { ...Object.fromEntries(["node", "edge", "confirm", "showNode", "showEdge", "moveEdge"].map((name) => [name, () => null])), traits };

function start(root) {
  const [canvas, world] = [root.querySelector("[data-canvas]"), root.querySelector("[data-world]")];
  const layers = Object.fromEntries(Array.from(root.querySelectorAll("[data-layer]"), (layer) => [layer.dataset.layer, layer]));
  const graph = new Graph(AS_DRAWN);
  const viewport = new Viewport(canvas, world, layers.overlay);
  new Patcher(graph).adopt(world);
  const renderer = new Renderer(layers, graph, viewport, canvas);
  viewport.set(fit(union(graph.visibleNodes()) ?? { x: 0, y: 0, width: 1, height: 1 }, viewport.size, { padding: 40 }));
  renderer.hideMembers();
  world.toggleAttribute("data-drawn", true);
  const view = watch(root, { graph, renderer, root, viewport });
  move(canvas, viewport, (node) => view.open(node));
}

/** What the model must know of a node. @param {HTMLElement} element */
function traits(element) {
  const { label = "", colour = "", disabled, collapsed } = element.dataset;
  const ports = (direction) => Array.from(element.querySelectorAll(`[data-direction=${direction}]`), (port) => port.dataset.port);
  return { label, colour, enabled: disabled === undefined, collapsed: collapsed !== undefined, inputs: ports("in"), outputs: ports("out") };
}

/** Show the run, and follow it. */
function watch(root, parts) {
  const { flow, runPage: run, socket: path } = root.dataset;
  const texts = new Texts(JSON.parse(document.getElementById("helix-run-texts").textContent));
  const line = make("p.visually-hidden", { role: "status", "aria-live": "polite", "data-announcer": true });
  root.append(line);
  const socket = new Socket(new URL(path, location.href.replace(/^http/, "ws")).href, () => ({ type: "hello", protocol: 1, client: `run-page-${crypto.getRandomValues(new Uint32Array(2)).join("-")}`, since: null, format: "html" }));
  const toast = (text, detail) => {
    const told = make("div.toast", { "data-toast": true }, make("p", {}, make("strong", {}, text), ...(detail ? [make("small", {}, detail)] : [])));
    document.querySelector("[data-toasts]").append(told);
    setTimeout(() => told.remove(), TOAST_MS);
  };
  const view = new RunView(parts, { flow, texts, toast, follow: (id, since) => socket.send({ type: "run_follow", run: id, since }), announce: (text) => (line.textContent = text) });
  const seen = new Seen((version) => socket.send({ type: "seen", version }));
  const frames = { run: (frame) => view.take(frame), run_text: (frame) => view.say(frame), welcome: () => view.catchUp() };
  socket.addEventListener("frame", ({ detail: { frame, bytes } }) => {
    frames[frame.type]?.(frame);
    seen.note(frame.version ?? 0, bytes);
  });
  view.addEventListener("close", () => location.assign(root.querySelector(".bar a").href));
  view.addEventListener("steered", ({ detail }) => detail.run && location.assign(`/flows/${flow}/runs/${detail.run}/`));
  view.addEventListener("go", ({ detail }) => parts.graph.node(detail.node) && parts.viewport.set(centred(centre(parts.graph.rect(detail.node)), parts.viewport.size, parts.viewport.zoom), { glide: true }));
  view.show(run, { state: root.querySelector("[data-run-view]").dataset.state });
  socket.start();
  return view;
}

/** Pan and zoom by pointer, wheel and keys; a press on a node opens it. */
function move(canvas, viewport, open) {
  let held = null;
  canvas.addEventListener("pointerdown", (event) => {
    if (event.button !== 0) return;
    held = { x: event.clientX, y: event.clientY, moved: 0, node: event.target.closest("[data-node-id]")?.dataset.nodeId };
    canvas.setPointerCapture(event.pointerId);
  });
  canvas.addEventListener("pointermove", ({ clientX, clientY }) => {
    if (!held) return;
    viewport.pan(clientX - held.x, clientY - held.y);
    held = { ...held, x: clientX, y: clientY, moved: held.moved + Math.abs(clientX - held.x) + Math.abs(clientY - held.y) };
  });
  canvas.addEventListener("pointerup", () => {
    if (held?.node && held.moved < 4) open(held.node);
    held = null;
  });
  canvas.addEventListener("pointercancel", () => (held = null));
  canvas.addEventListener("wheel", (event) => {
    event.preventDefault();
    if (event.ctrlKey || event.metaKey) viewport.zoomTo(viewport.zoom * Math.exp(-event.deltaY / 200), viewport.local(event));
    else viewport.pan(-event.deltaX, -event.deltaY);
  }, { passive: false });
  canvas.addEventListener("keydown", (event) => {
    const by = KEYS[event.key];
    if (by) viewport.pan(by[0] * STEP, by[1] * STEP);
    else if (event.key === "+" || event.key === "=") viewport.zoomTo(viewport.zoom * 1.25);
    else if (event.key === "-") viewport.zoomTo(viewport.zoom * 0.8);
    else return;
    event.preventDefault();
  });
}

const root = document.querySelector("[data-run-page]");
if (root) start(root);
