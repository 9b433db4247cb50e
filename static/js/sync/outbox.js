/**
 * My edits on their way: each ends in exactly one answer.
 *
 * An edit is `queued`, then `sent`, then acknowledged at a version or refused. After a reconnection everything unanswered goes
 * out again, in order, under the same names: the server answers a resend as it answered the first time. An acknowledged
 * edit stays in the optimistic picture, and in the store, until its version has arrived here. What earlier pages on this
 * device left behind goes first.
 *
 * @typedef {{client: string, seq: number, operation: object, step?: string, words?: object, at: number, isFresh: boolean, bytes: number,
 *   isKept: boolean, state: "queued"|"sent"|"acked", version?: number}} Entry `isFresh`: never sent yet; `at`: when, in ms, never backwards
 */

import { Pace } from "../lib/timing.js";
import { pageLock } from "./page_lock.js";
import { bytesOf } from "./socket.js";

const MAX_IN_FLIGHT = 100;
const MAX_BYTES_IN_FLIGHT = 1024 * 1024;
const RETRY_MS = 1_000;
const ENVELOPE_BYTES = 200;

export class Outbox extends EventTarget {
  /** Whether what earlier pages left behind is known. Before that, it is unknown what waits and whether all is saved. */
  isReady = false;
  #hasBegun = false;
  /** @type {Map<string, Entry>} by name, in the order of sending */
  #entries = new Map();
  /** @type {Map<string, Entry>} what would be sent if the page died now */
  #drafts = new Map();
  #dispatch;
  #store;
  #capacity;
  #seq = 0;
  #last = 0;

  /** @param {{send: (entry: Entry) => boolean, store: EditStore, most?: number, rate?: number}} means */
  constructor({ send, store, most = 1000, rate = 100 }) {
    super();
    this.#store = store;
    this.#capacity = most;
    this.#dispatch = new Dispatch(() => this.#entries.values(), { send, sent: (entry) => this.#sent(entry), rate });
  }

