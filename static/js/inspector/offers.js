/**
 * What this installation has to offer, in the fields that take it: a list of providers, and suggestions for models, tool servers,
 * labels, databases and secrets. Without an answer the fields are as the server drew them.
 */

import { make } from "../lib/make.js";

const FETCH_TIMEOUT_MS = 5_000;

export class Offers {
  /** By setting, values with their titles. @type {Record<string, [string, string][]>} */
  #known;

  /** @param {string} url */
  static async load(url) {
    const asked = fetch(url, { signal: AbortSignal.timeout(FETCH_TIMEOUT_MS) });
    return new Offers((await asked.then((answer) => (answer.ok ? answer.json() : {})).catch(() => ({}))) ?? {});
  }

  constructor(known) {
    this.#known = known;
  }

  /** Put them into forms. @param {ParentNode} forms @param {import("../lib/texts.js").Texts} words */
  put(forms, words) {
    for (const [name, values] of Object.entries(this.#known)) {
      for (const place of forms.querySelectorAll(`[data-field="settings.${CSS.escape(name)}"]`)) {
        const field = place.querySelector("[name]");
        if (field.matches("select")) choose(field, values, words);
        else suggest(place, field, values);
      }
    }
  }
}

/** Offer these first, behind the default; what the catalogue names beside them is not set up here. */
function choose(list, values, words) {
  const { value } = list;
  const others = [...list.options].filter((option) => option.value && !values.some(([one]) => one === option.value));
  for (const option of others) option.text = words.say("not_set_up", { title: option.text });
  const first = [...list.options].filter((option) => !option.value);
  list.replaceChildren(...first, ...values.map(([one, title]) => make("option", { value: one }, title)), ...others);
  list.value = value;
}

function suggest(place, field, values) {
  const id = `${field.id}-list`;
  place.querySelector("datalist")?.remove();
  if (!values.length) return;
  place.append(make("datalist", { id }, ...values.map(([value, title]) => make("option", { value }, title === value ? "" : title))));
  if (field.matches("input")) field.setAttribute("list", id);
  else field.dataset.suggestions = id;
}
