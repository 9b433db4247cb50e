/**
 * A WebSocket that reconnects: hello, frames, detection of silence, return with full jitter.
 *
 * It knows only the transport's part of the protocol; the session knows what frames mean.
 * Events: `frame` (detail: {frame, bytes}), `state` (see `state`, `retryAt`, `code`).
 *
 * @typedef {"connecting"|"open"|"waiting"|"asleep"|"stopped"} State
 */

import { MAX_DELAY_MS, delay } from "../lib/timing.js";

const SILENCE_MS = 20_000;
const STALE_MS = 2_000;
const PING_TIMEOUT_MS = 5_000;
const SEEN_MS = 1_000;
const SEEN_MIN_MS = 100;
const SEEN_VERSIONS = 100;
const SEEN_BYTES = 128 * 1024;
const INPUTS = ["pointerdown", "pointermove", "keydown", "input", "wheel", "touchstart", "focus"];

/** Why the server closes a connection: `Close` in `sessions/protocol/codes.py`. */
export const CLOSE = Object.freeze({
  MALFORMED: 4400,
  LOG_IN: 4401,
  REVOKED: 4403,
  NOT_FOUND: 4404,
  TOO_SLOW: 4408,
  REPLACED: 4409,
  ASLEEP: 4410,
  RESTARTING: 4412,
  TOO_BIG: 4413,
  TOO_FAST: 4429,
  FULL: 4503,
});
/** What browsers report when a connection is lost without a close frame. */
const LOST = 1006;

export class Socket extends EventTarget {
  /** @type {State} */
  state = "connecting";
  /** @type {number|null} when the next attempt starts, as of `Date.now()` */
  retryAt = null;
  attempt = 0;
  code = 0;
  #url;
  #hello;
  #Transport;
  /** @type {WebSocket|null} */
  #socket = null;
  #retry = 0;
  #watch = 0;
  #since = 0;

