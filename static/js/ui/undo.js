/**
 * Undo and redo: the server undoes my last step, wherever I made it. They wait in the outbox like any edit and are done in order;
 * an edit made offline and never sent is undone right here. The buttons are off when there is known to be nothing to undo.
 *
 * What one of them brings back is selected.
 *
 * @typedef {{nodes: Set<string>, edges: Set<string>}} Held ids
 * @typedef {Record<"catalogue"|"editing"|"graph"|"inspector"|"notices"|"root"|"selection"|"session"|"texts", object>} Parts of the editor that it uses
 */

import { named } from "../lib/operations.js";

const MAX_NAMED = 3;
const KINDS = ["undo", "redo"];
const SENT = Symbol("sent");
const other = (kind) => (kind === "undo" ? "redo" : "undo");

export class Undo {
  #parts;
  #buttons;
  /** @type {(import("../sync/outbox.js").Entry[]|typeof SENT)[]} what was undone, the last at the end: a step that was never sent, or one of the server's */
  #undone = [];
  #isRedoing = false;
  /** What the flow held before each that is on its way, by sequence number. @type {Map<number, Held>} */
  #held = new Map();

  /** @param {Parts} parts */
  constructor(parts) {
    this.#parts = parts;
    const { editing, root, session } = parts;
    this.#buttons = Object.fromEntries(KINDS.map((kind) => [kind, root.querySelector(`[data-tool="${kind}"]`)]));
    session.addEventListener("submitted", ({ detail }) => this.#submitted(detail));
    session.addEventListener("acked", ({ detail }) => this.#acked(detail));
    session.addEventListener("refused", ({ detail }) => this.#refused(detail));
    session.addEventListener("patched", ({ detail }) => this.#elsewhere(detail));
    editing.addEventListener("along", ({ detail }) => this.#along(detail));
  }

  /** Undo or redo the last step. @param {"undo"|"redo"} kind */
  run(kind) {
    const { inspector, editing: { mayEdit }, session, notices, texts } = this.#parts;
    if (!mayEdit && !session.outbox.isFull) return;
    inspector.flush();
    if (kind === "redo" && ![SENT, undefined].includes(this.#undone.at(-1))) this.#redoUnsent();
    else if (kind === "undo" && this.#undoUnsent()) notices.announce(texts.say("undo_done"));
    else if (this.#buttons[kind]?.getAttribute("aria-disabled") === "true") notices.announce(texts.say(`nothing_to_${kind}`));
    else if (session.connection === "live") this.#send(kind);
    else notices.toast(texts.say("undo_offline"));
  }

  /** It names the version, so that it undoes nothing unknown now if it arrives late. */
  #send(kind) {
    if (kind === "undo") this.#undone.push(SENT);
    else this.#undone.pop();
    const { session } = this.#parts;
    const seq = session.submit({ kind, at: session.version });
    if (seq !== null) this.#held.set(seq, this.#holds());
  }

  /** The flow as it is now. @returns {Held} */
  #holds() {
    const { nodes, edges } = this.#parts.graph;
    const ids = (records) => new Set(Array.from(records.values()).filter(({ gone }) => !gone).map(({ id }) => id));
    return { nodes: ids(nodes), edges: ids(edges) };
  }

  /** Select the nodes that were not there before, or the collapsed groups around them, else the edges. @param {Held} before */
  #select(before) {
    const { graph, selection } = this.#parts;
    const now = this.#holds();
    const [nodes, edges] = ["nodes", "edges"].map((what) => [...now[what]].filter((id) => !before[what].has(id)));
    if (nodes.length) selection.set({ nodes: new Set(nodes.map((id) => graph.standIn(id))) });
    else if (edges.length) selection.set({ edges: edges.filter((id) => graph.isEdgeDrawn(id)) });
  }

  /** Undo here what was made offline and never sent. */
  #undoUnsent() {
    const { session } = this.#parts;
    const before = this.#holds();
    const step = session.connection === "live" ? [] : session.undoUnsent();
    if (!step.length) return false;
    this.#select(before);
    this.#undone.push(step);
    this.#allow("redo", true);
    return true;
  }

  #redoUnsent() {
    this.#isRedoing = true;
    const before = this.#holds();
    for (const { operation, step } of this.#undone.pop()) this.#parts.session.submit(operation, { step });
    this.#isRedoing = false;
    this.#select(before);
    this.#allow("redo", this.#undone.length > 0);
  }

  #allow(kind, isPossible) {
    this.#buttons[kind]?.setAttribute("aria-disabled", String(!isPossible));
  }

  #submitted({ kind }) {
    if (KINDS.includes(kind)) this.#allow(other(kind), true);
    else {
      if (!this.#isRedoing) this.#undone = [];
      this.#allow("undo", true);
      this.#allow("redo", false);
    }
  }

  #acked({ entry, frame }) {
    const { notices, session, texts } = this.#parts;
    const { kind } = entry.operation;
    if (!KINDS.includes(kind)) return;
    if (frame.version <= session.version) this.#held.delete(entry.seq);
    notices.announce(texts.say(`${kind}_done`));
    if (!frame.left?.length) return;
    const text = texts.say("left_alone", { what: this.#named(frame.left) });
    notices.toast(text);
    notices.announce(text);
  }

  #refused({ entry, frame }) {
    const { notices } = this.#parts;
    this.#held.delete(entry.seq);
    const { kind } = entry.operation;
    if (!KINDS.includes(kind) || frame.code !== "nothing_to_undo") return;
    this.#allow(kind, false);
    if (kind === "undo" && this.#undone.at(-1) === SENT) this.#undone.pop();
    notices.toast(frame.message);
    notices.announce(frame.message);
  }

  /** Say what was deleted and what went along with it, and offer to undo that as long as it is the last. */
  #along({ edges, members, said }) {
    const { notices, session, texts } = this.#parts;
    const text = [said && `${said}.`, edges && texts.say("edges_along", { count: edges }), members && texts.say("members_along", { count: members })].filter(Boolean).join(" ");
    const close = notices.toast(text, { action: { text: texts.say("op_undo"), run: () => this.run("undo") } });
    notices.announce(text);
    session.addEventListener("submitted", close, { once: true });
  }

  /** Steps that I made in another tab or with a program count too. */
  #elsewhere(frame) {
    const { session } = this.#parts;
    if (frame) this.#arrived(frame.changes);
    else this.#held.clear();
    for (const { who, client, via } of frame?.changes ?? []) {
      if (who !== session.you?.who || client === session.client) continue;
      this.#allow("undo", true);
      this.#allow("redo", KINDS.includes(via));
      if (!KINDS.includes(via)) this.#undone = [];
    }
  }

  /** What my undo brought back is here; what others add before that is not mine to select. */
  #arrived(changes) {
    const { client } = this.#parts.session;
    const mine = changes.filter((change) => change.client === client && this.#held.has(change.seq)).map(({ seq }) => seq);
    if (mine.length) this.#select(this.#held.get(mine[0]));
    for (const seq of mine) this.#held.delete(seq);
    const now = this.#held.size ? this.#holds() : null;
    for (const seq of this.#held.keys()) this.#held.set(seq, now);
  }

  #named(left) {
    const { graph, texts } = this.#parts;
    const label = ({ node, edge }) => {
      const [source, target] = [graph.edges.get(edge)?.source, graph.edges.get(edge)?.target];
      if (node) return named(node, this.#parts);
      if (edge) return source ? [source, target].map((id) => named(id, this.#parts)).join(" → ") : texts.say("an_edge");
      return texts.say("the_flow");
    };
    const names = left.slice(0, MAX_NAMED).map((one) => (one.properties.length ? `${label(one)} (${one.properties.join(", ")})` : label(one)));
    return left.length > MAX_NAMED ? `${names.join(", ")}, +${left.length - MAX_NAMED}` : names.join(", ");
  }
}
