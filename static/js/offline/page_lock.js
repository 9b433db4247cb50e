/**
 * That a page lives, and which are no more: by a lock that each page holds, where browsers have locks (https and loopback),
 * else by asking around, and whoever does not answer is no more.
 *
 * An heir holds what it has claimed as if it were its own life, so a dead page has one heir.
 */

const CHANNEL = "helix.life";
const ANSWER_MS = 500;

/** @param {string} client this page @returns {{begun: Promise<void>, end(): void, claim(client: string): Promise<boolean>}} */
export function lifeOf(client) {
  return globalThis.navigator?.locks ? new Locked(client) : new Spoken(client);
}

class Locked {
  #end;
  #ended = new Promise((resolve) => (this.#end = resolve));
  #claimed = new Set();

  constructor(client) {
    this.begun = new Promise((resolve) => navigator.locks.request(lockOf(client), () => (resolve(), this.#ended)).catch(resolve));
  }

  end() {
    this.#end();
  }

  /** Become a dead page's heir. */
  claim(client) {
    if (this.#claimed.has(client)) return Promise.resolve(true);
    return new Promise((resolve) => {
      const hold = (lock) => {
        if (lock) this.#claimed.add(client);
        resolve(Boolean(lock));
        return lock ? this.#ended : undefined;
      };
      navigator.locks.request(lockOf(client), { ifAvailable: true }, hold).catch(() => resolve(true));
    });
  }
}

class Spoken {
  begun = Promise.resolve();
  #me;
  #channel = globalThis.BroadcastChannel && new BroadcastChannel(CHANNEL);
  /** Whose life is mine to tell of. */
  #held;
  /** @type {Map<string, (isMine: boolean) => void>} whom I ask for now */
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

  /** Of two who ask at once, the first by name is the heir. */
  #hear({ ask, by, alive }) {
    if (ask && this.#held.has(ask)) this.#channel.postMessage({ alive: ask });
    else if (ask && by < this.#me) this.#asked.get(ask)?.(false);
    if (alive) this.#asked.get(alive)?.(false);
  }
}

const lockOf = (client) => `helix.client.${client}`;
