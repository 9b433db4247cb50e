/**
 * Sends what is queued, in its order: so many edits and bytes on their way at a time, below the server's rate, so that nothing is
 * turned away and overtaken by what came after it.
 *
 * @typedef {import("./entry.js").Entry} Entry
 */

import { Pace } from "../lib/pace.js";

const IN_FLIGHT = 100;
const BYTES_IN_FLIGHT = 1024 * 1024;
const AGAIN_MS = 1_000;

export class Dispatch {
  #queue;
  #send;
  #sent;
  #pace;
  #timer = 0;
  #isReady = false;

  /** @param {() => Iterable<Entry>} queue @param {{send: (entry: Entry) => boolean, sent: (entry: Entry) => void, rate: number}} means */
  constructor(queue, { send, sent, rate }) {
    this.#queue = queue;
    this.#send = send;
    this.#sent = sent;
    this.#pace = new Pace(rate);
  }

  /** The queue is complete: from now on, edits go out. */
  begin() {
    this.#isReady = true;
    this.run();
  }

  /** Send as much as may go now. */
  run() {
    if (!this.#isReady || this.#timer) return;
    let [flying, bytes] = [0, 0];
    for (const entry of this.#queue()) {
      if (entry.state === "acked") continue;
      flying += 1;
      bytes += entry.bytes;
      if (entry.state === "sent") continue;
      if (flying > IN_FLIGHT || (flying > 1 && bytes > BYTES_IN_FLIGHT) || !this.#goes(entry)) return;
    }
  }

  /** Whatever went out may or may not have arrived: all that is unanswered goes out again. */
  repeat() {
    for (const entry of this.#queue()) if (entry.state === "sent") entry.state = "queued";
    this.run();
  }

  /** Too fast: nothing goes out for a while, and then all that is unanswered, in its order. */
  rest() {
    this.#wait(AGAIN_MS, () => this.repeat());
  }

  #goes(entry) {
    const wait = this.#pace.wait();
    if (wait) this.#wait(wait, () => this.run());
    if (wait || !this.#send(entry)) return false;
    this.#pace.take();
    entry.state = "sent";
    this.#sent(entry);
    return true;
  }

  #wait(time, then) {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => ((this.#timer = 0), then()), time);
  }
}
