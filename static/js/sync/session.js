/**
 * The page's end of the live session: changes come in, my edits go out, and both end in one picture.
 *
 * The follower knows the page's version, the outbox the order of sending, the socket when to reconnect, and the device what
 * outlives the page. They meet here.
 *
 * Events: `status` (connection, pending or what is kept changed), `connection` (the socket's state changed), `rights` (whether I may edit
 * changed), `patched` (detail: frame), `settled`, `content` (detail: {frame}, or none: as `settled`, but not when things only changed place),
 * `acked` and `refused` (detail: {entry, frame}), `submitted` (detail: operation), `welcome` (detail: frame, and what was `before` it: {version, waiting, isUnsent}),
 * `job`, `run`, `run_text` (detail: frame), `people` (detail: {joined, left, all?}), `presence` (detail: states), `you`, `problems` (detail: frame), `notice`
 * (detail: {code, message}).
 */

import { isPlacing } from "../lib/pending.js";
import { Device } from "../offline/device.js";
import { Follower } from "./follower.js";
import { EditStore, Outbox } from "./outbox.js";
import { CLOSE, Seen, Socket, bytesOf } from "./socket.js";

/** Logged out, access revoked, flow deleted: nothing of the flow stays on this device. */
const ACCESS_LOST = [CLOSE.LOG_IN, CLOSE.REVOKED, CLOSE.NOT_FOUND];

const EDITOR_ROLES = ["owner", "editor"];
/** As long as the longest client id of ours. */
const ANY_CLIENT = "-".repeat(36);

/** The state of a session: the role, the connection, and whether an edit can be made now. */
export class SessionState extends EventTarget {
  role;
  /** @type {import("./socket.js").Socket} */
  socket;
  /** @type {import("./outbox.js").Outbox} */
  outbox;
  /** @type {import("../offline/device.js").Device} */
  device;

  /**
   * Why nothing can be edited now. An edit is accepted only if it can be kept and sent.
   * @returns {"ended"|"role"|"full"|"unkept"|null} `full`: too many unsent edits; `unkept`: no connection, and a device that keeps nothing
   */
  get readOnlyReason() {
    if (this.isOver) return "ended";
    if (!EDITOR_ROLES.includes(this.role)) return "role";
    if (this.outbox.isFull) return "full";
    return this.isAway && !this.device.isKeeping ? "unkept" : null;
  }

  /** Whether all that earlier pages left on this device is known. Before that, nothing is called saved. */
  get isKnown() {
    return this.outbox.isReady && this.device.unread.size === 0;
  }

  get mayEdit() {
    return this.readOnlyReason === null;
  }

  /** Whether the server closed with a code that forbids another attempt. */
  get isOver() {
    return this.socket.state === "stopped";
  }

