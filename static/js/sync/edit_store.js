/**
 * Keeps the outbox's edits beyond the page's life: from before they are shown until the server has taken them.
 *
 * Every page is a client of its own, so no sequence number is used twice, even after a crash. What a page leaves behind is an
 * orphan: the next page on this flow sends it under its old client and number, and because the server answers each of those
 * once, it does no harm if two pages do. The text of a field that is still being edited is kept as a draft, which only the page
 * that adopts it sends.
 *
 * @typedef {import("./outbox.js").Entry} Entry
 */

const CHANNEL = "helix.life";
const ANSWER_MS = 500;

export class EditStore {
  client = crypto.randomUUID?.() ?? Array.from(crypto.getRandomValues(new Uint32Array(4)), (part) => part.toString(36).padStart(7, "0")).join("");
  #device;
  #lock = pageLock(this.client);

  /** @param {import("../offline/device.js").Device} device */
  constructor(device) {
    this.#device = device;
  }

  /** Let another page adopt what this one leaves. */
  release() {
    this.#lock.end();
  }

  /** Keep an edit. @param {Entry} entry @param {Entry} [instead] the one it replaces */
  save({ client, seq, operation, step, words, at, isFresh }, instead) {
    this.#device.put("entries", { client, seq, operation, step, words, at, isFresh }, instead && { client: instead.client, seq: instead.seq });
  }

  /** @param {Entry[]} entries */
  drop(...entries) {
    this.#device.drop("entries", ...entries.map(({ client, seq }) => ({ client, seq })));
  }

  /** Return what dead pages left of this flow, oldest first. @returns {Promise<Entry[]|null>} null: it could not be read */
  async orphans() {
    await this.#lock.begun;
    const kept = await this.#device.all("entries").catch(() => null);
    if (!kept) return null;
    const others = [...new Set(kept.map(({ client }) => client))].filter((client) => client !== this.client);
    const areDead = await Promise.all(others.map((client) => this.#lock.claim(client)));
    const dead = new Set(others.filter((_, index) => areDead[index]));
    return kept.filter(({ client }) => dead.has(client)).sort((a, b) => a.at - b.at || a.seq - b.seq);
  }
}

/**
 * Show that this page lives, and claim dead ones. A claim is held like the page's own lock, so each dead page has one successor.
 * @param {string} client this page @returns {{begun: Promise<void>, end(): void, claim(client: string): Promise<boolean>}}
 */
export function pageLock(client) {
  return globalThis.navigator?.locks ? new WebLock(client) : new SpokenLock(client);
}

/** A lock of the browser, where it has locks (https and loopback). */
class WebLock {
  #end;
  #ended = new Promise((resolve) => (this.#end = resolve));
  #claimed = new Set();

  constructor(client) {
    this.begun = new Promise((resolve) => navigator.locks.request(lockOf(client), () => (resolve(), this.#ended)).catch(resolve));
  }

  end() {
    this.#end();
  }

  /** Become a dead page's successor. */
  claim(client) {
    if (this.#claimed.has(client)) return Promise.resolve(true);
    return new Promise((resolve) => {
      const claimed = (lock) => {
        if (lock) this.#claimed.add(client);
        resolve(Boolean(lock));
        return lock ? this.#ended : undefined;
      };
      navigator.locks.request(lockOf(client), { ifAvailable: true }, claimed).catch(() => resolve(true));
    });
  }
}

/** Asks the other pages: one that does not answer in time is dead. */
class SpokenLock {
  begun = Promise.resolve();
  #me;
  #channel = globalThis.BroadcastChannel && new BroadcastChannel(CHANNEL);
  /** Clients for which this page answers. */
  #held;
  /** @type {Map<string, (isMine: boolean) => void>} open questions, by client */
  #asked = new Map();

  constructor(client) {
    this.#me = client;
    this.#held = new Set([client]);
    this.#channel?.addEventListener("message", ({ data }) => this.#hear(data));
  }

  end() {
    this.#held.clear();
  }

  async claim(client) {
    if (this.#held.has(client)) return true;
    const isMine = await new Promise((resolve) => {
      this.#asked.set(client, resolve);
      this.#channel?.postMessage({ ask: client, by: this.#me });
      setTimeout(() => resolve(true), ANSWER_MS);
    });
    this.#asked.delete(client);
    if (isMine) this.#held.add(client);
    return isMine;
  }

  /** Of two pages that ask at once, the first by name is the successor. */
  #hear({ ask, by, alive }) {
    if (ask && this.#held.has(ask)) this.#channel.postMessage({ alive: ask });
    else if (ask && by < this.#me) this.#asked.get(ask)?.(false);
    if (alive) this.#asked.get(alive)?.(false);
  }
}

const lockOf = (client) => `helix.client.${client}`;
