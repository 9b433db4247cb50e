/**
 * The page's end of the live session: what others and I do comes in, my edits go out, and both end in one picture.
 *
 * At which version the page stands is the follower's affair, in which order edits go out the outbox's, and when to come back
 * the socket's; here they meet.
 *
 * Events: `status` (connection or pending changed), `rights` (whether I may edit changed), `patched` (detail: frame), `settled`,
 * `acked` and `refused` (detail: {entry, frame}), `submitted` (detail: operation), `welcome` (detail: frame),
 * `people` (detail: {joined, left, all?}), `presence` (detail: states), `you`, `notice` (detail: {code, message}).
 */

import { bytesOf } from "../lib/edits.js";
import { Follower } from "./follower.js";
import { Outbox } from "./outbox.js";
import { Seen } from "./seen.js";
import { Shelf } from "./shelf.js";
import { Socket } from "./socket.js";

/** As long as any name of a client of ours. */
const ANY_CLIENT = "-".repeat(36);
/** Logged out, no right any more, no flow any more: nothing of it stays on this device. */
const MINE_NO_MORE = [4401, 4403, 4404];

export class LiveSession extends EventTarget {
  /** @type {{session: string, id: number, name: string, colour: string, role: string}|null} */
  you = null;
  role;
  #patcher;
  #limits;
  #user;
  #shelf;
  #follower;
  #mayEdit;

