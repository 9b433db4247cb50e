/**
 * Which fields of a form I have changed. The text that a field had before I typed, or that I have sent, is its given text; so a
 * changed field differs from one that is only focused. A field counts as typed in until I leave it.
 */

import { alike } from "../lib/values.js";

export class FieldState {
  /** @type {WeakMap<HTMLElement, string>} */
  #given = new WeakMap();
  /** By name, and whether something of it was sent. @type {Map<string, boolean>} */
  #typed = new Map();
  /** What was sent from this form's fields. @type {Map<string, string[]>} */
  #sent = new Map();

  /** Take a field's text as given. */
  note(field, text = field.value) {
    this.#given.set(field, text);
  }

  /** After a refusal the given text is unknown: whatever is typed is a change. @param {HTMLElement|null} field */
  forget(field) {
    if (field) this.#given.delete(field);
  }

  isChanged(field) {
    return this.#given.get(field) !== field.value;
  }

  /** @param {string} name @returns {boolean} whether it was not typed in before */
  take(name) {
    const isNew = !this.#typed.has(name);
    if (isNew) this.#typed.set(name, false);
    return isNew;
  }

  /** The field is as it was; it still counts as typed in if text of it was sent. */
  untake(name) {
    if (!this.#typed.get(name)) this.#typed.delete(name);
  }

  leave() {
    this.#typed.clear();
  }

  isTyped(name) {
    return this.#typed.has(name);
  }

  get isEmpty() {
    return this.#typed.size === 0;
  }

  sent(name, field) {
    this.note(field);
    if (this.#typed.has(name)) this.#typed.set(name, true);
    this.#sent.set(name, [...(this.#sent.get(name) ?? []), field.value]);
  }

  /** Whether a text was sent from a field of this form. */
  hasSent(name, text, type) {
    return (this.#sent.get(name) ?? []).some((sent) => alike(type, sent, text));
  }

  /** Take the texts of another form as given. @param {Iterable<HTMLElement>} fields @param {(field: HTMLElement) => string} [given] its text */
  begin(fields, given = (field) => field.value) {
    this.#typed.clear();
    this.#sent.clear();
    for (const field of fields) this.note(field, given(field));
  }
}
