/**
 * What an expression gives, under its field: from the values of the last run, or without one from the defaults of the flow's inputs.
 * Asked of the server a moment after typing; an answer to an older text is dropped.
 *
 * @typedef {Record<"root"|"session", object>} Parts of the editor that it uses
 */

import { csrfToken } from "../lib/csrf.js";
import { make } from "../lib/make.js";
import { languageOf } from "./field_language.js";

const DELAY_MS = 400;
const MOST = 400;

export class Preview {
  #parts;
  #words;
  #timer = 0;
  #asked = 0;
  #line = make("p.field-preview", { "data-preview-line": true });

  constructor(parts, panel, words) {
    this.#parts = parts;
    this.#words = words;
    for (const type of ["input", "focusin"]) panel.addEventListener(type, ({ target }) => languageOf(target) && target.dataset.type !== "json" && this.ask(target));
    panel.addEventListener("focusout", () => this.#forget());
  }

  /** Show what a field gives, soon. @param {HTMLInputElement|HTMLTextAreaElement} field */
  ask(field) {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#show(field), DELAY_MS);
  }

  #forget() {
    clearTimeout(this.#timer);
    this.#asked += 1;
    this.#line.remove();
  }

  async #show(field) {
    const language = languageOf(field);
    const { node } = field.closest("[data-inspector-form]")?.dataset ?? {};
    const { root, session } = this.#parts;
    const isWorth = field.value.trim() && (language === "condition" || field.value.includes("{"));
    if (!node || !isWorth || session.connection !== "live" || !root.dataset.previewUrl) return void this.#line.remove();
    const asked = (this.#asked += 1);
    const body = JSON.stringify({ node, text: field.value, language });
    const headers = { "Content-Type": "application/json", "X-CSRFToken": csrfToken() };
    const answer = await fetch(root.dataset.previewUrl, { method: "POST", headers, body }).then((one) => (one.ok ? one.json() : null)).catch(() => null);
    if (asked !== this.#asked || !field.isConnected || document.activeElement !== field) return;
    if (!answer || !this.#say(answer)) return void this.#line.remove();
    field.after(this.#line);
  }

  /** @returns {boolean} whether there is anything to say */
  #say({ source, value, error }) {
    const where = this.#words.say(source === "run" ? "from_run" : "from_defaults");
    this.#line.dataset.source = source;
    if (error && source !== "run") this.#line.replaceChildren(make("span", {}, this.#words.say("unknown_yet")));
    else if (error) this.#line.replaceChildren(make("span", {}, `${where}: `), make("span", { dir: "auto" }, error));
    else this.#line.replaceChildren(make("span", {}, `${where}: `), make("code", { dir: "auto" }, short(typeof value === "string" ? value : JSON.stringify(value))));
    return true;
  }
}

const short = (text) => ([...text].length > MOST ? `${[...text].slice(0, MOST).join("")}…` : text);
