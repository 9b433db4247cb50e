/**
 * What became of my work where it met that of others: refused after a wait, written over, gone with a node.
 *
 * A refusal is told as it comes. What others wrote after me the server reads off its log (`replaced`), asked only when it may
 * matter: after an absence, once everything of mine is answered; and when a broadcast touches what I have worked on. One or two
 * such things while I am here are a toast; whatever met me on my return is a list in the panel under the pill, until dismissed:
 * it outlives a reload, and as long as something is in it, the next return asks from the same version on.
 *
 * Event `change`. The list is `[data-away]` with `[data-away-item]`s.
 */

import { touched } from "../live/patcher.js";
import { describe, property, shown } from "./describe.js";
import { icon, make, words } from "./make.js";

const PAUSE_MS = 600;
const MOST_TOASTS = 2;
const STORE = "helix.seen";
const MOST_FLOWS = 200;

export class Away extends EventTarget {
  #editor;
  /** @type {Map<string, {icon: string, title: string, what: string, detail: string, action?: string, put?: object}>} */
  #items;
  #rows = make("ul.away-list");
  #mine = { nodes: new Set(), edges: new Set(), flow: false };
  /** @type {number|null} from which version on to ask */
  #since = null;
  #isReturn = false;
  #returned = Infinity;
  /** @type {Set<number>} versions of my late edits */
  #late = new Set();
  #timer = 0;
  #place;
  #asked = 0;

