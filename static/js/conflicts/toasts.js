/**
 * News of my work, told so that none of it passes unseen: what replaced or removed it while I am here is a toast, and in the
 * panel under the pill as well until I have acted on it. In a tab that nobody looks at it is in the panel alone.
 */

import { filled } from "../lib/texts.js";

const MOST_TOASTS = 2;

export class News {
  #editor;
  #notes;
  #act;
  /** @type {Map<string, () => void>} toasts that stand, by the note that they tell of; the general one under "" */
  #toasts = new Map();
  #told = new Set();

  /** @param {import("./note_store.js").Notes} notes @param {(operation: object) => boolean} act whether it is on its way */
  constructor(editor, notes, act) {
    this.#editor = editor;
    this.#notes = notes;
    this.#act = act;
    notes.addEventListener("change", () => this.#settle());
  }

  /** What others did while I may be looking. @param {{note: import("./note_store.js").Note, person: object|null}[]} news */
  async tell(news) {
    const fresh = news.filter(({ note }) => !this.#told.has(note.name));
    for (const { note } of fresh) this.#told.add(note.name);
    this.#announce(fresh);
    await this.#notes.add(fresh.filter(({ note }) => !this.#notes.has(note.name)).map(({ note }) => note));
    const isSeen = document.visibilityState === "visible" && !this.#isOpen && fresh.length <= MOST_TOASTS;
    if (isSeen) fresh.forEach(({ note, person }) => this.#notes.has(note.name) && this.#toast(note, person));
  }

  /** What I come back to. @param {import("./note_store.js").Note[]} notes */
  async tellLater(notes) {
    if (!notes.length) return;
    const { notices, texts, waiting } = this.#editor;
    const text = texts.say("away_toast");
    if (this.#notes.size === 0 && !this.#isOpen) this.#toasts.set("", notices.toast(text, { action: { text: texts.say("show"), run: () => waiting.open() } }));
    notices.announce(text);
    await this.#notes.add(notes);
  }

  /** The panel is open: whatever a toast says is read there. */
  shown() {
    for (const done of this.#toasts.values()) done();
    this.#toasts.clear();
  }

  #announce(news) {
    const { notices, texts } = this.#editor;
    if (news.length > MOST_TOASTS) notices.announce(texts.say("met_toast"));
    else news.forEach(({ note: { title, what } }) => notices.announce(filled(title, { what })));
  }

  get #isOpen() {
    return this.#editor.waiting.isOpen;
  }

  #toast({ name, title, what, detail, action, put }, person) {
    const dismiss = () => this.#notes.dismiss(name);
    const text = filled(title, { what });
    const offered = put && { text: action, run: () => this.#act(put) && dismiss() };
    this.#toasts.set(name, this.#editor.notices.toast(text, { detail, person, action: offered, dismissed: dismiss }));
  }

  /** What is dismissed in the panel, or in another tab, is told by no toast any more. */
  #settle() {
    for (const [name, done] of this.#toasts) {
      if (name && !this.#notes.has(name)) (done(), this.#toasts.delete(name));
    }
  }
}
