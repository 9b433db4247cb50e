/**
 * The flow as this device last knew it: the copy of its page that the service worker keeps, and every broadcast applied
 * since. When there are many of them, or one is missing, the page is fetched again, which renews its copy, and what the copy
 * holds is dropped. Without a worker or a database nothing is kept and nothing fails: the server has it all.
 *
 * @typedef {{previous: number, version: number, digest: string, epoch: string, html: string, move: unknown[]}} Frame
 */

import { whenIdle } from "../lib/timing.js";
import { transact, within } from "./device.js";

const MAX_FRAMES = 500;
const MAX_BYTES = 2 * 1024 * 1024;
const TIDY_DELAY_MS = 5_000;
const RENEW_INTERVAL_MS = 60_000;
const ANY = { ignoreVary: true };

export class OfflineCopy {
  #user;
  #flow;
  #pages;
  #epoch;
  #path;
  #canvas;
  /** The version that the kept frames must lead to. */
  #reached = 0;
  #count = 0;
  #bytes = 0;
  #timer = 0;
  #renewed = -Infinity;
  #interval = RENEW_INTERVAL_MS;
  #isOver = false;
  /** @type {() => Promise<boolean>} */
  #keepArriving;

  /**
   * @param {{user: string, flow: string, epoch: string, canvas?: string|null}} what `canvas`: its address, where the page holds only a part
   * @param {() => Promise<boolean>} [keepArriving] has the canvas kept that the page has fetched, or will have in a moment; tells whether there is one
   */
  constructor({ user, flow, epoch, canvas = null }, keepArriving = async () => false) {
    this.#keepArriving = keepArriving;
    this.#user = user;
    this.#flow = flow;
    this.#pages = `pages-${user}`;
    this.#epoch = epoch;
    this.#path = `/flows/${flow}/`;
    this.#canvas = canvas;
  }

  /** Return the frames kept since a version, in order. @returns {Promise<Frame[]>} */
  async frames(since, epoch = this.#epoch) {
    if (!isOn()) return [];
    this.#epoch = epoch;
    const frames = chain(await this.#kept().catch(() => []), since, epoch);
    this.#reach(frames.at(-1)?.version ?? since);
    if (cameByWorker()) setTimeout(() => this.#tidy().catch(() => {}), TIDY_DELAY_MS);
    else this.renew();
    return frames;
  }

  /** Keep a frame that was just applied. @param {object} frame */
  keep({ previous, version, digest, html = "", move = [] }, epoch = this.#epoch) {
    if (!isOn() || this.#isOver || this.#count > MAX_FRAMES * 2 || this.#bytes > MAX_BYTES * 2) return;
    this.#epoch = epoch;
    const frame = { user: this.#user, flow: this.#flow, epoch, previous, version, digest, html, move };
    this.#reach(version);
    this.#count += 1;
    this.#bytes += sizeOf(frame);
    transact("frames", "readwrite", (store) => void store.put(frame)).catch(() => {});
    if (this.#count > MAX_FRAMES || this.#bytes > MAX_BYTES) this.renew();
  }

  /** Renew the copy at an idle moment, at most once a minute, and less often while that does not help. */
  renew() {
    if (!isOn() || this.#timer || this.#isOver) return;
    const wait = Math.max(0, this.#renewed + this.#interval - Date.now());
    this.#timer = setTimeout(() => whenIdle(() => this.#fetch().catch(() => {})), wait);
  }

  /** Renew the copy at once: a new worker may keep what the last one could not. */
  restart() {
    clearTimeout(this.#timer);
    this.#timer = 0;
    this.#renewed = -Infinity;
    this.renew();
  }

  /** Drop frames of a log that no longer exists. */
  async clear() {
    if (!isOn()) return;
    await this.#drop(within(this.#user, this.#flow)).catch(() => {});
    this.#reached = 0;
    this.renew();
  }

  /** Leave nothing of a flow that is gone or may no longer be seen. */
  async forget() {
    clearTimeout(this.#timer);
    this.#isOver = true;
    if (!globalThis.caches) return;
    const pages = await caches.open(this.#pages);
    for (const request of await pages.keys()) if (new URL(request.url).pathname.startsWith(this.#path)) await pages.delete(request);
    await this.#drop(within(this.#user, this.#flow));
  }

  /** Return the last whole canvas of a flow whose page is partial. @returns {Promise<Response|undefined>} */
  async canvas() {
    return isOn() && this.#canvas ? caches.match(this.#canvas, ANY).catch(() => undefined) : undefined;
  }

  /** Keep a whole canvas beside its page; tell whether that could be. @param {Response} answer a clone: its body is consumed if it is kept */
  async keepCanvas(answer) {
    if (!isOn() || !this.#canvas || !answer.ok || !answer.headers.has("X-Helix-Version") || !(await caches.has(this.#pages))) return false;
    await (await caches.open(this.#pages)).put(this.#canvas, answer);
    return true;
  }

  async #fetch() {
    this.#timer = 0;
    this.#renewed = Date.now();
    await (await fetch(this.#path)).body?.cancel();
    if (this.#canvas && !(await this.#keepArriving())) await this.keepCanvas(await fetch(this.#canvas));
    await this.#tidy();
  }

  /** Drop frames that the copy already holds; renew the copy if the rest does not lead to the version reached. */
  async #tidy() {
    const version = await this.#version();
    if (version) await this.#drop(IDBKeyRange.bound([this.#user, this.#flow], [this.#user, this.#flow, version, []]));
    const kept = await this.#kept();
    this.#count = kept.length;
    this.#bytes = kept.reduce((bytes, frame) => bytes + sizeOf(frame), 0);
    const led = chain(kept, version, this.#epoch).at(-1)?.version ?? version;
    const isWhole = version && led >= this.#reached;
    if (!isWhole) this.renew();
    this.#interval = isWhole ? RENEW_INTERVAL_MS : this.#interval * 2;
  }

  /** Return the copy's version, and the canvas's for a partial page, the lower of both; 0 without a copy. @returns {Promise<number>} */
  async #version() {
    const parts = [this.#path, this.#canvas].filter(Boolean).map((address) => caches.match(address, ANY));
    const versions = (await Promise.all(parts)).map((part) => {
      const header = (name) => part?.headers.get(`X-Helix-${name}`);
      return header("Epoch") === this.#epoch ? Number(header("Version")) : 0;
    });
    return Math.min(...versions);
  }

  #kept() {
    return transact("frames", "readonly", (store) => store.getAll(within(this.#user, this.#flow)));
  }

  #drop(range) {
    return transact("frames", "readwrite", (store) => void store.delete(range));
  }

  #reach(version) {
    this.#reached = Math.max(this.#reached, version ?? 0);
  }
}

/**
 * Return the frames that lead on from a version without a gap. Each begins where the one before it ended, because a frame is a
 * net difference. Two tabs may have been sent different portions; either will do.
 * @param {Frame[]} frames
 */
export function chain(frames, since, epoch) {
  const next = new Map();
  for (const frame of frames) {
    const other = next.get(frame.previous);
    if (frame.epoch === epoch && !(other?.version > frame.version)) next.set(frame.previous, frame);
  }
  const found = [];
  for (let frame = next.get(since); frame; frame = next.get(frame.version)) found.push(frame);
  return found;
}

const isOn = () => Boolean(globalThis.navigator?.serviceWorker?.controller && globalThis.caches);
const sizeOf = ({ html, move }) => html.length + move.length * 48;
const cameByWorker = () => performance.getEntriesByType("navigation")[0]?.workerStart > 0;
