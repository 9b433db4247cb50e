/**
 * Rename a node in place: its label becomes a field; Enter and leaving commit, Esc gives it back. As long as nothing is typed it
 * shows the label as it is now, whoever changed it, and makes no edit. What stands in it is kept on this device with every
 * keystroke; what cannot be saved, because it is too long or the right is gone, waits at the inspector's label.
 */

import { characters } from "../lib/texts.js";
import { editNode } from "../lib/edits.js";
import { writeEdited } from "../inspector/caret.js";
import { hindranceText } from "../ui/hindrance.js";

/** @param {string} id */
export function rename(editor, id) {
  // The server's element may have come and not be on the page yet.
  editor.stage.flush();
  const record = editor.graph.node(id);
  const label = record?.element.querySelector("[data-node-label]");
  if (label && editor.mayEdit && !label.isContentEditable) new Renaming(editor, record, label).open();
}

class Renaming {
  #editor;
  #record;
  #label;
  #draft;
  /** What stands there by no doing of mine. */
  #given = "";
  #isHeld = false;
  #over = new AbortController();

  constructor(editor, record, label) {
    this.#editor = editor;
    this.#record = record;
    this.#label = label;
    this.#draft = `rename ${record.id}`;
  }

  open() {
    const [{ patcher, graph, session }, record, label, { signal }] = [this.#editor, this.#record, this.#label, this.#over];
    patcher.hold([record.id]);
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
    session.addEventListener("rights", () => session.mayEdit || (this.#finish(true), this.#editor.focus.node(record.id)), { signal });
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
    const [count, most] = [characters(this.#typed), this.#editor.limits.label];
    return this.#isTyped && count > most ? this.#editor.texts.say("too_long", { count, most }) : null;
  }

  #follow() {
    const { label } = this.#record;
    if (this.#isTyped || label === this.#given) return;
    this.#given = label;
    writeEdited(this.#label, label);
  }

  #keep() {
    const reason = this.#tooLong;
    this.#editor.overlay.reason(this.#record.id, reason);
    this.#hold(reason);
    this.#editor.draft(this.#draft, reason ? null : this.#edit);
    this.#follow();
  }

  /** With a reason it waits at the inspector's label. @param {string|null} reason */
  #hold(reason) {
    if (this.#isHeld || reason) this.#editor.inspector.hold(`form ${this.#record.id}`, "label", this.#typed, reason, { isSound: !this.#tooLong });
    this.#isHeld = reason !== null;
  }

  #key(event) {
    event.stopPropagation();
    if (event.isComposing || (event.key !== "Enter" && event.key !== "Escape")) return;
    event.preventDefault();
    if (event.key === "Enter" && this.#tooLong) return;
    this.#finish(event.key === "Enter");
    this.#editor.focus.node(this.#record.id);
  }

  #finish(isKept) {
    if (this.#over.signal.aborted) return;
    this.#over.abort();
    const { overlay, patcher } = this.#editor;
    const { id } = this.#record;
    const reason = isKept ? this.#tooLong : null;
    overlay.reason(id, reason, { stays: false });
    this.#hold(reason ?? (isKept ? this.#send() : null));
    if (reason || !isKept) this.#editor.draft(this.#draft, null);
    this.#close();
    patcher.release([id]);
  }

  /** @returns {string|null} why it could not be sent */
  #send() {
    const { notices, texts } = this.#editor;
    const operations = this.#edit;
    if (operations && this.#editor.submit(operations, { draft: this.#draft }).length) return null;
    this.#editor.draft(this.#draft, null);
    if (!operations) return null;
    const hindrance = hindranceText(this.#editor);
    if (!hindrance) return texts.say("too_large");
    const reason = texts.say("not_kept", { reason: hindrance });
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
