/**
 * Copy, cut, paste and duplicate.
 *
 * What a copy needs (settings, descriptions) is not on the canvas, so complete elements come from the API, once for each version.
 * The clipboard gets JSON of ours, which pastes into any flow; while the complete elements are on their way, a stamp in it
 * points to the copy kept in this browser.
 */

import { copies } from "../lib/edits.js";
import { centre, snap, union } from "../lib/geometry.js";
import { homeAt } from "./drag.js";
import { isTyping } from "./keyboard.js";

const KEY = "helix.clipboard";
const NODE = ["kind", "x", "y", "width", "height", "label", "description", "colour", "parent", "enabled", "settings"];

export class Copies {
  #editor;
  #known = { version: null, flow: null };
  #stash = null;

  constructor(editor) {
    this.#editor = editor;
    document.addEventListener("copy", (event) => this.#copy(event));
    document.addEventListener("cut", (event) => this.#copy(event) && editor.mayEdit && this.#stash.then(() => editor.commands.run("delete")));
    document.addEventListener("paste", (event) => this.#paste(event));
  }

  /** @param {string[]} roots @param {{x: number, y: number}} by */
  async duplicate(roots, by) {
    const parts = await this.#complete(this.#editor.graph.withMembers(roots));
    const { graph } = this.#editor;
    this.#put(parts, by, (node) => (graph.node(node.parent) ? node.parent : null));
  }

  #copy(event) {
    const { selection, graph } = this.#editor;
    if (isTyping(event.target) || !getSelection().isCollapsed || !selection.nodes.size) return false;
    event.preventDefault();
    const stamp = crypto.randomUUID?.() ?? String(Math.random());
    const ids = graph.withMembers(selection.nodes);
    event.clipboardData.setData("text/plain", JSON.stringify({ helix: 1, stamp, ...this.#shallow(ids) }));
    this.#stash = this.#complete(ids).then((parts) => {
      const text = JSON.stringify({ helix: 1, stamp, ...parts });
      try {
        localStorage.setItem(KEY, text);
      } catch {
        /* No room, or forbidden: the clipboard's own, shallower copy has to do. */
      }
      return navigator.clipboard?.writeText(text).catch(() => {});
    });
    return true;
  }

  #paste(event) {
    if (isTyping(event.target) || !this.#editor.mayEdit) return;
    const parts = read(event.clipboardData.getData("text/plain"));
    if (!parts) return;
    event.preventDefault();
    const kept = read(localStorage.getItem(KEY) ?? "");
    const whole = kept?.stamp === parts.stamp ? kept : parts;
    const { viewport, pointer, graph } = this.#editor;
    const box = union(whole.nodes.map((node) => ({ width: 120, height: 60, ...node })));
    const [from, to] = [centre(box), pointer ?? viewport.centre];
    this.#put(whole, { x: snap(to.x - from.x), y: snap(to.y - from.y) }, () => homeAt(graph, to));
  }

  #put(parts, by, home) {
    const { operations, ids } = copies(parts, by, home);
    this.#editor.submit(operations);
    this.#editor.selection.set({ nodes: ids });
  }

  /** Elements with all they have; what the server cannot tell now, as far as the canvas knows it. */
  async #complete(ids) {
    const { session, root } = this.#editor;
    const shallow = this.#shallow(ids);
    try {
      if (this.#known.version !== session.version) {
        const answer = await fetch(`/api/v1/flows/${root.dataset.flow}`, { headers: { Accept: "application/json" } });
        if (!answer.ok) return shallow;
        const flow = await answer.json();
        this.#known = { version: flow.version, flow };
      }
    } catch {
      return shallow;
    }
    const full = new Map(this.#known.flow.nodes.map((node) => [node.id, node]));
    const edges = new Map(this.#known.flow.edges.map((edge) => [edge.id, edge]));
    return {
      nodes: shallow.nodes.map((node) => ({ ...picked(full.get(node.id)), ...node })),
      edges: shallow.edges.map((edge) => ({ ...edges.get(edge.id), ...edge })),
    };
  }

  #shallow(ids) {
    const { graph } = this.#editor;
    const nodes = [...ids].map((id) => graph.node(id)).filter(Boolean).map(({ id, kind, x, y, width, height, label, parent }) => ({ id, kind, x, y, width, height, label, parent }));
    const edges = new Map(nodes.flatMap(({ id }) => graph.edgesOf(id)).map((edge) => [edge.id, edge]));
    const inner = [...edges.values()].filter((edge) => ids.has(edge.source) && ids.has(edge.target));
    return { nodes, edges: inner.map(({ id, source, sourcePort, target, targetPort }) => ({ id, source, source_port: sourcePort, target, target_port: targetPort })) };
  }
}

function picked(node) {
  return node && Object.fromEntries(NODE.map((key) => [key, node[key]]));
}

/** @returns {{stamp: string, nodes: object[], edges: object[]}|null} */
function read(text) {
  try {
    const parts = JSON.parse(text);
    return parts?.helix === 1 && Array.isArray(parts.nodes) && parts.nodes.length ? { ...parts, edges: parts.edges ?? [] } : null;
  } catch {
    return null;
  }
}