  /** How many edits wait for their answer. */
  get pending() {
    let count = 0;
    for (const { state } of this.#entries.values()) if (state !== "acked") count += 1;
    return count;
  }

  /** How many unfinished edits there are. */
  get drafts() {
    return this.#drafts.size;
  }

  get isFull() {
    return this.room <= 0;
  }

  /** How many more can wait. */
  get room() {
    return this.#capacity - this.pending;
  }

  /** Everything the optimistic picture is made of, oldest first. @returns {Iterable<object>} */
  *operations() {
    for (const entry of this.#entries.values()) yield entry.operation;
  }

  /** Whether an edit of this page is still on its way. */
  has(seq) {
    return this.#entries.has(nameOf(this.#store.client, seq));
  }

  /** @param {number} [least] for how long at least, in ms @returns {Entry[]} unanswered edits, oldest first */
  waiting(least = 0) {
    const latest = least ? Date.now() - least : Infinity;
    return [...this.#entries.values()].filter(({ state, at }) => state !== "acked" && at <= latest);
  }

  /** Take over what dead pages left behind; after the first attempt, edits go out. @returns {Promise<boolean>} whether there was anything */
  async adopt() {
    const left = await this.#store.orphans();
    const orphans = (left ?? []).filter((entry) => !this.#entries.has(name(entry)));
    const mine = [...this.#entries.values()];
    const found = orphans.map((entry) => ({ ...entry, bytes: bytesOf(entry.operation), isKept: true, state: "queued" }));
    this.#entries = new Map([...(this.#hasBegun ? [...mine, ...found] : [...found, ...mine])].map((entry) => [name(entry), entry]));
    this.#last = Math.max(this.#last, ...found.map(({ at }) => at));
    this.isReady = left !== null;
    this.#hasBegun = true;
    this.#dispatch.begin();
    if (found.length) this.#changed();
    return found.length > 0;
  }

  /** @param {{step?: string, draft?: string, words?: object}} [options] @returns {number|null} its sequence number, or null when no more can be kept */
  put(operation, { draft, ...about } = {}) {
    if (this.isFull) return null;
    const before = this.#drafts.get(draft);
    const entry = this.#entry(operation, { at: before?.at, ...about });
    this.#entries.set(name(entry), entry);
    this.#dispatch.run();
    this.#store.save(entry, before);
    entry.isKept = true;
    this.#drafts.delete(draft);
    this.#changed();
    return entry.seq;
  }

  /** Keep an unfinished edit, for the next page if this one dies. @param {string} key @param {object|null} operation */
  draft(key, operation, about) {
    const before = this.#drafts.get(key);
    if (!operation) {
      if (before) this.#store.drop(before);
      if (this.#drafts.delete(key)) this.#changed();
      return;
    }
    // A new sequence number each time: a page that adopted too early sends no other text under this one.
    const entry = this.#entry(operation, { ...before, ...about });
    this.#drafts.set(key, entry);
    this.#store.save(entry, before);
    if (!before) this.#changed();
  }

  /** Undo the last step here, if nothing of it has ever been sent. @returns {Entry[]} what it was, oldest first */
  undoUnsent() {
    const taken = lastStep(this.waiting());
    if (taken.length) this.#forget(...taken);
    return taken;
  }

  /** Send again, over a new connection, what may not have arrived. */
  resend() {
    this.#dispatch.repeat();
  }

  /** @param {{client?: string, seq: number, version: number}} frame @param {number|null} held @returns {Entry|null} the edit that is durable now */
  acked({ client = this.#store.client, seq, version }, held) {
    const entry = this.#entries.get(nameOf(client, seq));
    if (!entry) return null;
    Object.assign(entry, { state: "acked", version });
    if (version <= held) this.#forget(entry);
    this.#dispatch.run();
    this.#changed();
    return entry;
  }

  /** @param {(entry: Entry) => void} report called with the refused edit before it leaves the device, unless it is tried again or unknown */
  refused({ client = this.#store.client, seq, code }, report) {
    const entry = this.#entries.get(nameOf(client, seq));
    if (!entry) return;
    if (code === "rate_limited" && !isUndoOrRedo(entry)) this.#dispatch.pause();
    else this.#reject(entry, report);
  }

  /** Give up the edit for which the connection was closed, a frame beyond `most` bytes. @param {(entry: Entry) => void} report */
  oversized(most, report) {
    const largest = oversized(this.waiting(), most);
    if (largest) this.#reject(largest, report);
  }

  /** Everything up to `version` is on the page now. @returns {Entry[]} my edits among it */
  settle(version) {
    const settled = [...this.#entries.values()].filter((entry) => entry.state === "acked" && entry.version <= version);
    this.#forget(...settled);
    return settled;
  }

  /** An edit that began as a draft keeps the draft's `at`. */
  #entry(operation, { step, words, at } = {}) {
    this.#seq += 1;
    this.#last = Math.max(Date.now(), this.#last);
    return { client: this.#store.client, seq: this.#seq, operation, step, words, at: at ?? this.#last, isFresh: true, isKept: false, bytes: bytesOf(operation), state: "queued" };
  }

  #sent(entry) {
    if (!entry.isFresh) return;
    entry.isFresh = false;
    if (entry.isKept) this.#store.save(entry);
  }

  /** First off the queue, then reported, then off the device: a page that dies in between asks again and gets the same answer. */
  #reject(entry, report) {
    this.#entries.delete(name(entry));
    report(entry);
    this.#store.drop(entry);
    this.#dispatch.run();
    this.#changed();
  }

  #forget(...entries) {
    if (!entries.length) return;
    for (const entry of entries) this.#entries.delete(name(entry));
    this.#store.drop(...entries);
    this.#changed();
  }

  #changed() {
    this.dispatchEvent(new Event("change"));
  }
}

/**
 * Sends what is queued, in its order: a limited number of edits and bytes at a time, below the server's rate, so that none is
 * refused and overtaken by a later one.
 */
class Dispatch {
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

  /** Start sending: the queue is complete. */
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
      if (flying > MAX_IN_FLIGHT || (flying > 1 && bytes > MAX_BYTES_IN_FLIGHT) || !this.#trySend(entry)) return;
    }
  }

  /** Send everything unanswered again. */
  repeat() {
    for (const entry of this.#queue()) if (entry.state === "sent") entry.state = "queued";
    this.run();
  }

  /** Too fast: pause, then send everything unanswered again, in order. */
  pause() {
    this.#wait(RETRY_MS, () => this.repeat());
  }

  #trySend(entry) {
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

/**
 * Keeps edits beyond the page's life: from before they are shown until the server has taken them.
 *
 * Every page is a client of its own, so no sequence number is used twice, even after a crash. What a page leaves behind is an
 * orphan: the next page on this flow sends it under its old client and number, and because the server answers each of those
 * once, it does no harm if two pages do. The text of a field that is still being edited is kept as a draft, which only the page
 * that adopts it sends.
 */
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

export const nameOf = (client, seq) => `${client} ${seq}`;

/** Whether this is an undo or redo: sent late, it would undo something else. @param {Entry} entry */
export const isUndoOrRedo = ({ operation: { kind } }) => kind === "undo" || kind === "redo";

/** Whether the server computes what is to be done: nothing of it can be seen or told before. @param {Entry} entry */
export const isComputed = (entry) => isUndoOrRedo(entry) || entry.operation.kind === "execute_action";

/** Return the last step, as far as it was never sent. @param {Entry[]} waiting oldest first @returns {Entry[]} oldest first */
export function lastStep(waiting) {
  const step = [];
  for (const entry of waiting.toReversed()) {
    if (!entry.isFresh || isUndoOrRedo(entry) || (step.length && (!entry.step || entry.step !== step[0].step))) break;
    step.unshift(entry);
  }
  return step;
}

/** Return the largest edit that was sent and takes more than `most` bytes as a frame. @param {Entry[]} waiting @returns {Entry|undefined} */
export function oversized(waiting, most) {
  return waiting.filter(({ state, bytes }) => state === "sent" && bytes + ENVELOPE_BYTES > most).sort((a, b) => b.bytes - a.bytes)[0];
}

const name = ({ client, seq }) => nameOf(client, seq);
