/**
 * The page's end of the live session: what others and I do comes in, my edits go out, and both end in one picture.
 *
 * At which version the page stands is the follower's affair, in which order edits go out the outbox's, when to come back the
 * socket's, and what outlives the page the device's; here they meet.
 *
 * Events: `status` (connection, pending or what is kept changed), `rights` (whether I may edit changed), `patched` (detail: frame), `settled`,
 * `acked` and `refused` (detail: {entry, frame}), `submitted` (detail: operation), `welcome` (detail: frame),
 * `people` (detail: {joined, left, all?}), `presence` (detail: states), `you`, `notice` (detail: {code, message}).
 */

import { bytesOf } from "../lib/texts.js";
import { Device } from "../offline/device.js";
import { Follower } from "./follower.js";
import { Outbox } from "./outbox.js";
import { EditStore } from "./edit_store.js";
import { Seen, Socket } from "./socket.js";

/** Logged out, no right any more, no flow any more: nothing of it stays on this device. */
const MINE_NO_MORE = [4401, 4403, 4404];

const EDITS = ["owner", "editor"];
/** As long as any name of a client of ours. */
const ANY_CLIENT = "-".repeat(36);

/** How a session stands: in which role, whether there is a connection, and whether an edit can be made now. */
export class SessionState extends EventTarget {
  role;
  /** @type {import("./socket.js").Socket} */
  socket;
  /** @type {import("./outbox.js").Outbox} */
  outbox;
  /** @type {import("../offline/device.js").Device} */
  device;

  /**
   * Why nothing can be edited now: an edit is taken only if it could be kept and ever be sent.
   * @returns {"ended"|"role"|"full"|"unkept"|null} `full`: of what waits; `unkept`: no connection, and a device that keeps nothing
   */
  get readOnlyReason() {
    if (this.isOver) return "ended";
    if (!EDITS.includes(this.role)) return "role";
    if (this.outbox.isFull) return "full";
    return this.isAway && !this.device.isKeeping ? "unkept" : null;
  }

  /** Whether it is known all that earlier pages left on this device: before that, nothing is called saved. */
  get isKnown() {
    return this.outbox.isReady && this.device.unread.size === 0;
  }

  get mayEdit() {
    return this.readOnlyReason === null;
  }

  /** The server closed with a code after which nobody tries again. */
  get isOver() {
    return this.socket.state === "stopped";
  }

  /** Without a connection, and not just about to have one. */
  get isAway() {
    const { state, attempt } = this.socket;
    return state !== "open" && (state !== "connecting" || attempt > 0);
  }

  /** @returns {"live"|"connecting"|"offline"|"read-only"} */
  get connection() {
    if (this.socket.state === "open") return this.mayEdit ? "live" : "read-only";
    return this.isAway ? "offline" : "connecting";
  }
}

export class LiveSession extends SessionState {
  /** @type {{session: string, id: number, name: string, colour: string, role: string}|null} */
  you = null;
  #patcher;
  #limits;
  #user;
  #store;
  #follower;
  #mayEdit;
  /** What each kind of frame does. */
  #takes = {
    welcome: (frame) => this.#welcome(frame),
    apply_changes: (frame) => this.#follower.take(frame),
    snapshot: (frame) => this.#follower.take(frame),
    acked: (frame) => this.#acked(frame),
    refused: (frame) => this.outbox.refused(frame, (entry) => this.#giveBack(entry, frame)),
    people: (frame) => this.#tell("people", frame),
    presence: ({ states }) => this.#tell("presence", states),
    you: ({ role }) => this.#become(role),
    heartbeat: (frame) => this.#follower.compare(frame),
    error: (frame) => this.#tell("notice", frame),
  };

