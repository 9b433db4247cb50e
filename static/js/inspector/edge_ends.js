/**
 * The ends of an edge in its form: a button for each opens the list of what it can be. What cannot be, and what the server refuses, is
 * said under the button, which goes on showing where the edge is.
 *
 * @typedef {Record<"catalogue"|"editing"|"graph"|"notices"|"picker"|"session"|"texts", object>} Parts of the editor that it uses
 * @typedef {import("../canvas/graph.js").EdgeRecord} EdgeRecord
 * @typedef {"source"|"source_port"|"target"} Name of a field
 */

import { endsKey, moveEdge, named } from "../lib/operations.js";
import { readingOrder } from "../lib/geometry.js";

/** What is said of a refusal whose sentence would name nodes by their ids. */
const REFUSALS = { duplicate_edge: "already_connected", self_loop: "to_itself" };

export class EdgeEnds {
  #parts;
  #panel;
  /** What is on its way, by sequence number. @type {Map<number, {edge: string, name: Name}>} */
  #sent = new Map();

  /** @param {Parts} parts @param {HTMLElement} panel the inspector's */
  constructor(parts, panel) {
    this.#parts = parts;
    this.#panel = panel;
    parts.session.addEventListener("refused", ({ detail }) => this.#refused(detail));
    parts.session.addEventListener("content", () => this.#forget());
  }

  /** Whether an edit of this page came from the form that is shown: then the reason is said there. */
  owns(seq) {
    return this.#sent.has(seq) && this.#sent.get(seq).edge === this.#edge?.id;
  }

  /** Ask where the edge begins or ends. @param {Name} name */
  choose(name) {
    const edge = this.#edge;
    if (!edge) return;
    this.#say(name, null);
    const title = this.#field(name).querySelector(".field-label").textContent;
    if (name === "source_port") this.#parts.picker.node(this.#outputs(edge), title, (port) => this.#move(name, edge.id, { id: edge.source, port }));
    else this.#parts.picker.node(this.#nodes(name, edge), title, (id) => this.#move(name, edge.id, this.#best(name, edge, id)));
  }

  /** The edge whose form is shown. @returns {EdgeRecord|undefined} */
  get #edge() {
    return this.#parts.graph.edge(this.#panel.querySelector("[data-inspector-form]")?.dataset.edge);
  }

  #field(name) {
    return this.#panel.querySelector(`[data-field="${name}"]`);
  }

  /** The outputs of the node where it begins; why one cannot be taken stands beside it. */
  #outputs(edge) {
    const { id, kind, outputs } = this.#parts.graph.node(edge.source);
    return outputs.map((port) => ({ id: port, kind, label: port, hint: this.#hint(edge, "source", { id, port }) ?? "" }));
  }

  /** The nodes with a port for this end. */
  #nodes(end, edge) {
    const { graph } = this.#parts;
    const nodes = [...graph.visibleNodes()].filter((node) => portsOf(node, end).length);
    return readingOrder(nodes).map((node) => ({ id: node.id, kind: node.kind, label: named(node.id, this.#parts), hint: this.#hint(edge, end, this.#best(end, edge, node.id)) }));
  }

  #hint(edge, end, to) {
    const reason = this.#reason(edge, end, to);
    return reason ? this.#parts.texts.say(reason) : undefined;
  }

  /** The port of a node that this end takes: one of the same name if it is free, else the first that is. */
  #best(end, edge, id) {
    const same = end === "source" ? edge.sourcePort : edge.targetPort;
    const ports = portsOf(this.#parts.graph.node(id), end);
    const inOrder = [...ports.filter((port) => port === same), ...ports].map((port) => ({ id, port }));
    return inOrder.find((to) => !this.#reason(edge, end, to)) ?? inOrder[0];
  }

  /** Why an end cannot be there. @returns {string|null} the name of a text */
  #reason(edge, end, { id, port }) {
    const ends = end === "source" ? { ...edge, source: id, sourcePort: port } : { ...edge, target: id, targetPort: port };
    if (ends.source === ends.target) return "to_itself";
    const isTaken = this.#parts.graph.edgesOf(id).some((other) => other.id !== edge.id && endsKey(other) === endsKey(ends));
    return isTaken ? "already_connected" : null;
  }

  /** @param {Name} name @param {string} id the edge's @param {{id: string, port: string}|undefined} to */
  #move(name, id, to) {
    const { editing, graph, notices, texts } = this.#parts;
    const edge = graph.edge(id);
    if (!edge || !to) return;
    const end = name === "target" ? "target" : "source";
    const reason = this.#reason(edge, end, to);
    if (reason) return void this.#say(name, texts.say(reason));
    if (edge[end] === to.id && edge[`${end}Port`] === to.port) return;
    const seqs = editing.submit([moveEdge(id, end, to)]);
    if (!seqs.length) return;
    for (const seq of seqs) this.#sent.set(seq, { edge: id, name });
    const { source, sourcePort, target } = graph.edge(id);
    const from = graph.node(source)?.outputs.length > 1 ? `${named(source, this.#parts)} · ${sourcePort}` : named(source, this.#parts);
    notices.announce(texts.say("op_add_edge", { what: `${from} → ${named(target, this.#parts)}` }));
  }

  #refused({ entry, frame }) {
    const { session, texts } = this.#parts;
    if (entry.client !== session.client || !this.owns(entry.seq)) return;
    this.#say(this.#sent.get(entry.seq).name, REFUSALS[frame.code] ? texts.say(REFUSALS[frame.code]) : (frame.message ?? texts.say(frame.code)));
  }

  #forget() {
    for (const seq of this.#sent.keys()) if (!this.#parts.session.outbox.has(seq)) this.#sent.delete(seq);
  }

  /** @param {Name} name @param {string|null} text */
  #say(name, text) {
    const field = this.#field(name);
    const error = field.querySelector("[data-field-error]");
    error.hidden = !text;
    error.textContent = text ?? "";
    if (text) field.querySelector("button").setAttribute("aria-describedby", error.id);
    else field.querySelector("button").removeAttribute("aria-describedby");
  }
}

const portsOf = (node, end) => (end === "source" ? node?.outputs : node?.inputs) ?? [];
