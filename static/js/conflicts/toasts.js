/**
 * Shows conflicts so that none is missed: what overwrote or deleted my work while I am here is a toast, and stays in the list
 * under the pill until I have acted on it. In a hidden tab it is in the list only.
 */

import { filled } from "../lib/texts.js";

const MAX_TOASTS = 2;

export class ConflictToasts {
  #parts;
  #notes;
  #act;
  /** @type {Map<string, () => void>} how to close each open toast, by its note's name; the general one under "" */
  #toasts = new Map();
  #shown = new Set();
  #isListed = false;

  /** @param {import("./note_store.js").NoteStore} notes @param {(operation: object) => boolean} act whether it is on its way */
  constructor({ notices, texts, show }, notes, act) {
    this.#parts = { notices, texts, show };
    this.#notes = notes;
    this.#act = act;
    notes.addEventListener("change", () => this.#settle());
  }

  /** Show what others did while I may be looking. @param {{note: import("./note_store.js").Note, person: object|null}[]} news */
  async show(news) {
    const fresh = news.filter(({ note }) => !this.#shown.has(note.name));
    for (const { note } of fresh) this.#shown.add(note.name);
    this.#announce(fresh);
    await this.#notes.add(fresh.filter(({ note }) => !this.#notes.has(note.name)).map(({ note }) => note));
    const isSeen = document.visibilityState === "visible" && !this.#isListed && fresh.length <= MAX_TOASTS;
    if (isSeen) fresh.forEach(({ note, person }) => this.#notes.has(note.name) && this.#toast(note, person));
  }

  /** Say that the list has something: what happened in my absence, or while I was here. @param {import("./note_store.js").Note[]} notes */
  async summarize(notes, { wasAway }) {
    if (!notes.length) return;
    const { notices, texts, show } = this.#parts;
    const text = texts.say(wasAway ? "away_toast" : "met_toast");
    if (this.#notes.size === 0 && !this.#isListed) this.#toasts.set("", notices.toast(text, { action: { text: texts.say("show"), run: show } }));
    notices.announce(text);
    await this.#notes.add(notes);
  }

  /** While the list is open, notes are read there. @param {boolean} isOpen */
  listed(isOpen) {
    this.#isListed = isOpen;
    if (!isOpen) return;
    for (const done of this.#toasts.values()) done();
    this.#toasts.clear();
  }

  #announce(news) {
    const { notices, texts } = this.#parts;
    if (news.length > MAX_TOASTS) notices.announce(texts.say("met_toast"));
    else news.forEach(({ note: { title, what } }) => notices.announce(filled(title, { what })));
  }

  #toast({ name, title, what, detail, action, put }, person) {
    const dismiss = () => this.#notes.dismiss(name);
    const text = filled(title, { what });
    const offered = put && { text: action, run: () => this.#act(put) && dismiss() };
    this.#toasts.set(name, this.#parts.notices.toast(text, { detail, person, action: offered, dismissed: dismiss }));
  }

  /** Close the toasts of notes that were dismissed in the list, or in another tab. */
  #settle() {
    for (const [name, done] of this.#toasts) {
      if (name && !this.#notes.has(name)) (done(), this.#toasts.delete(name));
    }
  }
}
