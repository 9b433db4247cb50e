/**
 * Shows whether edits are saved, and never says "saved" when they are not: the pill in the bar, the hooks on the root, and a
 * badge on nodes whose edits have waited for more than a second.
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

  /** Show the current state. */
  show() {
    const { root, session, texts } = this.#parts;
    root.dataset.connection = session.connection;
    root.dataset.pending = session.outbox.isReady ? session.outbox.pending : "";
    const [state, name, values] = statusOf(this.#facts());
    const text = texts.say(name, values);
    if (this.#pill && this.#pill.dataset.state !== state) this.#pill.dataset.state = state;
    if (this.#text && this.#text.textContent !== text) this.#text.textContent = text;
    clearTimeout(this.#timer);
    if (session.socket.retryAt) this.#timer = setTimeout(() => this.show(), 1_000);
    this.#badges ||= session.outbox.pending || this.#waiting.size ? setTimeout(() => this.#badge(), BADGE_MS / 2) : 0;
  }

  #facts() {
    const { connection, device, isCurrent, isKnown, isOver, outbox, readOnlyReason, socket } = this.#parts.session;
    const seconds = socket.retryAt ? Math.ceil((socket.retryAt - Date.now()) / 1000) : 0;
    const counts = { count: outbox.pending + outbox.drafts, notes: this.#notes, unsaved: this.#unsaved, seconds };
    const state = { isCurrent, isFull: outbox.isFull, isKept: device.isKeeping, isKnown, isOver };
    return { connection, ...counts, ...state, isAsleep: socket.state === "asleep", mayNotEdit: readOnlyReason === "unkept" };
  }

  #badge() {
    const { graph, session } = this.#parts;
    const waiting = new Set();
    for (const { operation } of session.outbox.waiting(BADGE_MS)) for (const id of touched(operation).nodes) waiting.add(id);
    for (const id of new Set([...waiting, ...this.#waiting])) graph.nodes.get(id)?.element.toggleAttribute("data-waiting", waiting.has(id));
    this.#waiting = waiting;
    this.#badges = 0;
    if (session.outbox.pending || waiting.size) this.#badges = setTimeout(() => this.#badge(), BADGE_MS / 2);
  }
}

/**
 * What the pill shows: the first that is true of what a person must know.
 *
 * @typedef {{connection: "live"|"connecting"|"offline"|"read-only", count: number, notes: number, unsaved: number, seconds: number,
 *   isAsleep: boolean, isCurrent: boolean, isFull: boolean, isKept: boolean, isKnown: boolean, isOver: boolean, mayNotEdit: boolean}} Facts
 *   `count`: unsent edits; `seconds`: until the next attempt to connect; `isKept`: this device keeps unsent edits; `isKnown`: those of
 *   earlier pages are known; `mayNotEdit`: there is no connection, and the device keeps nothing
 * @param {Facts} facts
 * @returns {[string, string, Record<string, number>]} the pill's state, the name of its text, and what is filled in
 */
export function statusOf(facts) {
  const { connection, count, isFull, isKept, isKnown, isOver } = facts;
  if (isFull) return ["offline", "full", { count }];
  if (connection === "read-only") return ["read-only", "read_only", {}];
  if (isOver) return ["offline", count ? "ended_waiting" : "ended", { count }];
  if (connection === "connecting" || (isKept && !isKnown)) return ["connecting", count ? "saving" : "connecting", {}];
  return connection === "live" ? connected(facts) : disconnected(facts);
}

function connected({ count, isCurrent, isKept, isKnown, notes, unsaved }) {
  if (count) return isKept ? ["saving", "saving", {}] : ["unkept", "unkept", {}];
  if (!isCurrent) return ["connecting", "catching_up", {}];
  if (unsaved) return ["refused", "unsaved", { count: unsaved }];
  if (!isKept) return ["unkept", isKnown ? "unkept_saved" : "unkept", {}];
  return notes ? ["refused", "to_look_at", { count: notes }] : ["live", "saved", {}];
}

function disconnected({ count, isAsleep, mayNotEdit, seconds }) {
  if (isAsleep) return ["offline", count ? "asleep_waiting" : "asleep", { count }];
  if (mayNotEdit) return ["unkept", count ? "unkept_waiting" : "unkept_away", { count }];
  if (count) return ["offline", "offline_waiting", { count }];
  return seconds > 1 ? ["reconnecting", "reconnecting", { seconds }] : ["offline", "offline", {}];
}
