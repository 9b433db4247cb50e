/** When to do something: at an idle moment, after a lost connection, at a rate. Pure but for `whenIdle`, so it is tested without waiting. */

const FIRST_DELAY_MS = 250;
const IDLE_MS = 5_000;
const SERVER_SHARE = 0.9;

/** The longest wait before another attempt. */
export const MAX_DELAY_MS = 15_000;

/** Run something at an idle moment, within a few seconds in any case. @param {() => void} run */
export function whenIdle(run) {
  (globalThis.requestIdleCallback ?? setTimeout)(run, { timeout: IDLE_MS });
}

/** Full jitter: anything from the first to the doubled ceiling, so that a thousand clients do not return together. */
export function delay(attempt, random = Math.random) {
  return FIRST_DELAY_MS + random() * (Math.min(MAX_DELAY_MS, FIRST_DELAY_MS * 2 ** Math.min(attempt + 1, 10)) - FIRST_DELAY_MS);
}

/**
 * A bucket of twice the rate, filled a little slower than the server's: an edit that it refused for its rate would be sent again
 * behind later ones, and edits keep their order.
 */
export class Pace {
  #rate;
  #most;
  #left;
  #at;
  #now;

  /** @param {number} perSecond what the server takes @param {() => number} now in ms */
  constructor(perSecond, now = () => performance.now()) {
    this.#rate = (perSecond * SERVER_SHARE) / 1000;
    this.#most = this.#left = perSecond * 2;
    this.#now = now;
    this.#at = now();
  }

  /** @returns {number} for how many ms to wait before the next; 0 if it may go now */
  wait() {
    const now = this.#now();
    this.#left = Math.min(this.#most, this.#left + (now - this.#at) * this.#rate);
    this.#at = now;
    return this.#left < 1 ? Math.ceil((1 - this.#left) / this.#rate) : 0;
  }

  take() {
    this.#left -= 1;
  }
}
