/**
 * A field whose text is drawn as rows. The text itself is behind a button, `[data-raw]` says whether it is shown; text that does
 * not fit into rows is shown as it is.
 */

import { make } from "../lib/make.js";
import { Misfit } from "../lib/rows.js";
import { titleOf, tools } from "./field_tools.js";
import { QuestionEditor } from "./question_editor.js";
import { rowEditors } from "./row_editors.js";
import { Rows } from "./rows.js";

const LOOKS = ["pairs", "fields", "destinations", "names", "ask"];

export class RowsField {
  #place;
  #field;
  #words;
  #flush;
  #shown;
  /** What reads and writes the text. */
  #kind;
  #toggle;
  #note;
  #wrong = make("p.field-error", { role: "alert", hidden: true });
  /** The text that the rows were made of, and whether they could be edited. */
  #text = null;
  #wasReadOnly = null;

  /** @param {HTMLElement} place a `[data-field]` */
  static fits = (place) => LOOKS.includes(place.dataset.look);

  /** @param {HTMLElement} place @param {import("../lib/texts.js").Texts} words @param {() => void} flush send what was typed */
  constructor(place, words, flush) {
    this.#place = place;
    this.#field = place.querySelector("textarea");
    this.#words = words;
    this.#flush = flush;
    const [label, title] = [place.querySelector("label"), titleOf(place)];
    const { example, language, suggestions, ports } = this.#field.dataset;
    const about = { words, title, changed: (atOnce) => this.#write(atOnce) };
    const isQuestion = place.dataset.look === "ask";
    this.#kind = isQuestion ? new QuestionEditor(about) : rowEditors({ words, example, list: suggestions, language, isPorts: ports !== undefined })[place.dataset.look];
    this.#shown = isQuestion ? this.#kind : new Rows(this.#kind, about);
    this.#note = make("p.field-help", { hidden: true }, words.say("not_rows"));
    this.#toggle = make("button.field-tool", { type: "button", "data-raw-toggle": true });
    tools(place).append(this.#toggle);
    label.after(this.#shown.element, this.#wrong, this.#note);
    this.#toggle.addEventListener("click", () => this.#turn(place.dataset.raw === "closed"));
    label.addEventListener("click", (event) => this.#isOpen || (event.preventDefault(), this.#shown.focus()));
    this.#field.addEventListener("focus", () => this.#isOpen || this.#open(true));
    this.#field.addEventListener("input", () => this.#isOpen && this.sync());
    this.#open(document.activeElement === this.#field);
    this.sync();
  }

  /** Show what the field holds now, unless the rows say the same. */
  sync() {
    const { value, readOnly } = this.#field;
    if (value === this.#text && readOnly === this.#wasReadOnly) return;
    const rows = this.#read(value);
    const isSame = rows && this.#text !== null && readOnly === this.#wasReadOnly && canonical(rows) === canonical(this.#read(this.#text));
    [this.#text, this.#wasReadOnly] = [value, readOnly];
    this.#note.hidden = Boolean(rows);
    this.#toggle.hidden = !rows;
    if (!rows) this.#open(true);
    else if (!isSame) {
      this.#wrong.hidden = true;
      this.#shown.show(rows, readOnly);
    }
  }

  get #isOpen() {
    return this.#place.dataset.raw === "open";
  }

  /** @returns {unknown|null} null: it does not fit into rows */
  #read(text) {
    try {
      return this.#kind.read(text);
    } catch {
      return null;
    }
  }

  #write(atOnce = false) {
    let text;
    try {
      text = this.#kind.write(this.#shown.rows);
      this.#wrong.hidden = true;
    } catch (error) {
      if (!(error instanceof Misfit)) throw error;
      this.#wrong.textContent = this.#words.say(error.message, error.values);
      this.#wrong.hidden = false;
      return;
    }
    if (text === this.#field.value) return;
    this.#text = this.#field.value = text;
    this.#field.dispatchEvent(new Event("input", { bubbles: true }));
    if (atOnce) this.#flush();
  }

  #turn(isOpen) {
    this.#open(isOpen);
    if (isOpen) this.#field.focus();
    else this.#shown.focus();
  }

  #open(isOpen) {
    this.#place.dataset.raw = isOpen ? "open" : "closed";
    this.#field.tabIndex = isOpen ? 0 : -1;
    if (isOpen) this.#field.removeAttribute("aria-hidden");
    else this.#field.setAttribute("aria-hidden", "true");
    this.#shown.element.hidden = isOpen;
    this.#toggle.textContent = this.#words.say(isOpen ? "as_rows" : this.#field.dataset.type === "names" ? "as_lines" : "as_json");
    this.#toggle.setAttribute("aria-expanded", String(isOpen));
  }
}

/** Rows as one text, with the keys of objects in order: the server keeps none. */
const canonical = (value) => JSON.stringify(value, (_key, one) => (one && typeof one === "object" && !Array.isArray(one) ? Object.fromEntries(Object.entries(one).sort(([a], [b]) => (a < b ? -1 : 1))) : one));
