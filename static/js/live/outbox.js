/**
 * My edits on their way: each ends in exactly one answer.
 *
 * An edit is `queued`, then `sent`, then acknowledged at a version or refused. After a reconnection everything unanswered goes
 * out again, in order, under the same sequence numbers: the server answers a resend as it answered the first time. An acknowledged
 * edit stays in the optimistic picture until its version has arrived here, or the page would flicker back for a moment.
 * Where they are kept is behind `shelf`, so that they can outlive the tab.
 *
 * @typedef {{seq: number, operation: object, at: number, state: "queued"|"sent"|"acked", version?: number}} Entry
 * @typedef {{save(entry: Entry): void, drop(seq: number): void}} Shelf
 */

const IN_FLIGHT = 100;
const AGAIN_MS = 1_000;

export class Outbox extends EventTarget {
  /** @type {Map<number, Entry>} */
  #entries = new Map();
  #send;
  #next;
  #shelf;
  #most;

  /**
   * @param {{send: (seq: number, operation: object) => boolean, next: () => number, shelf?: Shelf, most?: number}} means
   */
  constructor({ send, next, shelf = { save() {}, drop() {} }, most = 1000 }) {
    super();
    this.#send = send;
    this.#next = next;
    this.#shelf = shelf;
    this.#most = most;
  }

  /** How many edits wait for their answer. */
  get pending() {
    let count = 0;
    for (const entry of this.#entries.values()) if (entry.state !== "acked") count += 1;
    return count;
  }

  get isFull() {
    return this.pending >= this.#most;
  }

  /** Everything the optimistic picture is made of, oldest first. @returns {Iterable<object>} */
  *operations() {
    for (const entry of this.#entries.values()) yield entry.operation;
  }

  has(seq) {
    return this.#entries.has(seq);
  }

  /** @returns {Iterable<Entry>} */
  entries() {
    return this.#entries.values();
  }

  /** @returns {number|null} its sequence number, or null when no more can be kept */
  put(operation) {
    if (this.isFull) return null;
    const entry = { seq: this.#next(), operation, at: Date.now(), state: "queued" };
    this.#entries.set(entry.seq, entry);
    this.#shelf.save(entry);
    this.#flush();
    this.#changed();
    return entry.seq;
  }

  /** A new connection: whatever went out before may or may not have arrived. */
  resend() {
    for (const entry of this.#entries.values()) if (entry.state === "sent") entry.state = "queued";
    this.#flush();
  }

  /** @returns {Entry|null} the edit that is durable now */
  acked(seq, version, held) {
    const entry = this.#entries.get(seq);
    if (!entry) return null;
    this.#shelf.drop(seq);
    if (version <= held) this.#entries.delete(seq);
    else Object.assign(entry, { state: "acked", version });
    this.#flush();
    this.#changed();
    return entry;
  }

  /** @returns {Entry|null} the refused edit; null when it will be tried again, or is not ours */
  refused(seq, code) {
    const entry = this.#entries.get(seq);
    if (!entry) return null;
    if (code === "rate_limited") {
      setTimeout(() => this.#again(entry), AGAIN_MS);
      return null;
    }
    this.#forget(seq);
    this.#flush();
    this.#changed();
    return entry;
  }

  /** Everything up to `version` is on the page now; `included` are my own edits among it. */
  settle(version, included = []) {
    for (const seq of included) if (this.#entries.get(seq)?.state === "acked") this.#entries.delete(seq);
    for (const [seq, entry] of this.#entries) if (entry.state === "acked" && entry.version <= version) this.#entries.delete(seq);
  }

  #again(entry) {
    if (entry.state === "sent") entry.state = "queued";
    this.#flush();
  }

  #flush() {
    let flying = 0;
    for (const entry of this.#entries.values()) {
      if (entry.state === "sent") flying += 1;
      if (entry.state !== "queued") continue;
      if (flying >= IN_FLIGHT || !this.#send(entry.seq, entry.operation)) return;
      entry.state = "sent";
      flying += 1;
    }
  }

  #forget(seq) {
    this.#entries.delete(seq);
    this.#shelf.drop(seq);
  }

  #changed() {
    this.dispatchEvent(new Event("change"));
  }
}