  /**
   * @param {HTMLElement} root the editor element
   * @param {import("./patcher.js").Patcher} patcher
   * @param {{limits?: Record<string, number>, isPartial?: boolean}} [page] `isPartial`: it holds only a part of the canvas
   */
  constructor(root, patcher, { limits = {}, isPartial = false } = {}) {
    super();
    const { role, socket, user } = root.dataset;
    this.role = role;
    this.#patcher = patcher;
    this.#limits = limits;
    this.#user = user;
    this.device = new Device(root.dataset);
    this.#store = new EditStore(this.device);
    this.#follower = new Follower(root.dataset, patcher, { isPartial, resume: () => this.socket.resume() });
    this.socket = new Socket(new URL(socket, location.href.replace(/^http/, "ws")).href, () => helloFrame(this.client, this.version, this.#follower.epoch));
    const send = (entry) => this.socket.send(editFrame(entry, this.client));
    this.outbox = new Outbox({ send, store: this.#store, most: limits.outbox, rate: limits.operations_per_second });
    this.seen = new Seen((at) => this.socket.send({ type: "seen", version: at }));
    this.#mayEdit = this.mayEdit;
    this.socket.addEventListener("state", () => this.#state());
    this.socket.addEventListener("frame", ({ detail }) => this.#take(detail.frame, detail.bytes));
    this.outbox.addEventListener("change", () => this.#status());
    this.#follower.addEventListener("patched", ({ detail }) => this.#patched(detail));
    this.#follower.addEventListener("fetching", () => this.#status());
    this.device.addEventListener("change", () => this.#kept());
    document.addEventListener("visibilitychange", () => document.visibilityState === "visible" && this.#adopt());
  }

  /** At which version of the log the page stands; null while nobody knows. */
  get version() {
    return this.#follower.version;
  }

  /** Whether the page shows what the server last told of. */
  get isCurrent() {
    return !this.#follower.isFetching;
  }

  get client() {
    return this.#store.client;
  }

  /** Come to life. */
  async start() {
    this.#adopt();
    await this.#follower.start();
    this.#tell("settled");
    this.socket.start();
  }

  /**
   * Submit an edit, or `{kind: "undo", at}` and `{kind: "redo", at}` with the version at which that was asked.
   * @param {{step?: string, draft?: string, words?: object}} [options] the undo step it belongs to, the draft it finishes, how to tell of it
   * @returns {number|null} its sequence number
   */
  submit(operation, options) {
    if (!this.mayEdit) return null;
    if (!this.#fits(operation, options)) {
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
    if (!operation || (this.mayEdit && this.#fits(operation, options))) this.outbox.draft(key, operation, options);
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

  #fits(operation, { step } = {}) {
    return !isTooLarge(operation, step, this.#limits.frame_bytes);
  }

  /** What earlier pages left behind joins my picture. */
  async #adopt() {
    if (await this.outbox.adopt()) this.#tell("settled");
    this.#status();
  }

  /** What could not be read so far may be now. */
  #kept() {
    this.#status();
    if (this.device.isKeeping) this.#adopt();
  }

  #state() {
    const { state, code } = this.socket;
    if (state === "waiting") this.device.check();
    if (code === 4413 && state === "waiting") this.outbox.oversized(this.#limits.frame_bytes, (entry) => this.#giveBack(entry, { code: "too_large" }));
    if (this.isOver) {
      this.#follower.end(MINE_NO_MORE.includes(code));
      this.#store.release();
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
    this.#takes[frame.type]?.(frame);
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

  #become(role) {
    this.role = role;
    this.#tell("you");
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

  #giveBack(entry, frame) {
    // Without its state, a refusal says nothing about what is there: what was there before the edit stays.
    if (frame.html !== undefined) this.#restore(entry.operation, frame.html);
    this.#tell("refused", { entry, frame });
    this.#tell("settled");
  }

  #restore(operation, html) {
    try {
      this.#patcher.restore(operation, html);
    } catch (error) {
      reportError(error);
      this.#follower.fetch();
    }
  }

  #tell(type, detail) {
    this.dispatchEvent(new CustomEvent(type, { detail }));
  }
}

/** The first of a connection. @param {number|null} since the version I hold */
function helloFrame(client, since, epoch) {
  const hello = { type: "hello", protocol: 1, client, since, format: "html" };
  return since === null ? hello : { ...hello, epoch };
}

/** An edit under its name. @param {import("./outbox.js").Entry} entry @param {string} me this page's client */
function editFrame({ client, seq, operation, step }, me) {
  const { kind, at } = operation;
  const what = kind === "undo" || kind === "redo" ? { type: kind, seq, at } : { type: "operate", seq, operation };
  return { ...what, ...(step && { step }), ...(client !== me && { client }) };
}

/** Whether an edit would fit into no frame of `most` bytes, whoever came to send it. */
function isTooLarge(operation, step, most = Infinity) {
  return bytesOf(editFrame({ client: ANY_CLIENT, seq: Number.MAX_SAFE_INTEGER, operation, step })) > most;
}
