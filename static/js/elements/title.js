/**
 * The flow's title: edited where it stands, and shown there, in the heading and in the window's title as it will be once what
 * waits is through.
 */

import { edited } from "../lib/content.js";
import { hindranceText } from "./hindrance.js";

export class Title {
  #editor;
  #field;
  #heading;
  /** As the server last said it, and as it is shown. */
  #said;
  #shown;

  constructor(editor) {
    this.#editor = editor;
    const { root, patcher, session } = editor;
    this.#field = root.querySelector("[data-flow-title]");
    this.#heading = root.querySelector("[data-flow-heading]");
    this.#said = this.#shown = root.querySelector("helix-flow").dataset.title;
    patcher.addEventListener("flow", ({ detail: { title } }) => ((this.#said = title), this.#show()));
    session.addEventListener("settled", () => this.#show());
    this.#listen(this.#field);
  }

  #listen(field) {
    field.addEventListener("input", () => this.#typed());
    field.form.addEventListener("submit", (event) => (event.preventDefault(), field.blur()));
    field.addEventListener("change", () => this.#commit());
    field.addEventListener("blur", () => this.#tooLong ?? (field.value = this.#shown));
    field.addEventListener("keydown", ({ key }) => key === "Escape" && this.#leave());
  }

  /** By how much it is too long, in words. */
  get #tooLong() {
    return this.#field.validity.customError ? this.#field.validationMessage : null;
  }

  /** What is too long waits on this device, at the inspector's title. */
  #typed() {
    this.#editor.inspector.hold("form ", "title", this.#field.value, this.#tooLong);
    this.#draft(this.#edit());
  }

  #leave() {
    this.#field.value = this.#shown;
    this.#field.dispatchEvent(new Event("input", { bubbles: true }));
    this.#field.blur();
  }

  #show() {
    const { title } = edited({ title: this.#said }, this.#editor.session.outbox.operations(), "flow");
    if (title === this.#shown) return;
    this.#shown = title;
    if (document.activeElement !== this.#field) this.#field.value = title;
    this.#heading.textContent = title;
    document.title = document.title.replace(/^.*(?= · )/s, () => title);
  }

  #edit() {
    const title = this.#field.value.trim();
    return title && title !== this.#shown && !this.#tooLong ? [{ kind: "edit_flow", set: { title } }] : null;
  }

  #draft(operations) {
    this.#editor.draft("title", operations);
  }

  #commit() {
    const { notices, texts } = this.#editor;
    const operations = this.#edit();
    if (operations && this.#editor.submit(operations, { draft: "title" }).length) return;
    this.#draft(null);
    const reason = operations && hindranceText(this.#editor);
    if (reason) notices.toast(texts.say("not_kept", { reason }), { tone: "danger" });
  }
}
