/**
 * Shows what the session reports: a refusal, a new role, the end of the connection.
 *
 * @typedef {Record<"conflicts"|"editing"|"gestures"|"graph"|"inspector"|"notices"|"overlay"|"root"|"session"|"texts", object>} Parts of the editor that it uses
 */

import { touched } from "../sync/patcher.js";
import { CLOSE } from "../sync/socket.js";

const EDITING = "[data-palette-kind], [data-tool=add], [data-tool=undo], [data-tool=redo], [data-node-actions] button, [data-command=import]";
const RETURN_MS = 140;
const REASON_MS = 4_000;
const ENDINGS = { [CLOSE.LOG_IN]: "logged_out", [CLOSE.REVOKED]: "removed", [CLOSE.NOT_FOUND]: "deleted", [CLOSE.REPLACED]: "replaced" };

export class Reports {
  #parts;
  #hasEnded = false;

  /** @param {Parts} parts */
  constructor(parts) {
    this.#parts = parts;
    const { editing, notices, session, texts } = parts;
    editing.addEventListener("change", () => this.#controls());
    session.addEventListener("refused", ({ detail }) => this.#refused(detail));
    session.addEventListener("notice", ({ detail: { code, message } }) => notices.toast(message ?? texts.say(code), { tone: "danger" }));
    session.addEventListener("connection", () => session.isOver && this.#ended(session.socket.code));
    session.addEventListener("you", () => this.#role());
    session.addEventListener("rights", () => this.#rights());
  }

  /** Show that an edit is undone, and say why. */
  #refused({ entry, frame }) {
    const { graph, inspector, overlay, notices, texts } = this.#parts;
    const { nodes, edges } = touched(entry.operation);
    for (const [ids, records] of [[nodes, graph.nodes], [edges, graph.edges]]) for (const id of ids) flash(() => records.get(id)?.element);
    const isInField = entry.client === this.#parts.session.client && inspector.owns(entry.seq);
    if (isInField || this.#parts.conflicts.isLate(entry) || frame.code === "nothing_to_undo") return;
    const text = frame.message ?? texts.say(frame.code);
    const [first] = nodes;
    if (graph.nodes.has(first)) overlay.reason(first, text, { stays: false });
    else notices.toast(texts.say(`refused_${entry.operation.kind}`, { reason: text }), { tone: "danger" });
    notices.announce(texts.say(`refused_${entry.operation.kind}`, { reason: text }));
  }

  #ended(code) {
    if (this.#hasEnded) return;
    this.#hasEnded = true;
    this.#rights();
    const { notices, texts } = this.#parts;
    const action = code === CLOSE.REVOKED || code === CLOSE.NOT_FOUND ? undefined : { text: texts.say("reload"), run: () => location.reload() };
    notices.toast(texts.say(ENDINGS[code] ?? "stopped"), { tone: "danger", stays: true, action });
  }

  #role() {
    const { root, session, notices, texts } = this.#parts;
    if (root.dataset.role !== session.role) notices.toast(texts.say("role_changed", { role: texts.say(`role_${session.role}`) }));
    root.dataset.role = session.role;
    this.#rights();
  }

  /** Show what may be done now, and stop what may no longer be done. */
  #rights() {
    const { root, session, gestures, inspector, overlay } = this.#parts;
    root.toggleAttribute("data-read-only", !session.mayEdit);
    if (!session.mayEdit) inspector.giveUp();
    if (!session.mayEdit) gestures.cancel();
    this.#controls();
    overlay.draw();
  }

  /** What adds or takes back is off while nothing can be edited here; an outbox that is full can be undone. */
  #controls() {
    const { editing, root, session } = this.#parts;
    for (const control of root.querySelectorAll(EDITING)) control.disabled = !editing.mayEdit && !(control.dataset.tool === "undo" && session.outbox.isFull);
  }
}

/** Mark an element for a moment; by its end the server may have put another in its place. @param {() => Element|undefined} current */
function flash(current) {
  for (const [name, ms] of [["data-returning", RETURN_MS], ["data-refused", REASON_MS]]) {
    current()?.toggleAttribute(name, true);
    setTimeout(() => current()?.removeAttribute(name), ms);
  }
}
