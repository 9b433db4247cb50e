/**
 * Where the outbox's edits outlive the page: kept before they are shown, until the server has taken them.
 *
 * Every page is a client of its own, so no name is ever used twice, whatever a crash has swallowed. What a page leaves
 * behind is an orphan: the next page on this flow delivers it under its old name, and the server, which answers a name
 * once, makes that harmless even if two pages do. A lock shows that a page lives. The last words of a field in somebody's
 * hand are kept as a draft, which only an orphan's heir ever sends.
 *
 * @typedef {import("./entry.js").Entry} Entry
 */

export class Shelf {
  client = crypto.randomUUID?.() ?? Array.from(crypto.getRandomValues(new Uint32Array(4)), (part) => part.toString(36).padStart(7, "0")).join("");
  #device;
  #alive;
  #claimed = new Set();
  #leave;
  /** Locks are held until then. */
  #end = new Promise((resolve) => (this.#leave = resolve));

  /** @param {import("./device.js").Device} device */
  constructor(device) {
    this.#device = device;
    this.#alive = new Promise((resolve) => {
      const locks = globalThis.navigator?.locks;
      if (locks) locks.request(lockOf(this.client), () => (resolve(), this.#end)).catch(resolve);
      else resolve();
    });
  }

  /** This page sends nothing any more: the next one may. */
  release() {
    this.#leave();
  }

  /** Keep an edit. @param {Entry} entry @param {Entry} [instead] what it takes the place of */
  save({ client, seq, operation, step, words, at, isFresh }, instead) {
    this.#device.put("entries", { client, seq, operation, step, words, at, isFresh }, instead && { client: instead.client, seq: instead.seq });
  }

  /** @param {Entry[]} entries */
  drop(...entries) {
    this.#device.drop("entries", ...entries.map(({ client, seq }) => ({ client, seq })));
  }

  /** What pages that are no more have left of this flow, oldest first. @returns {Promise<Entry[]>} */
  async orphans() {
    await this.#alive;
    const kept = await this.#device.all("entries").catch(() => []);
    const dead = new Set();
    for (const client of new Set(kept.map((entry) => entry.client))) if (await this.#claim(client)) dead.add(client);
    return kept.filter(({ client }) => dead.has(client)).sort((a, b) => a.at - b.at || a.seq - b.seq);
  }

  /** Become a dead page's only heir. Without locks everybody may be: it only costs a second answer. */
  #claim(client) {
    const locks = globalThis.navigator?.locks;
    if (client === this.client || !locks || this.#claimed.has(client)) return client !== this.client;
    return new Promise((resolve) => {
      const hold = (lock) => {
        if (lock) this.#claimed.add(client);
        resolve(Boolean(lock));
        return lock ? this.#end : undefined;
      };
      locks.request(lockOf(client), { ifAvailable: true }, hold).catch(() => resolve(true));
    });
  }
}

const lockOf = (client) => `helix.client.${client}`;
