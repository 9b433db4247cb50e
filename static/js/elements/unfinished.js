/**
 * Text in a field that is no value yet, or was refused: kept on this device until it is mended or discarded, so that nobody's
 * typing goes with the form it stood in, or with the page. It is never sent.
 *
 * @typedef {{place: string, name: string, text: string, reason?: string}} Text `place`: whose form, `name`: of its field
 */

import { transact, within } from "../lib/database.js";

export class Unfinished {
  /** @type {Map<string, Text>} */
  #texts = new Map();
  #owner;
  #changed;

  /** @param {{user: string, flow: string}} owner @param {() => void} changed told whenever there are more or fewer */
  constructor({ user, flow }, changed) {
    this.#owner = { user, flow };
    this.#changed = changed;
  }

  /** Take over what earlier pages left. @returns {Promise<void>} */
  async load() {
    const kept = await transact("texts", "readonly", (store) => store.getAll(within(this.#owner.user, this.#owner.flow))).catch(() => []);
    for (const text of kept) if (!this.#texts.has(keyOf(text))) this.#texts.set(keyOf(text), text);
    this.#changed();
  }

  /** @param {Text} text */
  put(text) {
    this.#texts.set(keyOf(text), text);
    this.#changed();
    this.#write((store) => store.put({ ...this.#owner, ...text }));
  }

  /** How many there are. */
  get size() {
    return this.#texts.size;
  }

  drop(place, name) {
    if (!this.#texts.delete(keyOf({ place, name }))) return;
    this.#changed();
    this.#write((store) => store.delete([this.#owner.user, this.#owner.flow, place, name]));
  }

  /** @returns {Text[]} */
  of(place) {
    return [...this.#texts.values()].filter((text) => text.place === place);
  }

  #write(work) {
    transact("texts", "readwrite", work).catch(() => {});
  }
}

const keyOf = ({ place, name }) => `${place} ${name}`;
