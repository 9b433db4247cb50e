/**
 * Text that cannot be saved as it is, at the field where it was typed: it stands there with the reason until it is mended or
 * discarded, whatever is selected meanwhile, and outlives the page.
 */

import { make } from "./make.js";
import { Unfinished } from "./unfinished.js";

export class Mending {
  #editor;
  #panel;
  #isBusy;
  #discarded;
  #unfinished;

  /**
   * @param {HTMLElement} panel the inspector's
   * @param {{isBusy: (field: HTMLElement) => boolean, discarded: (name: string) => void}} inspector which fields are in somebody's hand; what
   *   follows when a text is given up
   */
  constructor(editor, panel, { isBusy, discarded }) {
    this.#editor = editor;
    this.#panel = panel;
    this.#isBusy = isBusy;
    this.#discarded = discarded;
    this.#unfinished = new Unfinished(editor.session.device, () => (editor.sync.show(), editor.title?.show()));
    this.#unfinished.load().then(() => this.putBack());
  }

  /** How many texts there are, of whatever form. */
  get count() {
    return this.#unfinished.size;
  }

  /** Whether there is such a text. */
  holds(place, name) {
    return this.#unfinished.of(place).some((text) => text.name === name);
  }

  /** Keep a text; with a reason, say it where it stands. @param {string|null} text null: there is only a reason */
  keep(place, name, text, reason) {
    if (text !== null) this.#unfinished.put({ place, name, text, reason });
    if (reason && place === placeOf(this.#panel)) this.#explain(name, reason);
  }

  /** It is a value now; the reason goes when it is sent. */
  mended(place, name, { isSent = true } = {}) {
    this.#unfinished.drop(place, name);
    if (isSent && place === placeOf(this.#panel)) this.#explain(name, null);
  }

  /** What was kept for this form stands where it was typed. */
  putBack() {
    for (const { name, text, reason } of this.#unfinished.of(placeOf(this.#panel))) {
      const field = this.#panel.querySelector(`[name="${CSS.escape(name)}"]`);
      if (!field || this.#isBusy(field)) continue;
      field.value = text;
      this.#explain(name, reason ?? this.#editor.texts.say("not_a_value"));
    }
  }

  #discard(name) {
    this.mended(placeOf(this.#panel), name);
    this.#discarded(name);
    this.#panel.querySelector(`[name="${CSS.escape(name)}"]`)?.focus();
  }

  /** @param {string|null} text */
  #explain(name, text) {
    const field = this.#panel.querySelector(`[data-field="${CSS.escape(name)}"]`);
    const error = field?.querySelector("[data-field-error]");
    if (!error || (!text && error.hidden)) return;
    error.hidden = !text;
    error.textContent = text ?? "";
    const input = field.querySelector("[data-type]");
    if (!text) return void input?.removeAttribute("aria-invalid");
    input?.setAttribute("aria-invalid", "true");
    const discard = make("button.link-button", { type: "button", "data-discard": name }, this.#editor.texts.say("discard"));
    discard.addEventListener("click", () => this.#discard(name));
    error.append(" ", discard);
  }
}

/** Whose form a panel shows. @param {HTMLElement} panel */
export function placeOf(panel) {
  const { node, nodes, edge } = panel.querySelector("[data-inspector-form]")?.dataset ?? {};
  return edge ? `edge ${edge}` : `form ${node ?? nodes ?? ""}`;
}