  /**
   * @param {HTMLElement} root the editor element
   * @param {import("./patcher.js").Patcher} patcher
   * @param {{limits?: Record<string, number>, isPartial?: boolean}} [page] `isPartial`: it holds only a part of the canvas
   */
  constructor(root, patcher, { limits = {}, isPartial = false } = {}) {
    super();
    const { role, socket, user, flow } = root.dataset;
    this.role = role;
    this.#patcher = patcher;
    this.#limits = limits;
    this.#user = user;
    this.#shelf = new Shelf({ user, flow });
    this.#follower = new Follower(root.dataset, patcher, { isPartial, resume: () => this.socket.resume() });
    this.socket = new Socket(new URL(socket, location.href.replace(/^http/, "ws")).href, () => this.#hello());
    this.outbox = new Outbox({
      send: (entry) => this.socket.send(this.#frame(entry)),
      shelf: this.#shelf,
      most: limits.outbox,
      rate: limits.operations_per_second,
    });
    this.seen = new Seen((at) => this.socket.send({ type: "seen", version: at }));
    this.socket.addEventListener("state", () => this.#state());
    this.socket.addEventListener("frame", ({ detail }) => this.#take(detail.frame, detail.bytes));
    this.outbox.addEventListener("change", () => this.#status());
    this.#follower.addEventListener("patched", ({ detail }) => this.#patched(detail));
    this.#follower.addEventListener("fetching", () => this.#status());
    document.addEventListener("visibilitychange", () => document.visibilityState === "visible" && this.#adopt());
    this.#shelf.addEventListener("fail", () => this.#tell("notice", { code: "not_kept_here" }), { once: true });
    this.#mayEdit = this.mayEdit;
  }

  /** Whether an edit made now could be kept and ever be sent: by my role, the connection and what waits already. */
  get mayEdit() {
    return !this.isOver && !this.outbox.isFull && (this.role === "owner" || this.role === "editor");
  }

  /** The server closed with a code after which nobody tries again. */
  get isOver() {
    return this.socket.state === "stopped";
  }

  /** @returns {"live"|"connecting"|"offline"|"read-only"} */
  get connection() {
    if (this.socket.state === "open") return this.mayEdit ? "live" : "read-only";
    return this.socket.state === "connecting" && this.socket.attempt === 0 ? "connecting" : "offline";
  }

  /** Come to life. */
  async start() {
    this.#adopt();
    await this.#follower.start();
    this.#tell("settled");
    this.socket.start();
  }

  /** At which version of the log the page stands; null while nobody knows. */
  get version() {
    return this.#follower.version;
  }

  /** Whether the page shows what the server last told of. */
  get isCurrent() {
    return !this.#follower.isFetching;
  }

  /** Whether what is made here outlives this page. */
  get isKept() {
    return !this.#shelf.hasFailed;
  }

  get client() {
    return this.#shelf.client;
  }

  /**
   * Submit an edit, or `{kind: "undo"}` and `{kind: "redo"}`.
   * @param {{step?: string, draft?: string, words?: object}} [options] the undo step it belongs to, the draft it finishes, how to tell of it
   * @returns {number|null} its sequence number
   */
  submit(operation, options) {
    if (!this.mayEdit) return null;
    if (this.#isTooLarge(operation, options)) {
      this.#tell("notice", { code: "too_large" });
      return null;
    }
    const seq = this.outbox.put(operation, options);
    this.#tell("submitted", operation);
    this.#tell("settled");
    return seq;
  }

  /** Keep what is being made, for the next page if this one dies. @param {object|null} operation */
  draft(key, operation, options) {
    if (!operation || (this.mayEdit && !this.#isTooLarge(operation, options))) this.outbox.draft(key, operation, options);
  }

  /** Take back the last step, if it has never been sent. @returns {import("./outbox.js").Entry[]} */
  takeBack() {
    const taken = this.outbox.takeBack();
    if (taken.length) this.#tell("settled");
    return taken;
  }

  presence(state) {
    return this.socket.send({ type: "presence", ...state });
  }

  #hello() {
    const since = this.version;
    const hello = { type: "hello", protocol: 1, client: this.client, since, format: "html" };
    return since === null ? hello : { ...hello, epoch: this.#follower.epoch };
  }

  #frame({ client, seq, operation, step }) {
    const { kind } = operation;
    const what = kind === "undo" || kind === "redo" ? { type: kind, seq } : { type: "operate", seq, operation };
    return { ...what, ...(step && { step }), ...(client !== this.client && { client }) };
  }

  #isTooLarge(operation, { step } = {}) {
    return bytesOf(this.#frame({ client: ANY_CLIENT, seq: Number.MAX_SAFE_INTEGER, operation, step })) > (this.#limits.frame_bytes ?? Infinity);
  }

  /** What earlier pages left behind joins my picture. */
  async #adopt() {
    if (await this.outbox.adopt()) this.#tell("settled");
    this.#status();
  }

  #state() {
    const { state, code } = this.socket;
    const entry = code === 4413 && state === "waiting" ? this.outbox.oversized(this.#limits.frame_bytes) : null;
    if (entry) this.#giveBack(entry, { code: "too_large" });
    if (this.isOver) {
      this.#follower.end(MINE_NO_MORE.includes(code));
      this.#shelf.release();
    }
    this.#status();
  }

  #status() {
    this.#tell("status");
    if (this.#mayEdit === this.mayEdit) return;
    this.#mayEdit = this.mayEdit;
    this.#tell("rights");
  }

  #take(frame, bytes) {
    switch (frame.type) {
      case "welcome":
        this.#welcome(frame);
        break;
      case "apply_changes": case "snapshot":
        this.#follower.take(frame);
        break;
      case "acked":
        this.#acked(frame);
        break;
      case "refused":
        this.#refused(frame);
        break;
      case "people":
        this.#tell("people", frame);
        break;
      case "presence":
        this.#tell("presence", frame.states);
        break;
      case "you":
        this.role = frame.role;
        this.#tell("you");
        this.#status();
        break;
      case "heartbeat":
        this.#follower.compare(frame);
        break;
      case "error":
        this.#tell("notice", frame);
        break;
      default:
        break;
    }
    this.seen.note(this.version ?? 0, bytes);
  }

  #welcome(frame) {
    // Another login of this browser: my edits are not that person's to make, and wait for mine.
    if (String(frame.you.id) !== this.#user) {
      this.socket.stop(4401);
      return;
    }
    this.you = frame.you;
    this.role = frame.you.role;
    this.#limits = { ...this.#limits, ...frame.limits };
    this.#follower.welcome(frame);
    this.seen.reset(this.version ?? 0);
    this.#tell("you");
    this.#tell("people", { all: true, joined: frame.people, left: [] });
    this.#tell("welcome", frame);
    this.outbox.resend();
    this.#adopt();
    this.#status();
  }

  #patched(frame) {
    this.outbox.settle(this.version);
    this.#tell("patched", frame);
    this.#tell("settled");
  }

  #acked(frame) {
    const entry = this.outbox.acked(frame, this.version);
    if (entry) this.#tell("acked", { entry, frame });
    this.#tell("settled");
  }

  #refused(frame) {
    const entry = this.outbox.refused(frame);
    if (entry) this.#giveBack(entry, frame);
  }

  #giveBack(entry, frame) {
    // Without its state, a refusal says nothing about what is there: what was there before the edit stays.
    if (frame.html !== undefined) this.#patcher.restore(entry.operation, frame.html);
    this.#tell("refused", { entry, frame });
    this.#tell("settled");
  }

  #tell(type, detail) {
    this.dispatchEvent(new CustomEvent(type, { detail }));
  }
}
