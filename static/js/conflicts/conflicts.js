/**
 * Changes that overlapped: edits of mine that were refused after a wait, overwritten by others, or deleted along with a node.
 *
 * A refusal is shown at once. What others wrote after me the server reads from its log (`replaced`); it is asked only when it may
 * matter: after an absence, once all my edits are answered, and when a broadcast touches what I worked on.
 *
 * Events: `change`, and `show` when the list of notes should be opened.
 */

import { LastSeen } from "../offline/device.js";
import { isComputed, nameOf } from "../sync/outbox.js";
import { NoteStore } from "./note_store.js";
import { touched } from "../sync/patcher.js";
import { ConflictToasts } from "./toasts.js";
import { NoteList } from "./note_list.js";
import { hasText, isOwn, leftOut, overwrittenNote, unsavedNote } from "./notes.js";

const DEBOUNCE_MS = 600;
const FETCH_TIMEOUT_MS = 20_000;
const MAX_CLIENTS = 100;
const GONE = ["unknown_node", "unknown_edge"];

export class Conflicts extends EventTarget {
  #parts;
  #notes;
  #list;
  #toasts;
  #lastSeen;
  #mine = { nodes: new Set(), edges: new Set(), flow: false };
  /** @type {number|null} from which version on to ask */
  #since = null;
  #isReturn = false;
  /** Whether I was away before this connection: the page was closed, or not connected. */
  #wasAway = false;
  #wasHere = false;
  /** @type {Set<string>} my edits that waited when the connection came */
  #waited = new Set();
  /** @type {Map<number, number|undefined>} versions of my late edits, and at which version I made each */
  #late = new Map();
  /** @type {Set<string>} the clients that they are under */
  #clients = new Set();
  #timer = 0;
  #asked = 0;
  #isAsking = false;
  #retry = () => this.#soon();

