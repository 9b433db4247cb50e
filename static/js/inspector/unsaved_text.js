/**
 * Text in a field that is not a value yet, or was refused: kept on this device until it is corrected or discarded, so that no
 * typing is lost with its form or with the page. It is never sent.
 *
 * @typedef {{place: string, name: string, text: string, reason?: string}} Text `place`: whose form, `name`: of its field
 */

export class UnsavedText {
  /** @type {Map<string, Text>} */
  #texts = new Map();
  #device;
  #changed;
  #found;

  /**
   * @param {import("../offline/device.js").Device} device
   * @param {{changed: () => void, found: () => void}} notify `changed`: there are more or fewer; `found`: what earlier pages left is here
   */
  constructor(device, { changed, found }) {
    this.#device = device;
    this.#changed = changed;
    this.#found = found;
    device.addEventListener("change", () => device.isKeeping && device.unread.has("texts") && this.#load());
    this.#load();
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

  /** Take over what earlier pages left; what cannot be read is read again when the device keeps again. */
  async #load() {
    const kept = await this.#device.all("texts").catch(() => null);
    if (!kept) return;
    for (const text of kept) if (!this.#texts.has(keyOf(text))) this.#texts.set(keyOf(text), text);
    this.#changed();
    this.#found();
  }
}

const keyOf = ({ place, name }) => `${place} ${name}`;
