/**
 * Text that cannot be saved, at the field where it was typed: it stays there with the reason until it is corrected or discarded,
 * whatever is selected meanwhile, and outlives the page.
 */

import { make } from "../lib/make.js";
import { whyNot } from "../lib/values.js";
import { goTo } from "./caret.js";
import { UnsavedText } from "./unsaved_text.js";

export class UnsavedFields {
  #parts;
  #panel;
  #isBusy;
  #discarded;
  #sendAgain;
  #texts;

  /**
   * @param {HTMLElement} panel the inspector's
   * @param {{changed: () => void, isBusy: (field: HTMLElement) => boolean, discarded: (name: string) => void, sendAgain: (name: string) => void}} inspector
   *   there are more or fewer texts; which fields are in use; a text was discarded, or is to be sent after all
   */
  constructor({ session, texts }, panel, { changed, isBusy, discarded, sendAgain }) {
    this.#parts = { session, texts };
    this.#panel = panel;
    this.#isBusy = isBusy;
    this.#discarded = discarded;
    this.#sendAgain = sendAgain;
    this.#texts = new UnsavedText(session.device, { changed, found: () => this.putBack() });
  }

  /** How many texts there are, in any form. */
  get count() {
    return this.#texts.size;
  }

  /** Whether there is such a text. */
  has(place, name) {
    return this.#texts.of(place).some((text) => text.name === name);
  }

  /**
   * Keep a text; with a reason, show it at the field.
   * @param {string|null} text null: there is only a reason @param {{isSound?: boolean}} [about] `isSound`: it can be sent unchanged once editing is allowed
   */
  keep(place, name, text, reason, { isSound = false } = {}) {
    if (text !== null) this.#texts.put({ place, name, text, reason, isSound });
    if (reason && place === placeOf(this.#panel)) this.#explain(name, reason, isSound);
  }

  /** The text is a value now; the reason goes when it is sent. */
  corrected(place, name, { isSent = true } = {}) {
    this.#texts.drop(place, name);
    if (isSent && place === placeOf(this.#panel)) this.#explain(name, null);
  }

  /** Put the texts kept for this form back into its fields. */
  putBack() {
    for (const { name, text, reason, isSound } of this.#texts.of(placeOf(this.#panel))) {
      const field = this.#panel.querySelector(`[name="${CSS.escape(name)}"]`);
      if (!field || this.#isBusy(field)) continue;
      field.value = text;
      this.#explain(name, reason ?? field.dataset.bounds ?? this.#parts.texts.say(whyNot(field.dataset.type, text) ?? "not_a_value"), isSound);
    }
  }

  #discard(name) {
    this.corrected(placeOf(this.#panel), name);
    this.#discarded(name);
    goTo(this.#panel.querySelector(`[name="${CSS.escape(name)}"]`));
  }

  /** @param {string|null} text @param {boolean} [isSound] it is offered to be sent, as soon as that is possible */
  #explain(name, text, isSound) {
    const field = this.#panel.querySelector(`[data-field="${CSS.escape(name)}"]`);
    const error = field?.querySelector("[data-field-error]");
    if (!error || (!text && error.hidden)) return;
    error.hidden = !text;
    error.textContent = text && worded(text, name, field.querySelector("label").textContent);
    const input = field.querySelector("[data-type]");
    if (!text) return void input?.removeAttribute("aria-invalid");
    input?.setAttribute("aria-invalid", "true");
    field.closest("[data-position]")?.setAttribute("open", "");
    if (isSound && this.#parts.session.mayEdit) error.append(" ", this.#button("try_again", () => this.#sendAgain(name)));
    error.append(" ", this.#button("discard", () => this.#discard(name), { "data-discard": name }));
  }

  #button(text, run, attributes = {}) {
    const button = make("button.link-button", { type: "button", ...attributes }, this.#parts.texts.say(text));
    button.addEventListener("click", run);
    return button;
  }
}

/** A refusal names a property as programs do: say the field's title instead. */
function worded(text, name, title) {
  const [, reason] = text.split(`${name}: `);
  return reason ? `${title}: ${reason}` : text;
}

/** Whose form a panel shows. @param {HTMLElement} panel */
export function placeOf(panel) {
  const { node, nodes, edge } = panel.querySelector("[data-inspector-form]")?.dataset ?? {};
  return edge ? `edge ${edge}` : `form ${node ?? nodes ?? ""}`;
}
