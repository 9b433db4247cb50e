/**
 * The notes as a list, in the panel under the pill: each is read, acted on or dismissed.
 *
 * The list is `[data-away]` with `[data-away-item]`s.
 */

import { icon, make, words } from "./make.js";

export class NoteList {
  #editor;
  #notes;
  #act;
  #rows = make("ul.away-list");

  /** @param {import("../live/notes.js").Notes} notes @param {(operation: object) => boolean} act whether it is on its way */
  constructor(editor, notes, act) {
    this.#editor = editor;
    this.#notes = notes;
    this.#act = act;
    const { texts } = editor;
    const clear = make("button.link-button", { type: "button" }, texts.say("dismiss_all"));
    clear.addEventListener("click", () => notes.dismiss());
    this.element = make("section.away", { "data-away": true, hidden: true, "aria-label": texts.say("away_title") },
      make("header", {}, make("h2", {}, texts.say("away_title")), clear), this.#rows);
    notes.addEventListener("change", () => this.#show());
  }

  #show() {
    this.#rows.replaceChildren(...Array.from(this.#notes, (note) => this.#row(note)));
    this.element.hidden = this.#notes.size === 0;
  }

  #row({ name, icon: picture, title, what, detail, action, put }) {
    const row = make("li", { "data-away-item": true }, make("span.row-icon", {}, icon(picture)), words(title, what, detail));
    const close = make("button.icon-button.small", { type: "button", "aria-label": this.#editor.texts.say("dismiss") }, icon("x"));
    close.addEventListener("click", () => this.#notes.dismiss(name));
    if (put) {
      const button = make("button.link-button", { type: "button" }, action);
      button.addEventListener("click", () => this.#act(put) && this.#notes.dismiss(name));
      row.querySelector(".row-text").append(button);
    }
    row.append(close);
    return row;
  }
}