  /**
   * @param {string} url
   * @param {() => object} hello makes the first frame, anew for each connection
   */
  constructor(url, hello, { Transport = globalThis.WebSocket, page = globalThis.window } = {}) {
    super();
    this.#url = url;
    this.#hello = hello;
    this.#Transport = Transport;
    page?.addEventListener("online", () => this.now());
    page?.addEventListener("offline", () => this.#probe(2_000));
    page?.document?.addEventListener("visibilitychange", () => page.document.visibilityState === "visible" && this.#wake());
    page?.addEventListener("pageshow", (event) => event.persisted && this.now());
    for (const input of INPUTS) page?.addEventListener(input, (event) => this.state === "asleep" && isDoing(event) && this.now(), { capture: true, passive: true });
  }

  start() {
    this.#open();
  }

  /** Connect at once if waiting, asleep or stuck in an attempt. */
  now() {
    const isStuck = this.state === "connecting" && Date.now() - this.#since > STALE_MS;
    if (this.state !== "waiting" && this.state !== "asleep" && !isStuck) return;
    clearTimeout(this.#retry);
    this.#abandon();
    this.#open();
  }

  /** Close for good, as if the server had closed with this code. */
  stop(code) {
    clearTimeout(this.#watch);
    this.#abandon();
    this.code = code;
    this.#become("stopped");
  }

  /** Reconnect with a new hello: at once, but not in a loop. */
  resume() {
    if (this.state !== "open") return;
    const wasJustOpened = Date.now() - this.#since < STALE_MS;
    clearTimeout(this.#watch);
    this.#abandon();
    if (wasJustOpened) this.#closed(LOST);
    else this.#open();
  }

  /** @returns {boolean} whether it was sent; an operation that was not stays in the outbox */
  send(frame) {
    // A socket may be closing before it says so.
    if (this.state !== "open" || this.#socket.readyState > WebSocket.OPEN) return false;
    this.#socket.send(JSON.stringify(frame));
    return true;
  }

  #open() {
    this.#since = Date.now();
    this.#become("connecting");
    const socket = new this.#Transport(this.#url);
    this.#socket = socket;
    this.#listen(MAX_DELAY_MS);
    socket.onopen = () => socket.send(JSON.stringify(this.#hello()));
    socket.onmessage = ({ data }) => this.#socket === socket && this.#take(data);
    socket.onclose = ({ code }) => this.#socket === socket && this.#closed(code);
  }

  #take(text) {
    this.#listen(SILENCE_MS);
    const frame = JSON.parse(text);
    if (frame.type === "welcome") {
      this.attempt = 0;
      this.code = 0;
      this.#become("open");
    }
    this.dispatchEvent(new CustomEvent("frame", { detail: { frame, bytes: text.length } }));
  }

  #closed(code) {
    clearTimeout(this.#watch);
    this.#socket = null;
    this.code = code;
    const next = verdict(code);
    if (next === "stop") return this.#become("stopped");
    if (next === "sleep") return this.#become("asleep");
    const wait = next === "spread" ? Math.random() * (MAX_DELAY_MS / 3) + 250 : delay(this.attempt);
    this.attempt += 1;
    this.retryAt = Date.now() + wait;
    this.#retry = setTimeout(() => this.#open(), wait);
    return this.#become("waiting");
  }

  /** After `silence` without a frame, ping; without an answer, drop the connection. */
  #listen(silence) {
    clearTimeout(this.#watch);
    this.#watch = setTimeout(() => this.#probe(PING_TIMEOUT_MS), silence);
  }

  #probe(patience) {
    const socket = this.#socket;
    if (!socket) return;
    this.send({ type: "ping" });
    clearTimeout(this.#watch);
    this.#watch = setTimeout(() => {
      this.#abandon();
      this.#closed(LOST);
    }, patience);
  }

  /** Forget a connection: a dead one may take minutes to close by itself. */
  #abandon() {
    if (this.#socket) this.#socket.onclose = null;
    this.#socket?.close();
    this.#socket = null;
  }

  #wake() {
    this.now();
    if (this.state === "open") this.#probe(3_000);
  }

  #become(state) {
    this.state = state;
    if (state !== "waiting") this.retryAt = null;
    this.dispatchEvent(new Event("state"));
  }
}

/** How many bytes a value takes on the wire. */
export const bytesOf = (value) => new TextEncoder().encode(JSON.stringify(value)).length;

/** Whether this is a person's input: browsers also report a pointer under which only the page moved. */
const isDoing = ({ type, movementX, movementY }) => type !== "pointermove" || movementX !== 0 || movementY !== 0;

/** Reports to the server which version has arrived (`seen`): well before its limits of 2 s, 100 versions and 256 KiB, at most ten times a second. */
export class Seen {
  #send;
  #bytes = 0;
  #reported = 0;
  #version = 0;
  #timer = 0;
  #last = -Infinity;

  /** @param {(version: number) => void} send */
  constructor(send) {
    this.#send = send;
  }

  /** Start again, with a connection at `version`. */
  reset(version) {
    clearTimeout(this.#timer);
    this.#timer = 0;
    this.#bytes = 0;
    this.#reported = this.#version = version;
  }

  /** `bytes` arrived and were applied; the page is at `version`. */
  note(version, bytes) {
    this.#version = Math.max(version, this.#version);
    this.#bytes += bytes;
    const urgent = this.#version - this.#reported >= SEEN_VERSIONS || this.#bytes >= SEEN_BYTES;
    if (urgent) this.#in(Math.max(0, this.#last + SEEN_MIN_MS - performance.now()));
    else if (!this.#timer) this.#in(SEEN_MS);
  }

  #in(wait) {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#report(), wait);
  }

  #report() {
    this.#timer = 0;
    this.#bytes = 0;
    this.#reported = this.#version;
    this.#last = performance.now();
    this.#send(this.#version);
  }
}

/**
 * What a close code asks of us.
 * @returns {"retry"|"spread"|"stop"|"sleep"} spread: after a random delay up to the most; sleep: at the next input
 */
export function verdict(code) {
  switch (code) {
    case CLOSE.MALFORMED: case CLOSE.LOG_IN: case CLOSE.REVOKED: case CLOSE.NOT_FOUND: case CLOSE.REPLACED:
      return "stop";
    case CLOSE.ASLEEP:
      return "sleep";
    case CLOSE.RESTARTING: case CLOSE.TOO_FAST: case CLOSE.FULL:
      return "spread";
    default:
      return "retry";
  }
}
