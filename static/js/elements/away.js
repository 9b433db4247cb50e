/**
 * What became of my work where it met that of others: refused after a wait, written over, gone with a node.
 *
 * A refusal is told as it comes. What others wrote after me the server reads off its log (`replaced`), asked only when it may
 * matter: after an absence, once everything of mine is answered; and when a broadcast touches what I have worked on. One or two
 * such things while I am here are a toast; whatever met me on my return is a note in the panel under the pill, until dismissed.
 *
 * Event `change`.
 */

import { isTakingBack, nameOf } from "../live/entry.js";
import { LastSeen } from "../live/last_seen.js";
import { Notes } from "../live/notes.js";
import { touched } from "../live/patcher.js";
import { NoteList } from "./note_list.js";
import { replacedNote } from "./replaced.js";
import { hasText, leftOut, unsavedNote } from "./unsaved.js";

const PAUSE_MS = 600;
const MOST_TOASTS = 2;
const GONE = ["unknown_node", "unknown_edge"];

export class Away extends EventTarget {
  #editor;
  #notes;
  #list;
  #lastSeen;
  #mine = { nodes: new Set(), edges: new Set(), flow: false };
  /** @type {number|null} from which version on to ask */
  #since = null;
  #isReturn = false;
  /** @type {Set<string>} my edits that waited when the connection came */
  #waited = new Set();
  /** @type {Set<number>} versions of my late edits */
  #late = new Set();
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
    const answer = await fetch(`/api/v1/flows/${this.#editor.root.dataset.flow}/replaced?since=${since}`)
      .then((given) => (given.ok ? given.json() : { isLater: given.status >= 429 }))
      .catch(() => ({ isLater: true }));
    if (answer.isLater) {
      this.#isAsking = false;
      this.#keepAsking(since, isReturn);
      setTimeout(() => this.#soon(), PAUSE_MS * 2 ** Math.min((this.#asked += 1), 6));
      return;
    }
    this.#asked = 0;
    await this.#tell(answer.items ?? [], isReturn);
    this.#isAsking = false;
    this.#remember();
  }

  async #tell(items, isReturn) {
    const isNews = (item) => item.stands === "theirs" || (isReturn && this.#late.has(item.version));
    const told = items.filter(isNews).map((item) => ({ note: replacedNote(item, this.#editor), person: item.actor }));
    const news = told.filter(({ note }) => !this.#notes.has(note.name));
    if (!isReturn && news.length <= MOST_TOASTS) news.forEach(({ note, person }) => this.#toast(note, person));
    else await this.#add(news.map(({ note }) => note), isReturn);
  }

  #acked({ entry, frame }) {
    if (this.isLate(entry)) this.#late.add(frame.version);
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
    if (this.isLate(entry) || hasText(entry.operation)) this.#add([unsavedNote(entry, why, this.#editor)], true);
    else notices.toast(texts.say("refused", why));
  }

  async #add(notes, isReturn) {
    if (!notes.length) return;
    const { notices, texts, waiting } = this.#editor;
    const text = texts.say("away_toast");
    if (this.isEmpty && isReturn) notices.toast(text, { action: { text: texts.say("show"), run: () => waiting.open() } });
    notices.announce(text);
    await this.#notes.add(notes);
  }

  #toast({ title, what, detail, action, put }, person) {
    const { notices } = this.#editor;
    const text = title.replace("{what}", what);
    notices.toast(text, { detail, person, action: put && { text: action, run: () => this.#put(put) } });
    notices.announce(text);
  }

  /** @returns {boolean} whether it is on its way */
  #put(operation) {
    return this.#editor.submit(operation.kind === "batch" ? operation.operations : [operation]).length > 0;
  }

  /** I have been told of all until here, unless something is still asked for, or would go with this page. */
  #remember() {
    const { version } = this.#editor.session;
    if (version !== null && this.#since === null && !this.#isAsking && this.#notes.areKept) this.#lastSeen.version = version;
  }
}
