/**
 * Text that cannot be saved as it is, at the field where it was typed: it stands there with the reason until it is mended or
 * discarded, whatever is selected meanwhile, and outlives the page.
 */

import { make } from "../lib/make.js";
import { Unfinished } from "./unsaved_text.js";

export class Mending {
  #editor;
  #panel;
  #isBusy;
  #discarded;
  #again;
  #unfinished;

  /**
   * @param {HTMLElement} panel the inspector's
   * @param {{isBusy: (field: HTMLElement) => boolean, discarded: (name: string) => void, again: (name: string) => void}} inspector
   *   which fields are in somebody's hand; what follows when a text is given up, or is to be sent after all
   */
  constructor(editor, panel, { isBusy, discarded, again }) {
    this.#editor = editor;
    this.#panel = panel;
    this.#isBusy = isBusy;
    this.#discarded = discarded;
    this.#again = again;
    const changed = () => (editor.sync.show(), editor.title?.show());
    this.#unfinished = new Unfinished(editor.session.device, { changed, found: () => this.putBack() });
  }

  /** How many texts there are, of whatever form. */
  get count() {
    return this.#unfinished.size;
  }

  /** Whether there is such a text. */
  holds(place, name) {
    return this.#unfinished.of(place).some((text) => text.name === name);
  }

  /**
   * Keep a text; with a reason, say it where it stands.
   * @param {string|null} text null: there is only a reason @param {{isSound?: boolean}} [about] `isSound`: it can be sent as it is, some day
   */
  keep(place, name, text, reason, { isSound = false } = {}) {
    if (text !== null) this.#unfinished.put({ place, name, text, reason, isSound });
    if (reason && place === placeOf(this.#panel)) this.#explain(name, reason, isSound);
  }

  /** It is a value now; the reason goes when it is sent. */
  mended(place, name, { isSent = true } = {}) {
    this.#unfinished.drop(place, name);
    if (isSent && place === placeOf(this.#panel)) this.#explain(name, null);
  }

  /** What was kept for this form stands where it was typed. */
  putBack() {
    for (const { name, text, reason, isSound } of this.#unfinished.of(placeOf(this.#panel))) {
      const field = this.#panel.querySelector(`[name="${CSS.escape(name)}"]`);
      if (!field || this.#isBusy(field)) continue;
      field.value = text;
      this.#explain(name, reason ?? this.#editor.texts.say("not_a_value"), isSound);
    }
  }

  #discard(name) {
    this.mended(placeOf(this.#panel), name);
    this.#discarded(name);
    this.#panel.querySelector(`[name="${CSS.escape(name)}"]`)?.focus();
  }

  /** @param {string|null} text @param {boolean} [isSound] it is offered to be sent, as soon as that is possible */
  #explain(name, text, isSound) {
    const field = this.#panel.querySelector(`[data-field="${CSS.escape(name)}"]`);
    const error = field?.querySelector("[data-field-error]");
    if (!error || (!text && error.hidden)) return;
    error.hidden = !text;
    error.textContent = text ?? "";
    const input = field.querySelector("[data-type]");
    if (!text) return void input?.removeAttribute("aria-invalid");
    input?.setAttribute("aria-invalid", "true");
    if (isSound && this.#editor.session.mayEdit) error.append(" ", this.#button("try_again", () => this.#again(name)));
    error.append(" ", this.#button("discard", () => this.#discard(name), { "data-discard": name }));
  }

  #button(text, run, attributes = {}) {
    const button = make("button.link-button", { type: "button", ...attributes }, this.#editor.texts.say(text));
    button.addEventListener("click", run);
    return button;
  }
}

/** Whose form a panel shows. @param {HTMLElement} panel */
export function placeOf(panel) {
  const { node, nodes, edge } = panel.querySelector("[data-inspector-form]")?.dataset ?? {};
  return edge ? `edge ${edge}` : `form ${node ?? nodes ?? ""}`;
}
