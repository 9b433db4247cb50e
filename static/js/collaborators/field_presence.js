/**
 * Who types where: shows others which field of the form I am in, and shows at each field who else is in it. The field stays
 * usable: the last edit counts, as everywhere.
 */

import { make } from "../lib/make.js";

const MAX_NAME_LENGTH = 24;

export class FieldPresence {
  #parts;
  #panel;

  /** @param {HTMLElement} panel the inspector's */
  constructor({ collaborators, presence, selection, session, texts }, panel) {
    this.#parts = { collaborators, presence, selection, session, texts };
    this.#panel = panel;
    panel.addEventListener("focusin", () => this.#share());
    panel.addEventListener("focusout", () => presence.field(null));
    for (const type of ["fields", "change"]) collaborators.addEventListener(type, () => this.show());
  }

  /** Show who is in which field of the form. */
  show() {
    for (const field of this.#panel.querySelectorAll("[data-editing]")) leave(field);
    const { collaborators, selection, texts } = this.#parts;
    if (selection.edges.size) return;
    for (const { name, colour, state } of collaborators.people.values()) {
      const place = state.field && isSame(state.selection ?? [], selection.nodes) && this.#panel.querySelector(`[data-field="${CSS.escape(state.field)}"]`);
      if (!place || "editing" in place.dataset) continue;
      Object.assign(place.dataset, { editing: "", personColour: colour });
      place.style.setProperty("--person", colour);
      place.prepend(make("span.editing-tag", {}, texts.say("editing", { name: name.slice(0, MAX_NAME_LENGTH) })));
    }
  }

  #share() {
    const field = document.activeElement.closest("[data-field]");
    const isMine = this.#parts.session.mayEdit && !this.#parts.selection.edges.size;
    this.#parts.presence.field((isMine && field?.dataset.field) || null);
  }
}

const isSame = (ids, nodes) => ids.length === nodes.size && ids.every((id) => nodes.has(id));

function leave(field) {
  field.querySelector(".editing-tag").remove();
  field.style.removeProperty("--person");
  delete field.dataset.editing;
  delete field.dataset.personColour;
}
