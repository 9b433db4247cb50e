/**
 * Undo and redo: the server takes back my last step, wherever I made it. They wait in the outbox like any edit and are done
 * in order; what was made offline and never sent is taken back right here. The buttons are off when there is known to be
 * nothing: from the page, from a refusal, from what I do.
 */

import { named } from "../conflicts/describe.js";

const MOST_NAMED = 3;
const KINDS = ["undo", "redo"];
const SENT = Symbol("sent");
const other = (kind) => (kind === "undo" ? "redo" : "undo");

export class Undo {
  #editor;
  #buttons;
  /** @type {(import("../sync/outbox.js").Entry[]|typeof SENT)[]} what I took back, the last at the end: a step that was never sent, or one of the server's */
  #undone = [];
  #isRedoing = false;

  constructor(editor) {
    this.#editor = editor;
    this.#buttons = Object.fromEntries(KINDS.map((kind) => [kind, editor.root.querySelector(`[data-tool="${kind}"]`)]));
    const { session } = editor;
    session.addEventListener("submitted", ({ detail }) => this.#submitted(detail));
    session.addEventListener("acked", ({ detail }) => this.#acked(detail));
    session.addEventListener("refused", ({ detail }) => this.#refused(detail));
    session.addEventListener("patched", ({ detail }) => this.#elsewhere(detail));
  }

  /** @param {"undo"|"redo"} kind */
  run(kind) {
    const { inspector, mayEdit, session, notices, texts } = this.#editor;
    if (!mayEdit && !session.outbox.isFull) return;
    inspector.flush();
    if (kind === "redo" && ![SENT, undefined].includes(this.#undone.at(-1))) this.#redoUnsent();
    else if (kind === "undo" && this.#undoUnsent()) notices.announce(texts.say("undo_done"));
    else if (this.#buttons[kind]?.getAttribute("aria-disabled") === "true") notices.announce(texts.say(`nothing_to_${kind}`));
    else if (session.connection === "live") this.#send(kind);
    else notices.toast(texts.say("undo_offline"));
  }

  /** Comes it late, it takes back nothing that I could not know of now. */
  #send(kind) {
    if (kind === "undo") this.#undone.push(SENT);
    else this.#undone.pop();
    const { session } = this.#editor;
    session.submit({ kind, at: session.version });
  }

  /** What was made offline is taken back here, where it is. */
  #undoUnsent() {
    const { session } = this.#editor;
    const step = session.connection === "live" ? [] : session.takeBack();
    if (!step.length) return false;
    this.#undone.push(step);
    this.#allow("redo", true);
    return true;
  }

  #redoUnsent() {
    this.#isRedoing = true;
    for (const { operation, step } of this.#undone.pop()) this.#editor.session.submit(operation, { step });
    this.#isRedoing = false;
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
    const { notices, texts } = this.#editor;
    const { kind } = entry.operation;
    if (!KINDS.includes(kind)) return;
    notices.announce(texts.say(`${kind}_done`));
    if (!frame.left?.length) return;
    const text = texts.say("left_alone", { what: this.#named(frame.left) });
    notices.toast(text);
    notices.announce(text);
  }

  #refused({ entry, frame }) {
    const { notices } = this.#editor;
    const { kind } = entry.operation;
    if (!KINDS.includes(kind) || frame.code !== "nothing_to_undo") return;
    this.#allow(kind, false);
    if (kind === "undo" && this.#undone.at(-1) === SENT) this.#undone.pop();
    notices.toast(frame.message);
    notices.announce(frame.message);
  }

  /** What I did in another tab or by a program counts here too. */
  #elsewhere(frame) {
    const { session } = this.#editor;
    for (const { actor, client, via } of frame?.changes ?? []) {
      if (actor !== session.you?.id || client === session.client) continue;
      this.#allow("undo", true);
      this.#allow("redo", KINDS.includes(via));
      if (!KINDS.includes(via)) this.#undone = [];
    }
  }

  #named(left) {
    const { graph, texts } = this.#editor;
    const label = ({ node, edge }) => {
      const [source, target] = [graph.edges.get(edge)?.source, graph.edges.get(edge)?.target];
      if (node) return named(node, this.#editor);
      if (edge) return source ? [source, target].map((id) => named(id, this.#editor)).join(" → ") : texts.say("an_edge");
      return texts.say("the_flow");
    };
    const names = left.slice(0, MOST_NAMED).map((one) => (one.properties.length ? `${label(one)} (${one.properties.join(", ")})` : label(one)));
    return left.length > MOST_NAMED ? `${names.join(", ")}, +${left.length - MOST_NAMED}` : names.join(", ");
  }
}
