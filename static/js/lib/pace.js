/**
 * How fast edits may go out: below what the server takes of one socket, since what it turns away for its number would be
 * tried again behind its successors, and edits keep their order. A bucket of twice the rate, filled a little slower.
 */

const SHARE = 0.9;

export class Pace {
  #rate;
  #most;
  #left;
  #at;
  #now;

  /** @param {number} perSecond what the server takes @param {() => number} now in ms */
  constructor(perSecond, now = () => performance.now()) {
    this.#rate = (perSecond * SHARE) / 1000;
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
