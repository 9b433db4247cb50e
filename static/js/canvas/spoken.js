/**
 * What people hear who do not see the canvas: a node's name with how many edges enter and leave it and whether it is selected,
 * and when the connection is lost or back. Saving is not told: it goes on all the time.
 */

import { nodeName } from "../lib/texts.js";

export class Spoken {
  #parts;
  #selected = new Set();
  #wasLive = true;

  constructor({ catalogue, graph, notices, root, selection, session, texts }) {
    this.#parts = { catalogue, graph, notices, root, selection, session, texts };
    graph.addEventListener("change", ({ detail: { nodes, edges } }) => this.#name([...nodes, ...this.#ends(edges)]));
    selection.addEventListener("change", () => this.#select());
    session.addEventListener("connection", () => this.#tell());
    this.#name(graph.nodes.keys());
    this.#select();
  }

  #ends(edges) {
    return [...edges].flatMap((id) => {
      const edge = this.#parts.graph.edges.get(id);
      return edge ? [edge.source, edge.target] : [];
    });
  }

  #select() {
    const { nodes } = this.#parts.selection;
    const changed = [...this.#selected, ...nodes].filter((id) => this.#selected.has(id) !== nodes.has(id));
    this.#selected = new Set(nodes);
    this.#name(changed);
  }

  #name(ids) {
    for (const id of ids) {
      const node = this.#parts.graph.node(id);
      if (!node) continue;
      const name = this.#nameOf(node);
      if (node.element.getAttribute("aria-label") !== name) node.element.setAttribute("aria-label", name);
    }
  }

  #nameOf({ id, kind, label, enabled, collapsed }) {
    const { catalogue, graph, texts } = this.#parts;
    const edges = graph.edgesOf(id);
    const leaving = edges.filter(({ source }) => source === id).length;
    const state = [
      !enabled && texts.say("off"),
      collapsed && texts.say("collapsed"),
      edges.length > 0 && texts.say("in_and_out", { entering: edges.length - leaving, leaving }),
      this.#selected.has(id) && texts.say("selected"),
    ];
    return nodeName({ label, title: catalogue[kind].title, state: state.filter(Boolean).join(", ") });
  }

  /** Saving is silent; losing the connection is not. */
  #tell() {
    const { notices, session, texts } = this.#parts;
    const isLive = session.connection === "live" || session.connection === "read-only";
    if (session.connection === "connecting" || isLive === this.#wasLive) return;
    this.#wasLive = isLive;
    notices.announce(texts.say(isLive ? "online" : "offline"));
  }
}
