/**
 * Tell the server what has arrived, so that it may forget it: at least every 2 s, after 100 versions and after 256 KiB,
 * at most ten times a second.
 */

const EVERY_MS = 2_000;
const LEAST_MS = 100;
const VERSIONS = 100;
const BYTES = 256 * 1024;

export class Seen {
  #send;
  #bytes = 0;
  #told = 0;
  #version = 0;
  #timer = 0;
  #last = -Infinity;

  /** @param {(version: number) => void} send */
  constructor(send) {
    this.#send = send;
  }

  /** Begin anew with a connection at `version`. */
  reset(version) {
    clearTimeout(this.#timer);
    this.#timer = 0;
    this.#bytes = 0;
    this.#told = this.#version = version;
  }

  /** `bytes` arrived and were applied; the page is at `version`. */
  note(version, bytes) {
    this.#version = Math.max(version, this.#version);
    this.#bytes += bytes;
    const urgent = this.#version - this.#told >= VERSIONS || this.#bytes >= BYTES / 2;
    if (urgent) this.#in(Math.max(0, this.#last + LEAST_MS - performance.now()));
    else if (!this.#timer) this.#in(EVERY_MS / 2);
  }

  #in(wait) {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#tell(), wait);
  }

  #tell() {
    this.#timer = 0;
    this.#bytes = 0;
    this.#told = this.#version;
    this.#last = performance.now();
    this.#send(this.#version);
  }
}
