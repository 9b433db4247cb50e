/**
 * What became of my work where it met that of others: refused after a wait, written over, gone with a node.
 *
 * A refusal is told as it comes. What others wrote after me the server reads off its log (`replaced`), asked only when it may
 * matter: after an absence, once everything of mine is answered; and when a broadcast touches what I have worked on. How it is
 * told is the affair of `News`.
 *
 * Event `change`.
 */

import { isTakingBack, nameOf } from "../sync/outbox.js";
import { LastSeen } from "../offline/device.js";
import { Notes } from "./note_store.js";
import { touched } from "../sync/patcher.js";
import { hindranceText } from "../ui/hindrance.js";
import { News } from "./toasts.js";
import { NoteList } from "./note_list.js";
import { isOwn, replacedNote } from "./overwritten.js";
import { hasText, leftOut, unsavedNote } from "./not_saved.js";

const PAUSE_MS = 600;
const PATIENCE_MS = 20_000;
const MOST_CLIENTS = 100;
const GONE = ["unknown_node", "unknown_edge"];

export class Away extends EventTarget {
  #editor;
  #notes;
  #list;
  #news;
  #lastSeen;
  #mine = { nodes: new Set(), edges: new Set(), flow: false };
  /** @type {number|null} from which version on to ask */
  #since = null;
  #isReturn = false;
  /** @type {Set<string>} my edits that waited when the connection came */
  #waited = new Set();
  /** @type {Map<number, number|undefined>} versions of my late edits, and at which version I made each */
  #late = new Map();
  /** @type {Set<string>} the clients that they are under */
  #clients = new Set();
  #timer = 0;
  #asked = 0;
  #isAsking = false;

