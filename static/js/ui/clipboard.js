/**
 * Copy, cut, paste and duplicate: whole elements, as the canvas holds them, so none of it needs the server. The clipboard gets our
 * own JSON, which pastes into any flow.
 *
 * Event `cut`: what is selected was copied and should be deleted.
 */

import { copies } from "../lib/edits.js";
import { centre, snap, union } from "../lib/geometry.js";
import { contentOfEdge, contentOfNode } from "../lib/content.js";
import { isTyping } from "./keyboard.js";

export class Clipboard extends EventTarget {
  #parts;

  constructor({ catalogue, editing, graph, selection, session, viewport }) {
    super();
    this.#parts = { catalogue, editing, graph, selection, session, viewport };
    document.addEventListener("copy", (event) => this.#copy(event));
    document.addEventListener("cut", (event) => this.#copy(event) && this.dispatchEvent(new Event("cut")));
    document.addEventListener("paste", (event) => this.#paste(event));
  }

  /** Copy elements within the flow. @param {string[]} roots @param {{x: number, y: number}} by */
  duplicate(roots, by) {
    const { graph } = this.#parts;
    this.#put(this.#whole(graph.withMembers(roots)), by, (node) => (graph.node(node.parent) ? node.parent : null));
  }

  #copy(event) {
    const { selection, graph } = this.#parts;
    if (isTyping(event.target) || !getSelection().isCollapsed || !selection.nodes.size) return false;
    event.preventDefault();
    event.clipboardData.setData("text/plain", JSON.stringify({ helix: 1, ...this.#whole(graph.withMembers(selection.nodes)) }));
    return true;
  }

  #paste(event) {
    if (isTyping(event.target) || !this.#parts.editing.mayEdit) return;
    const parts = read(event.clipboardData.getData("text/plain"));
    if (!parts) return;
    event.preventDefault();
    const { graph, viewport } = this.#parts;
    const box = union(parts.nodes.map((node) => ({ width: 120, height: 60, ...node })));
    const [from, to] = [centre(box), viewport.pointer ?? viewport.centre];
    this.#put(parts, { x: snap(to.x - from.x), y: snap(to.y - from.y) }, () => graph.groupAt(to));
  }

  #put(parts, by, home) {
    const { operations, ids } = copies(parts, by, home);
    this.#parts.editing.submit(operations);
    this.#parts.selection.set({ nodes: ids });
  }

  /** Nodes with all they have, and the edges between them. @param {Set<string>} ids */
  #whole(ids) {
    const { graph } = this.#parts;
    const nodes = [...ids].map((id) => graph.node(id)).filter(Boolean);
    const edges = new Map(nodes.flatMap(({ id }) => graph.edgesOf(id)).map((edge) => [edge.id, edge]));
    const inner = [...edges.values()].filter((edge) => ids.has(edge.source) && ids.has(edge.target));
    return { nodes: nodes.map((node) => this.#node(node)), edges: inner.map((edge) => this.#edge(edge)) };
  }

  #node(node) {
    const { catalogue, session } = this.#parts;
    const { id, kind, x, y, width, height, parent } = node;
    const { label, description, colour, enabled, settings } = contentOfNode(node, catalogue, session.outbox.operations());
    return { id, kind, x, y, width, height, parent, label, description, colour, enabled, settings };
  }

  #edge(edge) {
    const { id, source, sourcePort, target, targetPort } = edge;
    const { label, animated } = contentOfEdge(edge, this.#parts.session.outbox.operations());
    return { id, source, source_port: sourcePort, target, target_port: targetPort, label, animated };
  }
}

/** @returns {{nodes: object[], edges: object[]}|null} */
function read(text) {
  try {
    const parts = JSON.parse(text);
    return parts?.helix === 1 && Array.isArray(parts.nodes) && parts.nodes.length ? { ...parts, edges: parts.edges ?? [] } : null;
  } catch {
    return null;
  }
}
