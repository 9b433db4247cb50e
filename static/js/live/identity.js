/**
 * Who this tab is to the server: a client id and the next sequence number, kept in `sessionStorage`.
 *
 * A submission is named by (flow, person, client, seq) for ever, so neither may be used twice. A reloaded tab stays the
 * same client; a duplicated tab, which starts with a copy of the storage, must not. So a live page takes the identity out
 * of the storage and puts it back when it goes: a copy made meanwhile finds nothing and makes its own.
 */

const KEY = "helix.client";

export class Identity {
  #storage;
  #seq = 0;

  /** @param {Storage} storage @param {EventTarget} page usually `window` */
  constructor(storage = sessionStorage, page = window) {
    this.#storage = storage;
    this.#claim();
    page.addEventListener("pagehide", () => this.#leave());
    page.addEventListener("pageshow", (event) => event.persisted && storage.removeItem(KEY));
  }

  client = "";

  /** @returns {number} a sequence number never used before by this client */
  next() {
    this.#seq += 1;
    return this.#seq;
  }

  #claim() {
    const [client, seq] = (this.#storage.getItem(KEY) ?? "").split(" ");
    this.#storage.removeItem(KEY);
    this.client = client || crypto.randomUUID?.() || Array.from(crypto.getRandomValues(new Uint32Array(4)), (part) => part.toString(36)).join("");
    this.#seq = Number(seq) || 0;
  }

  #leave() {
    this.#storage.setItem(KEY, `${this.client} ${this.#seq}`);
  }
}
