/**
 * Which fields of a form are in my hand. What stands in them by no doing of mine is given: what the page knew, or what I have sent;
 * so a field that I have changed is told from one in which I merely stand. A field that I have typed in is held until I leave it.
 */

import { alike } from "../lib/values.js";

export class Hand {
  /** @type {WeakMap<HTMLElement, string>} */
  #given = new WeakMap();
  /** By name, and whether something of it was sent. @type {Map<string, boolean>} */
  #held = new Map();
  /** What was sent from this form's fields. @type {Map<string, string[]>} */
  #sent = new Map();

  /** What stands there now is given. */
  note(field) {
    this.#given.set(field, field.value);
  }

  /** Nobody knows what should stand there, as after a refusal: whatever is typed is a change. @param {HTMLElement|null} field */
  forget(field) {
    if (field) this.#given.delete(field);
  }

  isChanged(field) {
    return field.validity.badInput || this.#given.get(field) !== field.value;
  }

  /** @param {string} name @returns {boolean} whether it was not held before */
  take(name) {
    const isNew = !this.#held.has(name);
    if (isNew) this.#held.set(name, false);
    return isNew;
  }

  /** It is as it was; held is still what has been sent. */
  untake(name) {
    if (!this.#held.get(name)) this.#held.delete(name);
  }

  leave() {
    this.#held.clear();
  }

  holds(name) {
    return this.#held.has(name);
  }

  get isEmpty() {
    return this.#held.size === 0;
  }

  sent(name, field) {
    this.note(field);
    if (this.#held.has(name)) this.#held.set(name, true);
    this.#sent.set(name, [...(this.#sent.get(name) ?? []), field.value]);
  }

  /** Whether a text was sent from a field of this form. */
  hasSent(name, text, type) {
    return (this.#sent.get(name) ?? []).some((sent) => alike(type, sent, text));
  }

  /** Another form: all that stands in it is given. @param {Iterable<HTMLElement>} fields */
  begin(fields) {
    this.#held.clear();
    this.#sent.clear();
    for (const field of fields) this.note(field);
  }
}