  constructor({ catalogue, editing, focus, graph, notices, root, session, texts }) {
    super();
    this.#parts = { catalogue, editing, graph, notices, root, session, texts };
    this.#lastSeen = new LastSeen(root.dataset);
    this.#notes = new NoteStore(session.device, root.dataset);
    this.#list = new NoteList({ texts }, this.#notes, (operation) => this.#put(operation), (id) => focus.node(id, true));
    this.#toasts = new ConflictToasts({ notices, texts, show: () => this.dispatchEvent(new Event("show")) }, this.#notes, (operation) => this.#put(operation));
    this.#notes.addEventListener("change", () => this.dispatchEvent(new Event("change")));
    this.#notes.load();
    session.addEventListener("welcome", ({ detail }) => this.#back(detail));
    session.addEventListener("submitted", ({ detail }) => this.#made(detail));
    session.addEventListener("acked", ({ detail }) => this.#acked(detail));
    session.addEventListener("refused", ({ detail }) => this.#refused(detail));
    session.addEventListener("patched", ({ detail }) => this.#others(detail));
    addEventListener("pagehide", () => this.#remember());
  }

  /** @returns {HTMLElement} */
  get list() {
    return this.#list.element;
  }

  get isEmpty() {
    return this.#notes.size === 0;
  }

  get count() {
    return this.#notes.size;
  }

  /** Say whether the list is open, where notes are read. @param {boolean} isOpen */
  listed(isOpen) {
    this.#toasts.listed(isOpen);
  }

  /** Whether an edit was made before this connection, so that its author may no longer be looking. */
  isLate(entry) {
    const { client, seq } = entry;
    return !isComputed(entry) && (client !== this.#parts.session.client || this.#waited.has(nameOf(client, seq)));
  }

  /** Connected again: ask what happened since this page was last connected. */
  #back({ version, before }) {
    const held = Math.min(this.#lastSeen.version ?? Infinity, before.version ?? Infinity);
    this.#waited = new Set(before.waiting.map(({ client, seq }) => nameOf(client, seq)));
    this.#wasAway = this.#wasHere || (this.#lastSeen.version ?? Infinity) < before.version;
    this.#wasHere = true;
    if (this.#since === null) this.#late.clear();
    this.#clients.add(this.#parts.session.client);
    if (held < version || before.isUnsent) this.#ask(Math.min(held, version), true);
    else this.#remember();
  }

  #made(operation) {
    const { nodes, edges } = touched(operation);
    for (const id of nodes) this.#mine.nodes.add(id);
    for (const id of edges) this.#mine.edges.add(id);
    for (const { kind, edge } of operation.operations ?? [operation]) {
      if (kind === "edit_flow") this.#mine.flow = true;
      if (edge) [edge.source, edge.target].forEach((id) => this.#mine.nodes.add(id));
    }
  }

  /** Others' changes matter only where I have worked. */
  #others(frame) {
    const { session } = this.#parts;
    if (!frame?.changes?.some(({ who }) => who !== session.you?.who)) return;
    const { nodes, edges, flow } = this.#mine;
    const isMine = frame.move?.some(([id]) => nodes.has(id)) || (flow && frame.html?.includes("<helix-flow"))
      || Array.from(frame.html?.matchAll(/data-(node|edge)-id="([^"]+)"/g) ?? []).some(([, what, id]) => (what === "node" ? nodes : edges).has(id));
    if (isMine) this.#ask(frame.previous, false);
  }

  #ask(since, isReturn) {
    this.#keepAsking(since, isReturn);
    this.#soon();
  }

  /** Ask again later, also when the connection is lost before there is an answer. */
  #keepAsking(since, isReturn) {
    this.#since = Math.min(this.#since ?? Infinity, since);
    this.#isReturn ||= isReturn;
    this.#parts.session.addEventListener("status", this.#retry);
  }

  #soon() {
    clearTimeout(this.#timer);
    const { connection, outbox, device } = this.#parts.session;
    const isAnswered = (outbox.isReady || !device.isKeeping) && !outbox.pending && !outbox.drafts;
    if (this.#since === null || connection !== "live" || (this.#isReturn && !isAnswered)) return;
    this.#timer = setTimeout(() => this.#fetch(), DEBOUNCE_MS);
  }

  async #fetch() {
    const [since, isReturn] = [this.#since, this.#isReturn];
    [this.#since, this.#isReturn, this.#isAsking] = [null, false, true];
    this.#parts.session.removeEventListener("status", this.#retry);
    const answers = await Promise.all([`since=${since}`, ...(isReturn ? this.#ownQuestion() : [])].map((query) => this.#answer(query)));
    if (answers.some(({ isLater }) => isLater)) {
      this.#isAsking = false;
      this.#keepAsking(since, isReturn);
      setTimeout(() => this.#soon(), DEBOUNCE_MS * 2 ** Math.min((this.#asked += 1), 6));
      return;
    }
    this.#asked = 0;
    await this.#showOverwrites(answers.flatMap(({ items = [] }) => items), isReturn);
    this.#isAsking = false;
    this.#remember();
  }

  #answer(query) {
    const address = `/api/v1/flows/${this.#parts.root.dataset.flow}/replaced?${query}`;
    return fetch(address, { signal: AbortSignal.timeout(FETCH_TIMEOUT_MS) })
      .then((given) => (given.ok ? given.json() : { isLater: given.status >= 429 }))
      .catch(() => ({ isLater: true }));
  }

  /** Ask for my own work from other devices and tabs that my late edits overwrote. */
  #ownQuestion() {
    const known = [...this.#late.values()].filter(Number.isInteger);
    return known.length ? [`since=${Math.min(...known)}&clients=${[...this.#clients].slice(0, MAX_CLIENTS).join(",")}`] : [];
  }

  async #showOverwrites(items, isReturn) {
    const isNews = (item) => (isOwn(item, this.#parts) ? item.before > (this.#late.get(item.version) ?? Infinity) : item.stands === "theirs" || (isReturn && this.#late.has(item.version)));
    const found = items.filter(isNews).map((item) => ({ note: overwrittenNote(item, this.#parts), person: item.actor }));
    if (!isReturn) await this.#toasts.show(found);
    else await this.#toasts.summarize(found.map(({ note }) => note).filter(({ name }) => !this.#notes.has(name)), { wasAway: this.#wasAway });
  }

  #acked({ entry, frame }) {
    if (this.isLate(entry)) {
      this.#late.set(frame.version, entry.words?.since);
      this.#clients.add(entry.client);
    }
    const out = !isComputed(entry) && frame.left?.length && leftOut(entry, frame.left, this.#parts);
    if (out) this.#unsaved(out, { reason: this.#parts.texts.say("is_gone") });
  }

  /** That an edit made just now is undone can be seen; text and late edits go into the list. */
  #refused({ entry, frame: { code, message } }) {
    if (isComputed(entry)) return;
    if (this.isLate(entry) || (GONE.includes(code) && hasText(entry.operation))) {
      this.#unsaved(entry, { reason: message ?? this.#parts.texts.say(code), mayTry: code !== "too_large" });
    }
  }

  /** Keep it in the list if its author may not be looking, or wrote text. */
  #unsaved(entry, why) {
    const { notices, texts } = this.#parts;
    if (this.isLate(entry) || hasText(entry.operation)) this.#toasts.summarize([unsavedNote(entry, why, this.#parts)], { wasAway: this.isLate(entry) && this.#wasAway });
    else notices.toast(texts.say("refused", why));
  }

  /** Submit what a note offers; say why if that cannot be done. @returns {boolean} whether it is on its way */
  #put(operation) {
    const { editing, notices, texts } = this.#parts;
    const { reason } = editing;
    if (reason) notices.toast(texts.say("refused", { reason }));
    return !reason && editing.submit(operation.kind === "batch" ? operation.operations : [operation]).length > 0;
  }

  /** Everything up to here was shown, unless a question is open, or notes would be lost with this page. */
  #remember() {
    const { version } = this.#parts.session;
    if (version !== null && this.#since === null && !this.#isAsking && this.#notes.areKept) this.#lastSeen.version = version;
  }
}
