/**
 * Says how things stand between this page and the server, and never says "saved" when it is not: the pill in the bar, the
 * hooks on the root, and a badge on what has waited for more than a second.
 */

import { touched } from "./patcher.js";

const BADGE_MS = 1_000;

export class StatusPill {
  #parts;
  #pill;
  #text;
  #timer = 0;
  #badges = 0;
  #waiting = new Set();
  #notes = 0;
  #unsaved = 0;

  constructor({ graph, root, session, texts }) {
    this.#parts = { graph, root, session, texts };
    this.#pill = root.querySelector("[data-sync]");
    this.#text = root.querySelector("[data-sync-text]");
    session.addEventListener("status", () => this.show());
    this.show();
  }

  /** Take how many conflicts there are to look at, and how many texts that are not saved. */
  count({ notes, unsaved }) {
    this.#notes = notes;
    this.#unsaved = unsaved;
    this.show();
  }

  /** Show how things stand now. */
  show() {
    const { root, session } = this.#parts;
    root.dataset.connection = session.connection;
    root.dataset.pending = session.outbox.isReady ? session.outbox.pending : "";
    const [state, text] = this.#words();
    if (this.#pill && this.#pill.dataset.state !== state) this.#pill.dataset.state = state;
    if (this.#text && this.#text.textContent !== text) this.#text.textContent = text;
    clearTimeout(this.#timer);
    if (session.socket.retryAt) this.#timer = setTimeout(() => this.show(), 1_000);
    this.#badges ||= session.outbox.pending || this.#waiting.size ? setTimeout(() => this.#badge(), BADGE_MS / 2) : 0;
  }

  #words() {
    const { session, texts } = this.#parts;
    const { socket, connection, isKnown } = session;
    const { pending, drafts } = session.outbox;
    const count = pending + drafts;
    const isKept = session.device.isKeeping;
    if (session.outbox.isFull) return ["offline", texts.say("full", { count })];
    if (connection === "read-only") return ["read-only", texts.say("read_only")];
    if (session.isOver) return ["offline", count ? texts.say("ended_waiting", { count }) : texts.say("ended")];
    if (connection === "connecting" || (isKept && !isKnown)) return ["connecting", texts.say(count ? "saving" : "connecting")];
    if (connection === "live" && count) return isKept ? ["saving", texts.say("saving")] : ["unkept", texts.say("unkept")];
    if (connection === "live" && !session.isCurrent) return ["connecting", texts.say("catching_up")];
    if (connection === "live" && this.#unsaved) return ["refused", texts.say("unsaved", { count: this.#unsaved })];
    if (connection === "live" && !isKept) return ["unkept", texts.say(isKnown ? "unkept_saved" : "unkept")];
    if (connection === "live") return this.#notes ? ["refused", texts.say("to_look_at", { count: this.#notes })] : ["live", texts.say("saved")];
    if (socket.state === "asleep") return ["offline", texts.say(count ? "asleep_waiting" : "asleep", { count })];
    if (session.readOnlyReason === "unkept") return ["unkept", texts.say(count ? "unkept_waiting" : "unkept_away", { count })];
    if (count) return ["offline", texts.say("offline_waiting", { count })];
    const seconds = socket.retryAt && Math.ceil((socket.retryAt - Date.now()) / 1000);
    return seconds > 1 ? ["reconnecting", texts.say("reconnecting", { seconds })] : ["offline", texts.say("offline")];
  }

  #badge() {
    const { graph, session } = this.#parts;
    const waiting = new Set();
    for (const entry of session.outbox.waiting()) {
      if (Date.now() - entry.at >= BADGE_MS) for (const id of touched(entry.operation).nodes) waiting.add(id);
    }
    for (const id of new Set([...waiting, ...this.#waiting])) graph.nodes.get(id)?.element.toggleAttribute("data-waiting", waiting.has(id));
    this.#waiting = waiting;
    this.#badges = 0;
    if (session.outbox.pending || waiting.size) this.#badges = setTimeout(() => this.#badge(), BADGE_MS / 2);
  }
}
