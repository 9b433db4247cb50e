/**
 * The notes as a list, in the panel under the status pill: each can be read, acted on or dismissed.
 *
 * The list is `[data-away]` with `[data-away-item]`s.
 */

import { icon, make } from "../lib/make.js";
import { words } from "../sync/outbox_panel.js";

export class NoteList {
  #texts;
  #notes;
  #act;
  #reveal;
  #rows = make("ul.conflict-list");

  /** @param {import("./note_store.js").NoteStore} notes @param {(operation: object) => boolean} act whether it is on its way @param {(id: string) => void} reveal a node */
  constructor({ texts }, notes, act, reveal) {
    this.#texts = texts;
    this.#notes = notes;
    this.#act = act;
    this.#reveal = reveal;
    const clear = make("button.link-button", { type: "button" }, texts.say("dismiss_all"));
    clear.addEventListener("click", () => notes.dismiss());
    this.element = make("section.conflicts", { "data-away": true, hidden: true, "aria-label": texts.say("away_title") },
      make("header", {}, make("h2", {}, texts.say("away_title")), clear), this.#rows);
    notes.addEventListener("change", () => this.#show());
  }

  /** Leave rows that stay as they are; move the focus on from one that goes. */
  #show() {
    const held = [...this.#rows.children].findIndex((row) => row.contains(document.activeElement));
    const rows = new Map(Array.from(this.#rows.children, (row) => [row.dataset.awayItem, row]));
    const now = inOrder(this.#notes).map((note) => rows.get(note.name) ?? this.#row(note));
    for (const [name, row] of rows) if (!this.#notes.has(name)) row.remove();
    now.forEach((row, index) => this.#rows.children[index] !== row && this.#rows.insertBefore(row, this.#rows.children[index] ?? null));
    this.element.hidden = now.length === 0;
    if (held >= 0 && !this.element.contains(document.activeElement)) this.#focus(now[Math.min(held, now.length - 1)]);
  }

  #focus(row) {
    (row?.querySelector("button") ?? this.element.closest("[data-waiting-panel]"))?.focus();
  }

  #row({ name, icon: picture, title, what, detail, text, moved, action, put }) {
    const row = make("li", { "data-away-item": name }, make("span.row-icon", {}, icon(picture)), words(title, what, detail));
    const about = title.replace("{what}", what);
    if (text) row.querySelector(".row-text").append(make("details.row-words", {}, make("summary", {}, this.#texts.say("show_text")), make("p", { dir: "auto" }, text)));
    if (moved) row.querySelector(".row-text").append(this.#shower(moved, about));
    if (put) {
      const button = make("button.link-button", { type: "button", "aria-label": `${action}: ${about}` }, action);
      button.addEventListener("click", () => this.#act(put) && this.#notes.dismiss(name));
      row.querySelector(".row-text").append(button);
    }
    const close = make("button.icon-button.small", { type: "button", "aria-label": `${this.#texts.say("dismiss")}: ${about}` }, icon("x"));
    close.addEventListener("click", () => this.#notes.dismiss(name));
    row.append(close);
    return row;
  }

  #shower(id, about) {
    const show = this.#texts.say("show");
    const button = make("button.link-button", { type: "button", "aria-label": `${show}: ${about}` }, show);
    button.addEventListener("click", () => this.#reveal(id));
    return button;
  }
}

/** Notes in an order in which each can be acted on: what brings an element back comes before what changes it. @param {Iterable<{put?: object}>} notes @returns {object[]} */
export function inOrder(notes) {
  const all = [...notes];
  const bringers = new Map(all.flatMap((note) => added(note).map((id) => [id, note])));
  const ordered = new Set();
  for (const note of all) {
    for (const id of needed(note)) if (bringers.has(id)) ordered.add(bringers.get(id));
    ordered.add(note);
  }
  return [...ordered];
}

const singles = ({ put }) => put?.operations ?? (put ? [put] : []);

/** Elements that a note brings back. */
const added = (note) => (note.isReturn ? singles(note).flatMap(({ node, edge }) => node?.id ?? edge?.id ?? []) : []);

function needed(note) {
  const ids = singles(note).flatMap(({ id, node, edge, set }) => [id, edge?.source, edge?.target, (node ?? set)?.parent]);
  return note.isReturn ? [] : ids.filter(Boolean);
}
