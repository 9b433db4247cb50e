/**
 * Shows that this page lives, and claims dead ones. A claim is held like the page's own lock, so each dead page has one successor.
 */

const CHANNEL = "helix.life";
const ANSWER_MS = 500;

/**
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
