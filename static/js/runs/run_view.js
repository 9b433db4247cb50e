/**
 * One run, shown: on the canvas, in the drawer, and node by node. What the server tells comes in; a gap is asked for.
 *
 * Events: `change` (the run, or how far it is), `close`, `steered` (detail: {run?}), `go` (detail: {node}).
 */

import { RunBoard, sentence } from "./board.js";
import { RunDrawer } from "./drawer.js";
import { RunMarks } from "./marks.js";
import { NodePanel } from "./node_panel.js";

const SPEAK_MS = 1_500;
const MOST_SPOKEN = 4;

export class RunView extends EventTarget {
  /** @type {RunBoard|null} */
  board = null;
  #graph;
  #texts;
  #follow;
  #announce;
  #marks;
  #drawer;
  #panel;
  /** Nodes that something happened to and that were not spoken of yet. */
  #unspoken = new Set();
  #speaking = 0;

  /**
   * @param {{graph: object, renderer: EventTarget, root: HTMLElement}} parts
   * @param {{flow: string, texts: import("../lib/texts.js").Texts, follow: (run: string, since: number) => void, announce: (text: string) => void, toast: (text: string, detail?: string) => void}} page
   */
  constructor(parts, { flow, texts, follow, announce, toast }) {
    super();
    const { graph, root } = parts;
    this.#graph = graph;
    this.#texts = texts;
    this.#follow = follow;
    this.#announce = announce;
    const say = (name, detail) => toast(texts.say(name), detail);
    this.#marks = new RunMarks(parts, texts);
    this.#drawer = new RunDrawer(root.querySelector("[data-run-drawer]"), flow, say, texts);
    this.#panel = new NodePanel(root.querySelector("[data-run-node]"), flow, say, (node) => this.#marks.said(node));
    this.#drawer.addEventListener("told", ({ detail }) => this.#told(detail.rows));
    this.#drawer.addEventListener("go", ({ detail }) => this.#go(detail.node));
    this.#drawer.addEventListener("fold", () => this.dispatchEvent(new Event("change")));
    this.#drawer.addEventListener("close", () => this.dispatchEvent(new Event("close")));
    this.#drawer.addEventListener("steered", ({ detail }) => this.dispatchEvent(new CustomEvent("steered", { detail })));
    this.#panel.addEventListener("steer", ({ detail }) => this.#drawer.steer(detail.button));
    this.#panel.addEventListener("answered", () => this.#drawer.refresh());
  }

  /** Show a run. @param {string} run @param {{state?: string, folded?: boolean}} [options] */
  show(run, { state = "running", folded = false } = {}) {
    if (this.board?.id !== run) {
      this.board = new RunBoard(run);
      this.board.state = state;
      this.#panel.close();
      this.#marks.show(this.board);
    }
    this.#drawer.open(run, { folded });
    this.catchUp();
    this.dispatchEvent(new Event("change"));
  }

  hide() {
    this.board = null;
    this.#panel.close();
    this.#drawer.close();
    this.#marks.show(null);
    this.dispatchEvent(new Event("change"));
  }

  /** Ask for what was missed: the connection is new, or something was lost. */
  catchUp() {
    if (this.board) this.#follow(this.board.id, this.board.seq);
  }

  /** Take a `run` frame, of whatever run. */
  take(frame) {
    const { board } = this;
    if (!board || frame.run !== board.id) return;
    const before = board.state;
    const { isGap, changed } = board.take(frame);
    if (isGap) return void this.catchUp();
    if (before !== board.state) this.#marks.show(board);
    else this.#marks.refresh(changed);
    this.#drawer.refresh();
    this.#panel.refresh(changed);
    for (const id of changed) this.#unspoken.add(id);
    if (before !== board.state) this.#announce(this.#texts.say("run_spoken", { state: this.#texts.say(`state_${board.state}`) }));
    this.#speaking ||= setTimeout(() => this.#speak(), SPEAK_MS);
    this.dispatchEvent(new Event("change"));
  }

  /** Take a `run_text` frame. */
  say({ run, node, text }) {
    if (run !== this.board?.id) return;
    this.#marks.say(node, text);
    this.#panel.say(node);
  }

  /** Show what happened to a node, if a run is shown. */
  open(node, options) {
    if (this.board && this.#graph.nodes.has(node)) this.#panel.open(this.board.id, node, options);
  }

  /** Let the panel follow, if it is open. */
  follow(node) {
    if (this.#panel.node && node && node !== this.#panel.node) this.open(node, { focus: false });
  }

  #go(node) {
    this.dispatchEvent(new CustomEvent("go", { detail: { node } }));
    this.open(node);
  }

  #told(rows) {
    const { board } = this;
    if (!board) return;
    for (const [id, { ports, total }] of rows) if (ports && Number(total) <= 1) board.ports.set(id, new Set(ports.split(" ")));
    this.#marks.tell(rows);
    this.#marks.refresh(rows.keys());
  }

  /** Say what happened, a few nodes at a time, each as it is now. */
  #speak() {
    this.#speaking = 0;
    const { board } = this;
    const told = [...this.#unspoken].slice(-MOST_SPOKEN);
    this.#unspoken.clear();
    for (const id of told) {
      const [entry, label] = [board?.nodes.get(id), this.#graph.nodes.get(id)?.label];
      if (entry && label) this.#announce(this.#texts.say("spoken", { label, state: sentence(entry, this.#texts) }));
    }
  }
}
