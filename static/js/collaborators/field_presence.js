/**
 * Who types where: I tell in which field of the form I am, and see at a field of mine who else is in it. It stays usable: the
 * last word counts, as everywhere.
 */

import { make } from "../lib/make.js";

const NAME = 24;

export class Editing {
  #editor;
  #panel;

  /** @param {HTMLElement} panel the inspector's */
  constructor(editor, panel) {
    this.#editor = editor;
    this.#panel = panel;
    panel.addEventListener("focusin", () => this.#tell());
    panel.addEventListener("focusout", () => editor.presence.field(null));
    for (const type of ["fields", "change"]) editor.company.addEventListener(type, () => this.show());
  }

  /** The form, or who is in it, is another now. */
  show() {
    for (const field of this.#panel.querySelectorAll("[data-editing]")) leave(field);
    const { company, selection, texts } = this.#editor;
    if (selection.edges.size) return;
    for (const { name, colour, state } of company.people.values()) {
      const place = state.field && isSame(state.selection ?? [], selection.nodes) && this.#panel.querySelector(`[data-field="${CSS.escape(state.field)}"]`);
      if (!place || "editing" in place.dataset) continue;
      Object.assign(place.dataset, { editing: "", personColour: colour });
      place.style.setProperty("--person", colour);
      place.prepend(make("span.editing-tag", {}, texts.say("editing", { name: name.slice(0, NAME) })));
    }
  }

  #tell() {
    const field = document.activeElement.closest("[data-field]");
    const isMine = this.#editor.session.mayEdit && !this.#editor.selection.edges.size;
    this.#editor.presence.field((isMine && field?.dataset.field) || null);
  }
}

const isSame = (ids, nodes) => ids.length === nodes.size && ids.every((id) => nodes.has(id));

function leave(field) {
  field.querySelector(".editing-tag").remove();
  field.style.removeProperty("--person");
  delete field.dataset.editing;
  delete field.dataset.personColour;
}
