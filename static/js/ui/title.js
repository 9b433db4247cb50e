/**
 * The flow's title: edited where it stands, and shown there, in the heading and in the window's title as it will be once what
 * waits is through. As long as nothing is typed, the field shows it too, whoever changed it, and leaving makes no edit. What
 * cannot be saved, because it is too long or the right is gone, stays in the field and waits at the inspector's title.
 */

import { edited } from "../lib/content.js";
import { writeField } from "../inspector/caret.js";
import { hindranceText } from "./hindrance.js";

const PLACE = "form ";

export class Title {
  #editor;
  #field;
  #heading;
  /** As the server last said it, and as it is shown. */
  #said;
  #shown;
  /** What stands in the field by no doing of mine. */
  #given;
  /** Whether what stands in it waits at the inspector's, too. */
  #isHeld = false;

  constructor(editor) {
    this.#editor = editor;
    const { root, patcher, session } = editor;
    this.#field = root.querySelector("[data-flow-title]");
    this.#heading = root.querySelector("[data-flow-heading]");
    this.#said = this.#shown = root.querySelector("helix-flow").dataset.title;
    this.#given = this.#field.value;
    patcher.addEventListener("flow", ({ detail: { title } }) => ((this.#said = title), this.show()));
    session.addEventListener("settled", () => this.show());
    session.addEventListener("rights", () => this.#rights());
    this.#listen(this.#field);
  }

  /** Bring everything up to what is known now, but for what I typed. */
  show() {
    const { title } = edited({ title: this.#said }, this.#editor.session.outbox.operations(), "flow");
    const isNew = title !== this.#shown;
    this.#shown = title;
    if (!this.#isTyped || this.#isMended) this.#give();
    if (!isNew) return;
    this.#heading.textContent = title;
    document.title = document.title.replace(/^.*(?= · )/s, () => title);
  }

  #listen(field) {
    field.addEventListener("input", () => this.#typed());
    field.form.addEventListener("submit", (event) => (event.preventDefault(), this.#commit(), field.blur()));
    field.addEventListener("blur", () => this.#isHeld || this.#commit());
    field.addEventListener("keydown", ({ key }) => key === "Escape" && this.#leave());
  }

  get #isTyped() {
    return this.#field.value !== this.#given;
  }

  /** Whether what waited at the inspector's was settled there. */
  get #isMended() {
    return this.#isHeld && this.#field !== document.activeElement && !this.#editor.inspector.holds(PLACE, "title");
  }

  /** By how much it is too long, in words. */
  get #tooLong() {
    return this.#field.validity.customError ? this.#field.validationMessage : null;
  }

  get #edit() {
    const title = this.#field.value.trim();
    return this.#isTyped && title && title !== this.#shown ? [{ kind: "edit_flow", set: { title } }] : null;
  }

  #typed() {
    this.#hold(this.#tooLong);
    this.#draft(this.#tooLong ? null : this.#edit);
    this.show();
  }

  /** With a reason it waits on this device, at the inspector's title. @param {string|null} reason */
  #hold(reason) {
    if (this.#isHeld || reason) this.#editor.inspector.hold(PLACE, "title", this.#field.value, reason, { isSound: !this.#tooLong });
    this.#isHeld = reason !== null;
    if (reason) this.#field.setAttribute("aria-invalid", "true");
    else this.#field.removeAttribute("aria-invalid");
  }

  /** The title as it is shown, and nothing of mine. */
  #give() {
    const isTooLong = this.#tooLong !== null;
    this.#isHeld = false;
    this.#given = this.#shown;
    writeField(this.#field, this.#shown);
    this.#field.removeAttribute("aria-invalid");
    if (isTooLong) this.#field.dispatchEvent(new Event("input", { bubbles: true }));
  }

  #leave() {
    this.#hold(null);
    this.#draft(null);
    this.#give();
    this.#field.blur();
  }

  #draft(operations) {
    this.#editor.draft("title", operations);
  }

  #commit() {
    const operations = this.#edit;
    if (this.#tooLong) return;
    if (operations && !this.#editor.submit(operations, { draft: "title" }).length) return void this.#keep();
    if (!operations) this.#draft(null);
    this.#hold(null);
    this.#give();
  }

  /** It cannot be saved now: it stays, and says so. */
  #keep() {
    const { notices, texts } = this.#editor;
    this.#draft(null);
    const hindrance = hindranceText(this.#editor);
    const reason = hindrance && texts.say("not_kept", { reason: hindrance });
    this.#hold(reason || texts.say("too_large"));
    if (reason) notices.toast(reason, { tone: "danger" });
  }

  #rights() {
    const { mayEdit } = this.#editor.session;
    this.#field.readOnly = !mayEdit;
    if (!mayEdit && this.#edit && !this.#isHeld) this.#keep();
  }
}
