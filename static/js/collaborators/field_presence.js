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

  /** Show who is in which field of the form; what is shown already stays. */
  show() {
    const places = this.#parts.selection.edges.size ? new Map() : this.#places();
    for (const field of this.#panel.querySelectorAll("[data-editing]")) if (!places.has(field)) leave(field);
    for (const [place, people] of places) this.#mark(place, people);
  }

  /** Who is in each field: each person once, not I in another tab. @returns {Map<HTMLElement, {id: number, name: string, colour: string}[]>} */
  #places() {
    const { collaborators, selection, session } = this.#parts;
    const places = new Map();
    for (const person of collaborators.people.values()) {
      const { field, selection: selected = [] } = person.state;
      const place = field && isSame(selected, selection.nodes) && this.#panel.querySelector(`[data-field="${CSS.escape(field)}"]`);
      if (!place || person.who === session.you?.who) continue;
      const people = places.get(place) ?? [];
      if (!people.some(({ who }) => who === person.who)) places.set(place, [...people, person]);
    }
    return places;
  }

  #mark(place, [{ name, colour }, ...more]) {
    const { texts } = this.#parts;
    const called = name.slice(0, MAX_NAME_LENGTH);
    const text = more.length ? texts.say("editing_more", { name: called, count: more.length }) : texts.say("editing", { name: called });
    if (place.querySelector(".editing-tag")?.textContent === text && place.dataset.personColour === colour) return;
    if ("editing" in place.dataset) leave(place);
    Object.assign(place.dataset, { editing: "", personColour: colour });
    place.style.setProperty("--person", colour);
    place.prepend(make("span.editing-tag", { title: text }, text));
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
