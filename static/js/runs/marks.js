/**
 * A run on the canvas: each node says how it is in its second line, with a badge, a bar and words, never by colour alone; edges say
 * what they carried.
 *
 * Nodes get `data-run-state` and `data-run-progress` ("13/20"), edges `data-run-flow`. What is drawn anew is marked anew.
 *
 * @typedef {import("./board.js").RunBoard} RunBoard
 */

import { icon, make } from "../lib/make.js";
import { fraction, sentence } from "./board.js";

const ICONS = {
  waiting: "clock", ready: "clock", queued: "clock", backing_off: "rotate-ccw", asking: "circle-question-mark", done: "check", failed: "x", skipped: "chevrons-right", cancelled: "square",
};
const SILENT = ["note", "group"];
const LONGEST_WORDS = 240;

export class RunMarks {
  #graph;
  #root;
  #texts;
  /** @type {RunBoard|null} */
  #board = null;
  /** What the timeline says besides. @type {Map<string, {took: string, worker: string}>} */
  #details = new Map();
  /** Words as they come, by node, and in which try. @type {Map<string, {attempt: number, words: string}>} */
  #said = new Map();

  /** @param {{graph: object, renderer: EventTarget, root: HTMLElement}} parts @param {import("../lib/texts.js").Texts} texts */
  constructor({ graph, renderer, root }, texts) {
    this.#graph = graph;
    this.#root = root;
    this.#texts = texts;
    renderer.addEventListener("drawn", ({ detail }) => this.#board && this.#mark(detail.nodes, detail.edges));
  }

  /** Show a run on the canvas, or none. @param {RunBoard|null} board */
  show(board) {
    if (board !== this.#board) this.#said.clear();
    if (board !== this.#board) this.#details.clear();
    this.#board = board;
    this.#root.toggleAttribute("data-run-shown", Boolean(board));
    this.#mark(this.#graph.nodes.keys(), this.#graph.edges.keys());
  }

  /** Draw some nodes again, and the edges at them. @param {Iterable<string>} ids */
  refresh(ids) {
    const nodes = [...ids];
    this.#mark(nodes, new Set(nodes.flatMap((id) => this.#graph.edgesOf(id).map((edge) => edge.id))));
  }

  /** Take what only the timeline knows. @param {Map<string, {took: string, worker: string}>} details */
  tell(details) {
    const changed = [...details].filter(([id, { took, worker }]) => this.#details.get(id)?.took !== took || this.#details.get(id)?.worker !== worker);
    this.#details = details;
    this.refresh(changed.map(([id]) => id));
  }

  /** Words of an agent. @returns {string} all that is known of them */
  say(node, text) {
    const words = `${this.said(node)}${text}`.slice(-8_000);
    this.#said.set(node, { attempt: this.#attempt(node), words });
    this.refresh([node]);
    return words;
  }

  /** What an agent said in its last try. */
  said(node) {
    const said = this.#said.get(node);
    return said && said.attempt >= this.#attempt(node) ? said.words : "";
  }

  #attempt(node) {
    return Math.max(1, this.#board?.nodes.get(node)?.attempt ?? 1);
  }

  #mark(nodes, edges) {
    for (const id of nodes) this.#node(id);
    for (const id of edges) this.#edge(id);
  }

  #node(id) {
    const record = this.#graph.nodes.get(id);
    if (!record || SILENT.includes(record.kind)) return;
    const { element } = record;
    const entry = this.#board && !("disabled" in element.dataset && !this.#board.nodes.has(id)) ? this.#board.entry(id) : null;
    if (!entry) return void (element.dataset.runState && clear(element));
    const { took = "", worker = "" } = this.#details.get(id) ?? {};
    const words = sentence(entry, this.#texts, { took });
    const { state, done, total } = entry;
    element.dataset.runState = state;
    element.dataset.runProgress = `${done}/${total}`;
    element.setAttribute("aria-description", this.#texts.say("node_state", { state: words }));
    line(element).textContent = sentence(entry, this.#texts, { took, isShort: true });
    this.#badge(element, state);
    bar(element, fraction(entry));
    label(element, state === "running" ? worker : "");
    bubble(element, state === "running" || state === "done" ? this.said(id) : "", state === "running");
  }

  #badge(element, state) {
    const badge = child(element, "run-badge");
    if (badge.dataset.state === state) return;
    badge.dataset.state = state;
    badge.replaceChildren(state === "running" ? make("i.run-turning") : icon(ICONS[state] ?? "clock"));
  }

  #edge(id) {
    const edge = this.#graph.edges.get(id);
    if (!edge) return;
    const flow = this.#board ? this.#board.flow(edge) : null;
    if (flow) edge.element.dataset.runFlow = flow;
    else delete edge.element.dataset.runFlow;
  }
}

function clear(element) {
  delete element.dataset.runState;
  delete element.dataset.runProgress;
  delete element.dataset.runWriting;
  element.removeAttribute("aria-description");
  for (const mark of element.querySelectorAll("[data-run-mark]")) mark.remove();
}

/** The node's one element of this name, silent to screen readers: the description says it. */
function child(element, name, parent = element) {
  let found = element.querySelector(`.${name}`);
  if (!found) {
    found = make(`span.${name}`, { "aria-hidden": "true", "data-run-mark": true });
    parent.append(found);
  }
  return found;
}

const line = (element) => child(element, "run-line", element.querySelector(".node-text") ?? element);

function bar(element, part) {
  if (part === null) return void element.querySelector(".run-bar")?.remove();
  const found = child(element, "run-bar");
  if (!found.firstChild) found.append(make("i"));
  found.firstChild.style.transform = `scaleX(${part})`;
}

function label(element, worker) {
  if (!worker) return void element.querySelector(".run-worker")?.remove();
  const found = child(element, "run-worker");
  if (found.dataset.worker !== worker) found.replaceChildren(icon("cpu"), worker);
  found.dataset.worker = worker;
}

function bubble(element, said, isWriting) {
  element.toggleAttribute("data-run-writing", Boolean(said) && isWriting);
  if (!said) return void element.querySelector(".run-words")?.remove();
  const found = child(element, "run-words");
  found.dir = "auto";
  found.textContent = said.length > LONGEST_WORDS ? `…${said.slice(-LONGEST_WORDS)}` : said;
  found.toggleAttribute("data-writing", isWriting);
}
