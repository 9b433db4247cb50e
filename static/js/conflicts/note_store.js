/**
 * Notes of conflicts in this flow: kept on this device until they are dismissed, or the person logs out, and shown in all tabs.
 *
 * Event `change`.
 *
 * @typedef {{name: string, icon: string, title: string, what: string, detail: string, text?: string, moved?: string, action?: string, put?: object, isReturn?: boolean}} Note
 *   `title` with `{what}` where its subject goes; `text`: what was written, in full; `moved`: the node whose position changed, to be shown; `put`: the operation that `action` does,
 *   `isReturn` if that brings back what was deleted; two of one `name` are the same note
 */

const CHANNEL = "helix.notes";

export class NoteStore extends EventTarget {
  /** @type {Map<string, Note>} the oldest first */
  #notes = new Map();
  #device;
  #place;
  #tabs = globalThis.BroadcastChannel && new BroadcastChannel(CHANNEL);
  #last = 0;
  /** @type {Set<string>} names that were dismissed, here or in another tab: an answer that was asked for before brings none back */
  #dismissed = new Set();

  /** @param {import("../offline/device.js").Device} device @param {{user: string, flow: string}} owner */
  constructor(device, { user, flow }) {
    super();
    this.#device = device;
    this.#place = `${user} ${flow}`;
    this.#tabs?.addEventListener("message", ({ data }) => data === this.#place && this.load());
    device.addEventListener("change", () => device.isKeeping && device.unread.has("notes") && this.load());
    document.addEventListener("visibilitychange", () => document.visibilityState === "visible" && this.load());
  }

  get size() {
    return this.#notes.size;
  }

  /** Whether all of them outlive this page. */
  get areKept() {
    return this.#device.unkept("notes").length === 0;
  }

  /** @returns {IterableIterator<Note>} */
  [Symbol.iterator]() {
    return this.#notes.values();
  }

  has(name) {
    return this.#notes.has(name);
  }

  /** Read what the device keeps; notes it could not keep stay too. */
  async load() {
    const kept = await this.#device.all("notes").catch(() => null);
    if (!kept) return;
    const all = [...kept, ...this.#device.unkept("notes")].sort((a, b) => a.at - b.at);
    const found = new Map(all.map((note) => [note.name, note]));
    for (const name of this.#notes.keys()) if (!found.has(name)) this.#dismissed.add(name);
    this.#notes = found;
    this.#changed();
  }

  /** @param {Note[]} notes @returns {Promise<void>} once they are kept, or known not to be */
  async add(notes) {
    const news = notes.filter(({ name }) => !this.#dismissed.has(name));
    const rows = news.map((note) => ({ ...note, at: (this.#last = Math.max(Date.now(), this.#last + 1)) }));
    for (const row of rows) this.#notes.set(row.name, row);
    this.#changed();
    await Promise.all(rows.map((row) => this.#device.put("notes", row)));
    this.#tabs?.postMessage(this.#place);
  }

  /** @param {string[]} names none: all */
  async dismiss(...names) {
    const gone = names.length ? names : [...this.#notes.keys()];
    for (const name of gone) (this.#notes.delete(name), this.#dismissed.add(name));
    this.#changed();
    await this.#device.drop("notes", ...gone.map((name) => ({ name })));
    this.#tabs?.postMessage(this.#place);
  }

  #changed() {
    this.dispatchEvent(new Event("change"));
  }
}