  constructor(editor) {
    super();
    this.#editor = editor;
    const { session, root } = editor;
    this.#lastSeen = new LastSeen(root.dataset);
    this.#notes = new Notes(session.device, root.dataset);
    this.#list = new NoteList(editor, this.#notes, (operation) => this.#put(operation));
    this.#news = new News(editor, this.#notes, (operation) => this.#put(operation));
    this.#notes.addEventListener("change", () => this.dispatchEvent(new Event("change")));
    this.#notes.load();
    session.addEventListener("welcome", ({ detail }) => this.#back(detail));
    session.addEventListener("submitted", ({ detail }) => this.#made(detail));
    session.addEventListener("acked", ({ detail }) => this.#acked(detail));
    session.addEventListener("refused", ({ detail }) => this.#refused(detail));
    session.addEventListener("patched", ({ detail }) => this.#others(detail));
    session.addEventListener("status", () => this.#since !== null && this.#soon());
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

  /** The list is open, to be read. */
  shown() {
    this.#news.shown();
  }

  /** Whether an edit was made before this connection, by somebody who may not be looking any more. */
  isLate(entry) {
    const { client, seq } = entry;
    return !isTakingBack(entry) && (client !== this.#editor.session.client || this.#waited.has(nameOf(client, seq)));
  }

  /** A connection again: what happened since I last stood here? */
  #back({ version }) {
    const { session } = this.#editor;
    const held = Math.min(this.#lastSeen.version ?? Infinity, session.version ?? Infinity);
    this.#waited = new Set(session.outbox.waiting().map(({ client, seq }) => nameOf(client, seq)));
    if (this.#since === null) this.#late.clear();
    this.#clients.add(session.client);
    if (held < version || session.outbox.pending || session.outbox.drafts) this.#ask(Math.min(held, version), true);
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

  /** Others' changes matter to me only where I have been at work. */
  #others(frame) {
    const { session } = this.#editor;
    if (!frame?.changes?.some(({ actor }) => actor !== session.you?.id)) return;
    const { nodes, edges, flow } = this.#mine;
    const isMine = frame.move?.some(([id]) => nodes.has(id)) || (flow && frame.html?.includes("<helix-flow"))
      || Array.from(frame.html?.matchAll(/data-(node|edge)-id="([^"]+)"/g) ?? []).some(([, what, id]) => (what === "node" ? nodes : edges).has(id));
    if (isMine) this.#ask(frame.previous, false);
  }

  #ask(since, isReturn) {
    this.#keepAsking(since, isReturn);
    this.#soon();
  }

  /** The question stays open, also when the network goes again before it is answered. */
  #keepAsking(since, isReturn) {
    this.#since = Math.min(this.#since ?? Infinity, since);
    this.#isReturn ||= isReturn;
  }

  #soon() {
    clearTimeout(this.#timer);
    const { connection, outbox, device } = this.#editor.session;
    const isAnswered = (outbox.isReady || !device.isKeeping) && !outbox.pending && !outbox.drafts;
    if (this.#since === null || connection !== "live" || (this.#isReturn && !isAnswered)) return;
    this.#timer = setTimeout(() => this.#fetch(), PAUSE_MS);
  }

  async #fetch() {
    const [since, isReturn] = [this.#since, this.#isReturn];
    [this.#since, this.#isReturn, this.#isAsking] = [null, false, true];
    const answers = await Promise.all([`since=${since}`, ...(isReturn ? this.#ownQuestion() : [])].map((query) => this.#answer(query)));
    if (answers.some(({ isLater }) => isLater)) {
      this.#isAsking = false;
      this.#keepAsking(since, isReturn);
      setTimeout(() => this.#soon(), PAUSE_MS * 2 ** Math.min((this.#asked += 1), 6));
      return;
    }
    this.#asked = 0;
    await this.#tell(answers.flatMap(({ items = [] }) => items), isReturn);
    this.#isAsking = false;
    this.#remember();
  }

  #answer(query) {
    const address = `/api/v1/flows/${this.#editor.root.dataset.flow}/replaced?${query}`;
    return fetch(address, { signal: AbortSignal.timeout(PATIENCE_MS) })
      .then((given) => (given.ok ? given.json() : { isLater: given.status >= 429 }))
      .catch(() => ({ isLater: true }));
  }

  /** What I wrote late over my own, made on another device or in another tab. */
  #ownQuestion() {
    const known = [...this.#late.values()].filter(Number.isInteger);
    return known.length ? [`since=${Math.min(...known)}&clients=${[...this.#clients].slice(0, MOST_CLIENTS).join(",")}`] : [];
  }

  async #tell(items, isReturn) {
    const isNews = (item) => (isOwn(item, this.#editor) ? item.before > (this.#late.get(item.version) ?? Infinity) : item.stands === "theirs" || (isReturn && this.#late.has(item.version)));
    const told = items.filter(isNews).map((item) => ({ note: replacedNote(item, this.#editor), person: item.actor }));
    if (!isReturn) await this.#news.tell(told);
    else await this.#news.tellLater(told.map(({ note }) => note).filter(({ name }) => !this.#notes.has(name)));
  }

  #acked({ entry, frame }) {
    if (this.isLate(entry)) {
      this.#late.set(frame.version, entry.words?.since);
      this.#clients.add(entry.client);
    }
    const out = !isTakingBack(entry) && frame.left?.length && leftOut(entry, frame.left, this.#editor);
    if (out) this.#unsaved(out, { reason: this.#editor.texts.say("is_gone") });
  }

  /** What I do now snaps back before my eyes, but what I wrote is nowhere else. */
  #refused({ entry, frame: { code, message } }) {
    if (isTakingBack(entry)) return;
    if (this.isLate(entry) || (GONE.includes(code) && hasText(entry.operation))) {
      this.#unsaved(entry, { reason: message ?? this.#editor.texts.say(code), mayTry: code !== "too_large" });
    }
  }

  /** It is kept for reading, if I may not have been looking, or wrote something. */
  #unsaved(entry, why) {
    const { notices, texts } = this.#editor;
    if (this.isLate(entry) || hasText(entry.operation)) this.#news.tellLater([unsavedNote(entry, why, this.#editor)]);
    else notices.toast(texts.say("refused", why));
  }

  /** @returns {boolean} whether it is on its way; if not, why not is said */
  #put(operation) {
    const { notices, texts } = this.#editor;
    const reason = hindranceText(this.#editor);
    if (reason) notices.toast(texts.say("refused", { reason }));
    return !reason && this.#editor.submit(operation.kind === "batch" ? operation.operations : [operation]).length > 0;
  }

  /** I have been told of all until here, unless something is still asked for, or would go with this page. */
  #remember() {
    const { version } = this.#editor.session;
    if (version !== null && this.#since === null && !this.#isAsking && this.#notes.areKept) this.#lastSeen.version = version;
  }
}
