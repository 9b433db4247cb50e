/**
 * The flow's title: edited in place, and shown with unsent edits in its field, the heading and the window's title. An untouched
 * title is not an edit, and follows changes by others. A title that cannot be saved, because it is too long or editing is no
 * longer allowed, stays in the field and waits at the inspector's title.
 */

import { edited } from "../lib/content.js";
import { editFlow } from "../lib/operations.js";
import { writeField } from "../inspector/caret.js";

const PLACE = "form ";

export class Title {
  #parts;
  #field;
  #heading;
  /** As the server last said it, and as it is shown. */
  #said;
  #shown;
  /** The field's text before anything was typed. */
  #given;
  /** Whether its text waits at the inspector's title, too. */
  #isUnsent = false;

  constructor({ editing, inspector, notices, patcher, root, session, texts }) {
    this.#parts = { editing, inspector, notices, patcher, root, session, texts };
    this.#field = root.querySelector("[data-flow-title]");
    this.#heading = root.querySelector("[data-flow-heading]");
    this.#said = this.#shown = root.querySelector("helix-flow").dataset.title;
    this.#given = this.#field.defaultValue;
    inspector.addEventListener("unsaved", () => this.show());
    patcher.addEventListener("flow", ({ detail: { title } }) => ((this.#said = title), this.show()));
    session.addEventListener("content", () => this.show());
    session.addEventListener("rights", () => this.#rights());
    editing.addEventListener("change", () => this.#rights());
    this.#listen(this.#field);
  }

  /** Show the title as it is now, except where I have typed. */
  show() {
    const { title } = edited({ title: this.#said }, this.#parts.session.outbox.operations(), "flow");
    const isNew = title !== this.#shown;
    this.#shown = title;
    if (!this.#isTyped || this.#isSettled) this.#give();
    if (!isNew) return;
    this.#heading.textContent = title;
    document.title = document.title.replace(/^.*(?= · )/s, () => title);
  }

  #listen(field) {
    field.addEventListener("input", () => this.#typed());
    field.form.addEventListener("submit", (event) => (event.preventDefault(), this.#commit(), field.blur()));
    field.addEventListener("blur", () => this.#isUnsent || this.#commit());
    field.addEventListener("keydown", ({ key }) => key === "Escape" && this.#leave());
  }

  get #isTyped() {
    return this.#field.value !== this.#given;
  }

  /** Whether the text that waited at the inspector's title was settled there. */
  get #isSettled() {
    return this.#isUnsent && this.#field !== document.activeElement && !this.#parts.inspector.hasUnsent(PLACE, "title");
  }

  /** By how much it is too long, in words. */
  get #tooLong() {
    return this.#field.validity.customError ? this.#field.validationMessage : null;
  }

  get #edit() {
    const title = this.#field.value.trim();
    return this.#isTyped && title && title !== this.#shown ? [editFlow({ title })] : null;
  }

  #typed() {
    this.#keepUnsent(this.#tooLong);
    this.#draft(this.#tooLong ? null : this.#edit);
    this.show();
  }

  /** With a reason it waits on this device, at the inspector's title. @param {string|null} reason */
  #keepUnsent(reason) {
    if (this.#isUnsent || reason) this.#parts.inspector.keepUnsent(PLACE, "title", this.#field.value, reason, { isSound: !this.#tooLong });
    this.#isUnsent = reason !== null;
    if (reason) this.#field.setAttribute("aria-invalid", "true");
    else this.#field.removeAttribute("aria-invalid");
  }

  /** Put the shown title into the field. */
  #give() {
    const isTooLong = this.#tooLong !== null;
    this.#isUnsent = false;
    this.#given = this.#shown;
    writeField(this.#field, this.#shown);
    this.#field.removeAttribute("aria-invalid");
    if (isTooLong) this.#field.dispatchEvent(new Event("input", { bubbles: true }));
  }

  #leave() {
    this.#keepUnsent(null);
    this.#draft(null);
    this.#give();
    this.#field.blur();
  }

  #draft(operations) {
    this.#parts.editing.draft("title", operations);
  }

  #commit() {
    const operations = this.#edit;
    if (this.#tooLong) return;
    if (operations && !this.#parts.editing.submit(operations, { draft: "title" }).length) return void this.#keep();
    if (!operations) this.#draft(null);
    this.#keepUnsent(null);
    this.#give();
  }

  /** It cannot be saved now: keep it, and say so. */
  #keep() {
    const { notices, texts } = this.#parts;
    this.#draft(null);
    const cause = this.#parts.editing.reason;
    const reason = cause && texts.say("not_kept", { reason: cause });
    this.#keepUnsent(reason || texts.say("too_large"));
    if (reason) notices.toast(reason, { tone: "danger" });
  }

  #rights() {
    const { mayEdit } = this.#parts.editing;
    this.#field.readOnly = !mayEdit;
    if (!mayEdit && this.#edit && !this.#isUnsent) this.#keep();
  }
}
