/**
 * The flow's title: edited where it stands, and shown there, in the heading and in the window's title as it will be once what
 * waits is through.
 */

import { edited } from "../lib/content.js";

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
    field.addEventListener("input", () => this.#draft(this.#edit()));
    field.form.addEventListener("submit", (event) => (event.preventDefault(), field.blur()));
    field.addEventListener("change", () => this.#commit());
    field.addEventListener("blur", () => (field.value = this.#shown));
    field.addEventListener("keydown", ({ key }) => key === "Escape" && ((field.value = this.#shown), this.#draft(null), field.blur()));
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
    return title && title !== this.#shown ? [{ kind: "edit_flow", set: { title } }] : null;
  }

  #draft(operations) {
    this.#editor.draft("title", operations);
  }

  #commit() {
    const { session, notices, texts } = this.#editor;
    const operations = this.#edit();
    if (operations && this.#editor.submit(operations, { draft: "title" }).length) return;
    this.#draft(null);
    if (operations && !session.mayEdit) notices.toast(texts.say("not_kept", { reason: texts.say("read_only") }), { tone: "danger" });
  }
}
