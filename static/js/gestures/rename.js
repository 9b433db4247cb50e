/**
 * Rename a node in place: its label becomes a field; Enter and leaving commit, Esc cancels. An untouched label is not an edit, and
 * follows changes by others. Its text is kept on this device with every keystroke; one that cannot be saved, because it is too
 * long or editing is no longer allowed, waits at the inspector's label.
 *
 * @typedef {Record<"editing"|"focus"|"graph"|"inspector"|"limits"|"notices"|"overlay"|"patcher"|"renderer"|"session"|"texts", object>} Parts of the editor that it uses
 */

import { characters } from "../lib/texts.js";
import { editNode } from "../lib/operations.js";
import { writeEdited } from "../inspector/caret.js";

/** Open the field of a node's label. @param {string} id */
export function rename(parts, id) {
  const { editing, graph, renderer } = parts;
  // The server's element may have come and not be on the page yet.
  renderer.bring(id);
  const record = graph.node(id);
  const label = record?.element.querySelector("[data-node-label]");
  if (label && editing.mayEdit && !label.isContentEditable) new Renaming(parts, record, label).open();
}

class Renaming {
  #parts;
  #record;
  #label;
  #draft;
  /** The label before anything was typed. */
  #given = "";
  #isUnsent = false;
  #over = new AbortController();

  /** @param {Parts} parts */
  constructor(parts, record, label) {
    this.#parts = parts;
    this.#record = record;
    this.#label = label;
    this.#draft = `rename ${record.id}`;
  }

  open() {
    const [{ patcher, graph, session }, record, label, { signal }] = [this.#parts, this.#record, this.#label, this.#over];
    patcher.deferPatches([record.id]);
    record.element.toggleAttribute("data-renaming", true);
    label.contentEditable = "plaintext-only";
    label.setAttribute("role", "textbox");
    label.textContent = this.#given = record.label;
    label.focus();
    getSelection().selectAllChildren(label);
    label.addEventListener("input", () => this.#keep(), { signal });
    label.addEventListener("blur", () => this.#finish(true), { signal });
    label.addEventListener("keydown", (event) => this.#key(event), { signal });
    graph.addEventListener("change", ({ detail }) => detail.nodes.has(record.id) && this.#follow(), { signal });
    session.addEventListener("rights", () => session.mayEdit || (this.#finish(true), this.#parts.focus.node(record.id)), { signal });
  }

  get #isTyped() {
    return this.#label.textContent !== this.#given;
  }

  get #typed() {
    return this.#label.textContent.replace(/\s+/g, " ").trim();
  }

  get #edit() {
    const label = this.#typed;
    return this.#isTyped && label && label !== this.#record.label ? [editNode(this.#record.id, { label })] : null;
  }

  get #tooLong() {
    const [count, most] = [characters(this.#typed), this.#parts.limits.label];
    return this.#isTyped && count > most ? this.#parts.texts.say("too_long", { count, most }) : null;
  }

  #follow() {
    const { graph } = this.#parts;
    const { id, label } = this.#record;
    // What was typed is sent, so that I am told and it is kept; not if it was me who removed the node.
    if (!graph.node(id)) return this.#finish(!graph.nodes.has(id));
    if (this.#isTyped || label === this.#given) return;
    this.#given = label;
    writeEdited(this.#label, label);
  }

  #keep() {
    const reason = this.#tooLong;
    this.#parts.overlay.reason(this.#record.id, reason);
    this.#keepUnsent(reason);
    this.#parts.editing.draft(this.#draft, reason ? null : this.#edit);
    this.#follow();
  }

  /** With a reason it waits at the inspector's label. @param {string|null} reason */
  #keepUnsent(reason) {
    if (this.#isUnsent || reason) this.#parts.inspector.keepUnsent(`form ${this.#record.id}`, "label", this.#typed, reason, { isSound: !this.#tooLong });
    this.#isUnsent = reason !== null;
  }

  #key(event) {
    event.stopPropagation();
    if (event.key !== "Enter" && event.key !== "Escape") return;
    event.preventDefault();
    if (event.key === "Enter" && this.#tooLong) return;
    this.#finish(event.key === "Enter");
    this.#parts.focus.node(this.#record.id);
  }

  #finish(isKept) {
    if (this.#over.signal.aborted) return;
    this.#over.abort();
    const { overlay, patcher } = this.#parts;
    const { id } = this.#record;
    const reason = isKept ? this.#tooLong : null;
    overlay.reason(id, reason, { stays: false });
    this.#keepUnsent(reason ?? (isKept ? this.#send() : null));
    if (reason || !isKept) this.#parts.editing.draft(this.#draft, null);
    this.#close();
    patcher.applyDeferred([id]);
  }

  /** @returns {string|null} why it could not be sent */
  #send() {
    const { notices, texts } = this.#parts;
    const operations = this.#edit;
    if (operations && this.#parts.editing.submit(operations, { draft: this.#draft }).length) return null;
    this.#parts.editing.draft(this.#draft, null);
    if (!operations) return null;
    const cause = this.#parts.editing.reason;
    if (!cause) return texts.say("too_large");
    const reason = texts.say("not_kept", { reason: cause });
    notices.toast(reason, { tone: "danger" });
    return reason;
  }

  #close() {
    const [label, { element }] = [this.#label, this.#record];
    label.removeAttribute("contenteditable");
    label.removeAttribute("role");
    label.textContent = this.#record.label;
    label.scrollLeft = 0;
    element.removeAttribute("data-renaming");
  }
}
