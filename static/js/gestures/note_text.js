/**
 * Write a note on the note: its text becomes a field. Leaving it and Mod+Enter save, Esc takes back what was typed. It is kept
 * on this device with every keystroke; an untouched text is not an edit. Loaded when it is first used.
 *
 * @typedef {Record<"catalogue"|"editing"|"focus"|"graph"|"limits"|"notices"|"overlay"|"patcher"|"renderer"|"session"|"texts", object>} Parts of the editor that it uses
 */

import { contentOfNode } from "../lib/content.js";
import { editNode } from "../lib/operations.js";

/** Open a note's text. @param {Parts} parts @param {string} id @returns {boolean} whether it is open now */
export function writeNote(parts, id) {
  const { editing, graph, renderer } = parts;
  renderer.bring(id);
  const record = graph.node(id);
  const field = record?.element.querySelector(".note-text");
  if (!field || !editing.mayEdit || field.isContentEditable) return false;
  new Writing(parts, record, field).open();
  return true;
}

class Writing {
  #parts;
  #id;
  #record;
  #field;
  #given = "";
  #rendered = [];
  #over = new AbortController();

  /** @param {Parts} parts */
  constructor(parts, record, field) {
    this.#parts = parts;
    this.#id = record.id;
    this.#record = record;
    this.#field = field;
  }

  open() {
    const { catalogue, graph, patcher, session, texts } = this.#parts;
    const [field, { signal }] = [this.#field, this.#over];
    const { text = "" } = contentOfNode(this.#record, catalogue, session.outbox.operations()).settings;
    this.#rendered = [...field.childNodes];
    patcher.deferPatches([this.#id]);
    this.#record.element.toggleAttribute("data-renaming", true);
    field.contentEditable = "plaintext-only";
    for (const [name, value] of [["role", "textbox"], ["aria-multiline", "true"], ["aria-label", texts.say("note_text")]]) field.setAttribute(name, value);
    field.textContent = this.#given = String(text);
    field.focus({ preventScroll: true });
    getSelection().selectAllChildren(field);
    getSelection().collapseToEnd();
    field.addEventListener("input", () => this.#parts.editing.draft(this.#draft, this.#edit), { signal });
    field.addEventListener("blur", () => this.#finish(true), { signal });
    field.addEventListener("keydown", (event) => this.#key(event), { signal });
    graph.addEventListener("change", () => graph.node(this.#id) || this.#finish(true), { signal });
    session.addEventListener("rights", () => session.mayEdit || this.#finish(true), { signal });
  }

  get #draft() {
    return `note ${this.#id}`;
  }

  /** @returns {object[]|null} */
  get #edit() {
    // A browser ends what one types in with a line break of its own.
    const text = this.#field.innerText.replace(/\n$/, "");
    return text === this.#given.replace(/\n$/, "") ? null : [editNode(this.#id, { settings: { text: text || null } })];
  }

  #key(event) {
    event.stopPropagation();
    const isDone = event.key === "Enter" && (event.ctrlKey || event.metaKey);
    if (!isDone && event.key !== "Escape") return;
    event.preventDefault();
    this.#finish(isDone);
    this.#parts.focus.node(this.#id);
  }

  #finish(isKept) {
    if (this.#over.signal.aborted) return;
    const operations = isKept ? this.#edit : null;
    this.#over.abort();
    this.#close();
    const { editing, notices, patcher, texts } = this.#parts;
    const isSent = operations && editing.submit(operations, { draft: this.#draft }).length > 0;
    if (!isSent) editing.draft(this.#draft, null);
    if (operations && !isSent) notices.toast(texts.say("not_kept", { reason: editing.reason || texts.say("too_large") }), { tone: "danger", detail: operations[0].set.settings.text ?? "" });
    patcher.applyDeferred([this.#id]);
  }

  #close() {
    const field = this.#field;
    for (const name of ["contenteditable", "role", "aria-multiline", "aria-label"]) field.removeAttribute(name);
    field.replaceChildren(...this.#rendered);
    this.#record.element.removeAttribute("data-renaming");
  }
}
