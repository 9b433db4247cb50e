/**
 * Text in a field that is no value yet, or was refused: kept on this device until it is mended or discarded, so that nobody's
 * typing goes with the form it stood in, or with the page. It is never sent.
 *
 * @typedef {{place: string, name: string, text: string, reason?: string}} Text `place`: whose form, `name`: of its field
 */

export class Unfinished {
  /** @type {Map<string, Text>} */
  #texts = new Map();
  #device;
  #changed;

  /** @param {import("../live/device.js").Device} device @param {() => void} changed told whenever there are more or fewer */
  constructor(device, changed) {
    this.#device = device;
    this.#changed = changed;
  }

  /** Take over what earlier pages left. @returns {Promise<void>} */
  async load() {
    const kept = await this.#device.all("texts").catch(() => []);
    for (const text of kept) if (!this.#texts.has(keyOf(text))) this.#texts.set(keyOf(text), text);
    this.#changed();
  }

  /** @param {Text} text */
  put(text) {
    this.#texts.set(keyOf(text), text);
    this.#changed();
    this.#device.put("texts", text);
  }

  /** How many there are. */
  get size() {
    return this.#texts.size;
  }

  drop(place, name) {
    if (!this.#texts.delete(keyOf({ place, name }))) return;
    this.#changed();
    this.#device.drop("texts", { place, name });
  }

  /** @returns {Text[]} */
  of(place) {
    return [...this.#texts.values()].filter((text) => text.place === place);
  }
}

const keyOf = ({ place, name }) => `${place} ${name}`;
