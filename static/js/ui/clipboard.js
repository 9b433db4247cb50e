/**
 * Copy, cut, paste and duplicate: whole elements, as the canvas holds them, so none of it needs the server. The clipboard gets our
 * own JSON, which pastes into any flow.
 *
 * Event `cut`: what is selected was copied, with what is inside it, and should be deleted. Event `pasted`: these nodes (detail: ids)
 * were. Event `foreign`: a file (detail) was dropped or pasted, or a text that looks like one of another tool.
 */

import { copies } from "../lib/operations.js";
import { centre, snap, union } from "../lib/geometry.js";
import { contentOfEdge, contentOfNode, editsById } from "../lib/content.js";
import { spelled } from "../lib/keys.js";
import { clearOf, looksForeign, read, written } from "../lib/snippet.js";
import { isTyping } from "./keyboard.js";

const STEP = 32;

export class Clipboard extends EventTarget {
  #parts;
  /** What was last copied here, for when the browser does not let us read its clipboard. @type {string|null} */
  #copied = null;

  constructor({ canvas, catalogue, editing, graph, notices, selection, session, texts, viewport }) {
    super();
    this.#parts = { canvas, catalogue, editing, graph, notices, selection, session, texts, viewport };
    document.addEventListener("copy", (event) => this.#copy(event));
    document.addEventListener("cut", (event) => this.#copy(event) && this.dispatchEvent(new Event("cut")));
    document.addEventListener("paste", (event) => this.#paste(event));
    this.#parts.canvas.addEventListener("dragover", (event) => this.#isDropOf(event) && event.preventDefault());
    this.#parts.canvas.addEventListener("drop", (event) => this.#drop(event));
  }

  /** Copy elements within the flow, beside themselves. @param {string[]} roots */
  duplicate(roots) {
    const { graph } = this.#parts;
    const snippet = this.#whole(graph.withMembers(roots));
    this.#put(snippet, clearOf(snippet.nodes, this.#boxes, { x: STEP, y: STEP }), ({ parent }) => (graph.node(parent) ? parent : null));
  }

  /** Copy elements within the flow to where they were dragged: into the group that is there. @param {string[]} roots @param {{x: number, y: number}} by */
  copyTo(roots, by) {
    const { graph } = this.#parts;
    const all = graph.withMembers(roots);
    const moved = (node) => ({ x: node.x + by.x + node.width / 2, y: node.y + by.y + node.height / 2 });
    const groupAt = graph.groupFinder(all);
    this.#put(this.#whole(all), by, (node) => groupAt(moved(node)));
  }

  /** Copy what is selected, without a key. */
  copy() {
    const text = this.#text();
    if (!text) return;
    this.#copied = text;
    const { clipboard } = navigator;
    // Where it may not be written (plain http beyond this machine), our answer to the event can.
    if (!clipboard) document.execCommand("copy");
    else clipboard.writeText(text).catch(() => document.execCommand("copy"));
  }

  /** Paste without a key: what the browser lets us read, else what was copied here. @param {{x: number, y: number}} [at] in the world */
  async paste(at) {
    const { notices, texts } = this.#parts;
    const text = (await navigator.clipboard?.readText().catch(() => null)) ?? this.#copied;
    if (text === null) notices.toast(texts.say("paste_by_key", { keys: spelled(texts, "Mod", "V") }));
    else this.#take(text, at);
  }

  #copy(event) {
    const text = isElsewhere(event) || !getSelection().isCollapsed ? null : this.#text();
    if (!text) return false;
    event.preventDefault();
    event.clipboardData.setData("text/plain", text);
    this.#copied = text;
    return true;
  }

  #text() {
    const { selection, graph } = this.#parts;
    return selection.nodes.size ? written(this.#whole(graph.withMembers(selection.nodes))) : null;
  }

  #paste(event) {
    if (isElsewhere(event) || !this.#parts.editing.mayEdit) return;
    event.preventDefault();
    const [file] = event.clipboardData.files;
    if (file) this.#foreign(file);
    else this.#take(event.clipboardData.getData("text/plain"));
  }

  #isDropOf({ dataTransfer }) {
    return this.#parts.editing.mayEdit && dataTransfer.types.includes("Files");
  }

  #drop(event) {
    if (!this.#isDropOf(event)) return;
    event.preventDefault();
    const [file] = event.dataTransfer.files;
    if (file) this.#foreign(file);
  }

  #foreign(detail) {
    this.dispatchEvent(new CustomEvent("foreign", { detail }));
  }

  /** Put copied nodes around a point, beside what would be hidden by them. */
  #take(text, at = this.#parts.viewport.pointer ?? this.#parts.viewport.centre) {
    const { catalogue, graph, notices, texts } = this.#parts;
    const snippet = read(text, catalogue);
    if (snippet === "nothing_to_paste" && looksForeign(text)) return this.#foreign(text);
    if (typeof snippet === "string") return void notices.toast(texts.say(snippet));
    const middle = centre(union(snippet.nodes.map((node) => ({ ...catalogue[node.kind], ...node }))));
    const by = clearOf(snippet.nodes, this.#boxes, { x: snap(at.x - middle.x), y: snap(at.y - middle.y) });
    const home = graph.groupFinder()({ x: middle.x + by.x, y: middle.y + by.y });
    const ids = this.#put(snippet, by, () => home);
    if (ids.length) this.dispatchEvent(new CustomEvent("pasted", { detail: ids }));
  }

  get #boxes() {
    return [...this.#parts.graph.visibleNodes()];
  }

  /** @returns {string[]} the ids of the copies; none if they may not be made */
  #put(snippet, by, home) {
    const { operations, ids } = copies(snippet, by, home);
    if (!this.#parts.editing.submit(operations).length) return [];
    this.#parts.selection.set({ nodes: ids });
    return ids;
  }

  /** Nodes with all they have, and the edges between them. @param {Set<string>} ids */
  #whole(ids) {
    const { graph } = this.#parts;
    const nodes = [...ids].map((id) => graph.node(id)).filter(Boolean);
    const edges = new Map(nodes.flatMap(({ id }) => graph.edgesOf(id)).map((edge) => [edge.id, edge]));
    const inner = [...edges.values()].filter((edge) => ids.has(edge.source) && ids.has(edge.target));
    const edits = editsById(this.#parts.session.outbox.operations());
    return { nodes: nodes.map((node) => this.#node(node, edits.get(node.id))), edges: inner.map((edge) => this.#edge(edge, edits.get(edge.id))) };
  }

  #node(node, edits = []) {
    const { catalogue } = this.#parts;
    const { id, kind, x, y, width, height, parent } = node;
    const { label, description, colour, enabled, settings } = contentOfNode(node, catalogue, edits);
    return { id, kind, x, y, width, height, parent, label, description, colour, enabled, settings };
  }

  #edge(edge, edits = []) {
    const { id, source, sourcePort, target, targetPort } = edge;
    const { label, animated } = contentOfEdge(edge, edits);
    return { id, source, source_port: sourcePort, target, target_port: targetPort, label, animated };
  }
}

/** Whether the event is not for the canvas: one types, or a dialog is open. */
const isElsewhere = ({ target }) => isTyping(target) || document.querySelector("dialog[open]") !== null;