  constructor(editor) {
    super();
    this.#editor = editor;
    const { session, texts, root } = editor;
    this.#place = `${root.dataset.user} ${root.dataset.flow}`;
    const clear = make("button.link-button", { type: "button" }, texts.say("dismiss_all"));
    clear.addEventListener("click", () => (this.#items.clear(), this.#changed(), this.#remember()));
    this.list = make("section.away", { "data-away": true, hidden: true, "aria-label": texts.say("away_title") }, make("header", {}, make("h2", {}, texts.say("away_title")), clear), this.#rows);
    this.#items = new Map(recalled(this.#place));
    this.#changed();
    session.addEventListener("welcome", ({ detail }) => this.#back(detail));
    session.addEventListener("submitted", ({ detail }) => this.#made(detail));
    session.addEventListener("acked", ({ detail }) => this.isLate(detail.entry) && this.#late.add(detail.frame.version));
    session.addEventListener("refused", ({ detail }) => this.#refused(detail));
    session.addEventListener("patched", ({ detail }) => this.#others(detail));
    session.addEventListener("status", () => this.#since !== null && this.#soon());
    addEventListener("pagehide", () => this.#remember());
  }

  get isEmpty() {
    return this.#items.size === 0;
  }

  get count() {
    return this.#items.size;
  }

  /** Whether an edit was made before this connection, by somebody who may not be looking any more. */
  isLate({ at, client, operation: { kind } }) {
    return (at < this.#returned || client !== this.#editor.session.client) && kind !== "undo" && kind !== "redo";
  }

  /** A connection again: what happened since I last stood here? */
  #back({ version }) {
    const { session } = this.#editor;
    const held = Math.min(this.#seen() ?? Infinity, session.version ?? Infinity);
    this.#returned = Date.now();
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
    const { session } = this.#editor;
    if (session.connection !== "live" || (this.#isReturn && (session.outbox.pending || session.outbox.drafts))) return;
    this.#timer = setTimeout(() => this.#fetch(), PAUSE_MS);
  }

  async #fetch() {
    const [since, isReturn] = [this.#since, this.#isReturn];
    [this.#since, this.#isReturn] = [null, false];
    const answer = await fetch(`/api/v1/flows/${this.#editor.root.dataset.flow}/replaced?since=${since}`)
      .then((given) => (given.ok ? given.json() : { isLater: given.status >= 429 }))
      .catch(() => ({ isLater: true }));
    if (answer.isLater) {
      this.#keepAsking(since, isReturn);
      setTimeout(() => this.#soon(), PAUSE_MS * 2 ** Math.min((this.#asked += 1), 6));
      return;
    }
    this.#asked = 0;
    const isNews = (item) => (item.stands === "theirs" || (isReturn && this.#late.has(item.version))) && !this.#items.has(nameOf(item));
    const news = (answer.items ?? []).filter(isNews);
    if (!isReturn && news.length <= MOST_TOASTS) news.forEach((item) => this.#toast(item));
    else this.#add(news.map((item) => [nameOf(item), this.#told(item)]), isReturn);
    this.#remember();
  }

  /** What waited and was then refused is kept for reading; what I do now snaps back before my eyes. */
  #refused({ entry, frame }) {
    if (!this.isLate(entry)) return;
    const { texts } = this.#editor;
    const { icon: name, title, what } = entry.words ?? describe(entry.operation, this.#editor);
    const detail = texts.say("not_saved", { reason: frame.message ?? texts.say(frame.code) });
    this.#add([[`${entry.client} ${entry.seq}`, { icon: name, title, what, detail }]], true);
  }

  #add(entries, isReturn) {
    if (!entries.length) return;
    const wasEmpty = this.isEmpty;
    for (const [name, item] of entries) this.#items.set(name, item);
    this.#changed();
    const { notices, texts, waiting } = this.#editor;
    const text = texts.say("away_toast", { count: this.count });
    if (wasEmpty && isReturn) notices.toast(text, { action: { text: texts.say("show"), run: () => waiting.open() } });
    notices.announce(text);
  }

  #toast(item) {
    const { notices } = this.#editor;
    const { title, what, detail, action } = this.#said(item);
    const text = title.replace("{what}", what);
    notices.toast(text, { detail, person: item.actor, action: item.put && { text: action, run: () => this.#put(item) } });
    notices.announce(text);
  }

  #told(item) {
    const { action, ...said } = this.#said(item);
    return { icon: item.gone ? "trash-2" : "pencil", ...said, ...(item.put && { action, put: item.put }) };
  }

  #said({ node, stands, label, property: name, mine, theirs, actor, gone, edges = [] }) {
    const editor = this.#editor;
    const { texts, graph } = editor;
    const who = actor?.name ?? texts.say("somebody");
    const value = (one) => shown(one, texts, name);
    if (gone) return { title: texts.say("gone_after_you", { name: who }), what: label, detail: edges.length ? texts.say("went_along", { edges: edges.join(", ") }) : "", action: texts.say("bring_back") };
    const about = property(name, editor, graph.nodes.get(node)?.kind);
    const title = texts.say(stands === "theirs" ? "after_you" : "after_them", { name: who });
    const [from, to] = (stands === "theirs" ? [mine, theirs] : [theirs, mine]).map(value);
    const detail = texts.say("is_now", { property: about, from, to });
    return { title, what: label || texts.say("the_flow"), detail, action: stands === "theirs" ? texts.say("put_back") : texts.say("take_theirs", { name: who }) };
  }

  #row(key, { icon: name, title, what, detail, action, put }) {
    const row = make("li", { "data-away-item": true }, make("span.row-icon", {}, icon(name)), words(title, what, detail));
    const close = make("button.icon-button.small", { type: "button", "aria-label": this.#editor.texts.say("dismiss") }, icon("x"));
    close.addEventListener("click", () => this.#dismiss(key));
    if (put) {
      const button = make("button.link-button", { type: "button" }, action);
      button.addEventListener("click", () => this.#put({ put }) && this.#dismiss(key));
      row.querySelector(".row-text").append(button);
    }
    row.append(close);
    return row;
  }

  /** @returns {boolean} whether it is on its way */
  #put({ put }) {
    return this.#editor.submit(put.kind === "batch" ? put.operations : [put]).length > 0;
  }

  #dismiss(name) {
    this.#items.delete(name);
    this.#changed();
    this.#remember();
  }

  #changed() {
    this.#rows.replaceChildren(...Array.from(this.#items, ([key, item]) => this.#row(key, item)));
    this.list.hidden = this.isEmpty;
    recall(this.#place, [...this.#items]);
    this.dispatchEvent(new Event("change"));
  }

  // Where I last stood in each flow, on this device: a number, nothing of the flow.

  #seen() {
    return read()[this.#place] ?? null;
  }

  #remember() {
    const { version } = this.#editor.session;
    if (version === null || this.#since !== null || !this.isEmpty) return;
    const { [this.#place]: _, ...others } = read();
    const kept = [...Object.entries(others), [this.#place, version]].slice(-MOST_FLOWS);
    try {
      localStorage.setItem(STORE, JSON.stringify(Object.fromEntries(kept)));
    } catch {
      // Nothing can be kept here: then a return is asked about from the page's own version on.
    }
  }
}

const nameOf = ({ node, edge, property: name, version }) => [node, edge, name, version].join(" ");

/** What is not dismissed yet, for this tab: a reload takes nothing away. */
function recalled(place) {
  try {
    return JSON.parse(sessionStorage.getItem(`${STORE} ${place}`)) ?? [];
  } catch {
    return [];
  }
}

function recall(place, items) {
  try {
    if (items.length) sessionStorage.setItem(`${STORE} ${place}`, JSON.stringify(items));
    else sessionStorage.removeItem(`${STORE} ${place}`);
  } catch {
    // Nothing can be kept here.
  }
}

function read() {
  try {
    return JSON.parse(localStorage.getItem(STORE)) ?? {};
  } catch {
    return {};
  }
}