  /** Whether there is no connection, nor a first attempt under way. */
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
  /** What the server can do to a flow on request, as it says. @type {object[]} */
  actions = [];
  #patcher;
  #limits;
  #user;
  #store;
  #follower;
  #mayEdit;
  /** By type of frame. */
  #frameHandlers = {
    welcome: (frame) => this.#welcome(frame),
    apply_changes: (frame) => this.#follower.take(frame),
    snapshot: (frame) => this.#follower.take(frame),
    acked: (frame) => this.#acked(frame),
    refused: (frame) => this.outbox.refused(frame, (entry) => this.#reject(entry, frame)),
    people: (frame) => this.#emit("people", frame),
    presence: ({ states }) => this.#emit("presence", states),
    you: ({ role }) => this.#become(role),
    problems: (frame) => this.#emit("problems", frame),
    job: (frame) => this.#emit("job", frame),
    run: (frame) => this.#emit("run", frame),
    run_text: (frame) => this.#emit("run_text", frame),
    heartbeat: (frame) => this.#follower.compare(frame),
    error: (frame) => this.#emit("notice", frame),
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
    this.device.addEventListener("change", () => this.#reread());
    document.addEventListener("visibilitychange", () => document.visibilityState === "visible" && this.#adopt());
  }

  /** The version of the log that the page shows; null while unknown. */
  get version() {
    return this.#follower.version;
  }

  /** Whether no canvas is being fetched. */
  get isCurrent() {
    return !this.#follower.isFetching;
  }

  get client() {
    return this.#store.client;
  }

  /** Adopt what earlier pages left, catch up, connect. */
  async start() {
    this.#adopt();
    await this.#follower.start();
    this.#settled();
    this.socket.start();
  }

  /**
   * Submit an edit, or `{kind: "undo", at}` and `{kind: "redo", at}` with the version at which it was asked, or
   * `{kind: "execute_action", action, nodes, parameters}`.
   * @param {{step?: string, draft?: string, words?: object}} [options] the undo step it belongs to, the draft it finishes, how to describe it
   * @returns {number|null} its sequence number
   */
  submit(operation, options) {
    if (!this.mayEdit) return null;
    if (!this.#fits(operation, options)) return this.#emit("notice", { code: "too_large" }), null;
    const seq = this.outbox.put(operation, options);
    this.#emit("submitted", operation);
    this.#settled([operation]);
    return seq;
  }

  /** Keep an unfinished edit, for the next page if this one dies. @param {object|null} operation */
  draft(key, operation, options) {
    if (!operation || (this.mayEdit && this.#fits(operation, options))) this.outbox.draft(key, operation, options);
  }

  /** Undo the last step here, if it has never been sent. @returns {import("./outbox.js").Entry[]} */
  undoUnsent() {
    const taken = this.outbox.undoUnsent();
    if (taken.length) this.#settled();
    return taken;
  }

  presence(state) {
    return this.socket.send({ type: "presence", ...state });
  }

  #fits(operation, { step } = {}) {
    return !isTooLarge(operation, step, this.#limits.frame_bytes);
  }

  /** Take over what earlier pages left behind. */
  async #adopt() {
    if (await this.outbox.adopt()) this.#settled();
    this.#status();
  }

  /** Read again what could not be read before. */
  #reread() {
    this.#status();
    if (this.device.isKeeping) this.#adopt();
  }

  #state() {
    const { state, code } = this.socket;
    if (state === "waiting") this.device.check();
    if (code === CLOSE.TOO_BIG && state === "waiting") this.outbox.oversized(this.#limits.frame_bytes, (entry) => this.#reject(entry, { code: "too_large" }));
    if (this.isOver) {
      this.#follower.end(ACCESS_LOST.includes(code));
      this.#store.release();
    }
    this.#emit("connection");
    this.#status();
  }

  #status() {
    this.#emit("status");
    if (this.#mayEdit === this.mayEdit) return;
    this.#mayEdit = this.mayEdit;
    this.#emit("rights");
  }

  #take(frame, bytes) {
    recognise(frame);
    this.#frameHandlers[frame.type]?.(frame);
    this.seen.note(this.version ?? 0, bytes);
  }

  #welcome(frame) {
    // Someone else has logged in in this browser: my edits wait for my next login.
    if (String(frame.you.guest ? frame.you.who : frame.you.id) !== this.#user) return void this.socket.stop(CLOSE.LOG_IN);
    this.you = frame.you;
    this.actions = frame.actions;
    this.role = frame.you.role;
    this.#limits = { ...this.#limits, ...frame.limits };
    this.#follower.welcome(frame);
    this.seen.reset(this.version ?? 0);
    const before = { version: this.version, waiting: this.outbox.waiting(), isUnsent: Boolean(this.outbox.pending || this.outbox.drafts) };
    this.#emit("you");
    this.#emit("people", { all: true, joined: frame.people, left: [] });
    this.#emit("welcome", { ...frame, before });
    this.outbox.resend();
    this.#adopt();
    this.#status();
  }

  #become(role) {
    this.role = role;
    this.#emit("you");
    this.#status();
  }

  #patched(frame) {
    const mine = this.outbox.settle(this.version).map(({ operation }) => operation);
    this.#emit("patched", frame);
    this.#settled(frame && !frame.html ? mine : undefined, { frame });
  }

  #acked(frame) {
    const entry = this.outbox.acked(frame, this.version);
    if (entry) this.#emit("acked", { entry, frame });
    this.#settled(entry ? [entry.operation] : []);
  }

  /** A refusal without state says nothing about the elements: they stay as they were before the edit. */
  #reject(entry, frame) {
    if (frame.html !== undefined) this.#restore(entry.operation, frame.html);
    this.#emit("refused", { entry, frame });
    this.#settled();
  }

  #restore(operation, html) {
    try {
      this.#patcher.restore(operation, html);
    } catch (error) {
      reportError(error);
      this.#follower.fetch();
    }
  }

  /** The picture is another. @param {object[]} [operations] what made it so, if nothing else did */
  #settled(operations, detail) {
    this.#lay();
    this.#emit("settled");
    if (!operations?.every(isPlacing)) this.#emit("content", detail);
  }

  /** What goes wrong in the picture keeps no edit back. */
  #lay() {
    try {
      this.#patcher.lay(this.outbox.operations());
    } catch (error) {
      reportError(error);
    }
  }

  #emit(type, detail) {
    this.dispatchEvent(new CustomEvent(type, { detail }));
  }
}

/** Return a connection's first frame. @param {number|null} since the version held */
function helloFrame(client, since, epoch) {
  const hello = { type: "hello", protocol: 1, client, since, format: "html" };
  return since === null ? hello : { ...hello, epoch };
}

/** Return an edit's frame. @param {import("./outbox.js").Entry} entry @param {string} me this page's client */
function editFrame({ client, seq, operation, step }, me) {
  const { kind, at, ...rest } = operation;
  const what = kind === "undo" || kind === "redo" ? { type: kind, seq, at } : kind === "execute_action" ? { type: kind, seq, ...rest } : { type: "operate", seq, operation };
  return { ...what, ...(step && { step }), ...(client !== me && { client }) };
}

/** Whether an edit would not fit into a frame of `most` bytes, even if another client had to send it. */
function isTooLarge(operation, step, most = Infinity) {
  return bytesOf(editFrame({ client: ANY_CLIENT, seq: Number.MAX_SAFE_INTEGER, operation, step })) > most;
}

/** Say of everybody in a frame `who` they are, the same in all frames: a guest has no id, and a program is not its owner. */
function recognise({ you, people = [], joined = [], changes = [] }) {
  for (const person of [you, ...people, ...joined]) if (person) person.who = guest(person) ?? (person.program === undefined ? person.id : `${person.id} ${person.program}`);
  for (const change of changes) change.who = guest(change) ?? change.actor;
}

const guest = ({ key }) => (key === undefined ? null : `guest-${key}`);
