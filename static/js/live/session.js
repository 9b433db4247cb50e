/**
 * The page's end of the live session: frames in, edits out, and at which version the page stands.
 *
 * Every broadcast says which version it starts from. What is already held is skipped, a gap is healed by a whole canvas over
 * HTTP, and a differing digest is taken as a gap, so that no lost or doubled message can leave the page wrong.
 *
 * Events: `status` (connection or pending changed), `patched` (detail: frame), `settled`, `acked` and `refused` (detail:
 * {entry, frame}), `submitted` (detail: operation),
 * `people` (detail: {joined, left, all?}), `presence` (detail: states), `you`, `notice` (detail: {code, message}).
 */

import { Outbox } from "./outbox.js";
import { Seen } from "./seen.js";
import { Socket } from "./socket.js";

export class LiveSession extends EventTarget {
  version;
  epoch;
  digest = null;
  /** @type {{session: string, id: number, name: string, colour: string, role: string}|null} */
  you = null;
  role;
  #identity;
  #patcher;
  #canvasUrl;
  /** @type {object[]|null} frames that wait for a canvas on its way */
  #held = null;

  /**
   * @param {HTMLElement} root the editor element
   * @param {import("./identity.js").Identity} identity
   * @param {import("./patcher.js").Patcher} patcher
   */
  constructor(root, identity, patcher, limits = {}) {
    super();
    const { version, epoch, role, socket, canvasUrl } = root.dataset;
    this.version = version === undefined || version === "" ? null : Number(version);
    this.epoch = epoch || null;
    this.role = role;
    this.#identity = identity;
    this.#patcher = patcher;
    this.#canvasUrl = canvasUrl;
    this.socket = new Socket(new URL(socket, location.href.replace(/^http/, "ws")).href, () => this.#hello());
    this.outbox = new Outbox({
      next: () => identity.next(),
      send: (seq, operation) => this.socket.send(frameOf(seq, operation)),
      most: limits.outbox ?? 1000,
    });
    this.seen = new Seen((at) => this.socket.send({ type: "seen", version: at }));
    this.socket.addEventListener("state", () => this.#tell("status"));
    this.socket.addEventListener("frame", ({ detail }) => this.#take(detail.frame, detail.bytes));
    this.outbox.addEventListener("change", () => this.#tell("status"));
  }

  /** Whether an edit made now could ever be sent: my role allows it, and the connection is not closed for good. */
  get mayEdit() {
    return !this.isOver && (this.role === "owner" || this.role === "editor");
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

  /** @param {boolean} partial the page holds only a part of the canvas: fetch the whole */
  start(partial) {
    if (partial) this.#fetchCanvas();
    this.socket.start();
  }

  get client() {
    return this.#identity.client;
  }

  /** Submit an edit, or `{kind: "undo"}` and `{kind: "redo"}`. @returns {number|null} its sequence number */
  submit(operation) {
    if (!this.mayEdit) return null;
    const seq = this.outbox.put(operation);
    if (seq === null) this.#tell("notice", { code: "outbox_full" });
    else {
      this.#tell("submitted", operation);
      this.#tell("settled");
    }
    return seq;
  }

  presence(state) {
    return this.socket.send({ type: "presence", ...state });
  }

  #hello() {
    const since = this.version;
    const hello = { type: "hello", protocol: 1, client: this.#identity.client, since, format: "html" };
    return since === null ? hello : { ...hello, epoch: this.epoch };
  }

  #take(frame, bytes) {
    if (this.#held && (frame.type === "apply_changes" || frame.type === "snapshot")) {
      this.#held.push(frame);
      return;
    }
    switch (frame.type) {
      case "welcome":
        this.#welcome(frame);
        break;
      case "apply_changes":
        this.#changes(frame, bytes);
        break;
      case "snapshot":
        if (frame.part === (frame.parts ?? 1) || frame.part === undefined) this.#fetchCanvas();
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
        this.#tell("status");
        break;
      case "heartbeat":
        this.#compare(frame);
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
    this.you = frame.you;
    this.role = frame.you.role;
    if (this.version === frame.version) this.digest = frame.digest;
    this.epoch ??= frame.epoch;
    if (this.epoch !== frame.epoch) this.#adopt(null, frame.epoch, null);
    this.seen.reset(this.version ?? 0);
    this.#tell("you");
    this.#tell("people", { all: true, joined: frame.people, left: [] });
    this.outbox.resend();
    this.#tell("status");
  }

  #changes(frame) {
    if (this.version !== null && frame.version <= this.version) return;
    if (this.version === null || frame.previous > this.version) {
      this.#fetchCanvas();
      return;
    }
    this.#patcher.apply(frame.html ?? "", frame.move ?? []);
    this.#adopt(frame.version, this.epoch, frame.digest);
    const mine = frame.changes.filter((change) => change.client === this.#identity.client).map((change) => change.seq);
    this.outbox.settle(this.version, mine);
    this.#tell("patched", frame);
    this.#tell("settled");
  }

  #acked(frame) {
    const entry = this.outbox.acked(frame.seq, frame.version, this.version);
    if (entry) this.#tell("acked", { entry, frame });
    this.#tell("settled");
  }

  #refused(frame) {
    const entry = this.outbox.refused(frame.seq, frame.code);
    if (!entry) return;
    // Without its state, a refusal says nothing about what is there: what was there before the edit stays.
    if (frame.html !== undefined) this.#patcher.restore(entry.operation, frame.html);
    this.#tell("refused", { entry, frame });
    this.#tell("settled");
  }

  #compare({ version, epoch, digest }) {
    const strayed = this.version === version && this.digest !== null && digest !== this.digest;
    if (epoch !== this.epoch || strayed || version > this.version + 1000) this.#fetchCanvas();
    else if (this.version === version) this.digest = digest;
  }

  /** Fetch the whole canvas and reconcile, keeping view, selection and focus; frames meanwhile wait their turn. */
  async #fetchCanvas() {
    if (this.#held) return;
    this.#held = [];
    try {
      const answer = await fetch(this.#canvasUrl, { headers: { Accept: "text/html" }, cache: "no-store" });
      if (!answer.ok) throw new Error(String(answer.status));
      this.#patcher.replace(await answer.text());
      const header = (name) => answer.headers.get(`X-Helix-${name}`);
      this.#adopt(Number(header("Version")), header("Epoch"), header("Digest"));
      this.outbox.settle(this.version);
      this.#tell("patched", null);
      this.#tell("settled");
      this.#release();
    } catch {
      // Held frames cannot be applied without their base: ask for everything again soon.
      this.#held = null;
      setTimeout(() => this.#fetchCanvas(), 1_000 + Math.random() * 2_000);
    }
  }

  #release() {
    const held = this.#held ?? [];
    this.#held = null;
    for (const frame of held) if (frame.type === "apply_changes") this.#take(frame, 0);
  }

  #adopt(version, epoch, digest) {
    this.version = version;
    this.epoch = epoch;
    this.digest = digest;
  }

  #tell(type, detail) {
    this.dispatchEvent(new CustomEvent(type, { detail }));
  }
}

function frameOf(seq, operation) {
  const { kind } = operation;
  return kind === "undo" || kind === "redo" ? { type: kind, seq } : { type: "operate", seq, operation };
}
