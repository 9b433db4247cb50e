/**
 * Undo and redo: the server takes back my last step, wherever I made it. They wait in the outbox like any edit and are done
 * in order; what was made offline and never sent is taken back right here. The buttons are off when there is known to be
 * nothing: from the page, from a refusal, from what I do.
 */

const MOST_NAMED = 3;
const KINDS = ["undo", "redo"];
const other = (kind) => (kind === "undo" ? "redo" : "undo");

export class Undo {
  #editor;
  #buttons;
  /** @type {import("../live/outbox.js").Entry[][]} steps taken back before they were ever sent */
  #unsent = [];
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
    if (kind === "redo" && this.#unsent.length) this.#redoUnsent();
    else if (kind === "undo" && this.#undoUnsent()) notices.announce(texts.say("undo_done"));
    else if (this.#buttons[kind]?.getAttribute("aria-disabled") === "true") notices.announce(texts.say(`nothing_to_${kind}`));
    else if (session.connection === "live") session.submit({ kind });
    else notices.toast(texts.say("undo_offline"));
  }

  /** What was made offline is taken back here, where it is. */
  #undoUnsent() {
    const { session } = this.#editor;
    const step = session.connection === "live" ? [] : session.takeBack();
    if (!step.length) return false;
    this.#unsent.push(step);
    this.#allow("redo", true);
    return true;
  }

  #redoUnsent() {
    this.#isRedoing = true;
    for (const { operation, step } of this.#unsent.pop()) this.#editor.session.submit(operation, { step });
    this.#isRedoing = false;
    this.#allow("redo", this.#unsent.length > 0);
  }

  #allow(kind, isPossible) {
    this.#buttons[kind]?.setAttribute("aria-disabled", String(!isPossible));
  }

  #submitted({ kind }) {
    if (!this.#isRedoing) this.#unsent = [];
    if (KINDS.includes(kind)) this.#allow(other(kind), true);
    else {
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
    }
  }

  #named(left) {
    const { graph, texts } = this.#editor;
    const label = ({ node, edge }) => {
      const [source, target] = [graph.edges.get(edge)?.source, graph.edges.get(edge)?.target];
      if (node) return graph.nodes.get(node)?.label || node;
      if (edge) return source ? [source, target].map((id) => graph.nodes.get(id)?.label || id).join(" → ") : texts.say("an_edge");
      return texts.say("the_flow");
    };
    const names = left.slice(0, MOST_NAMED).map((one) => (one.properties.length ? `${label(one)} (${one.properties.join(", ")})` : label(one)));
    return left.length > MOST_NAMED ? `${names.join(", ")}, +${left.length - MOST_NAMED}` : names.join(", ");
  }
}
