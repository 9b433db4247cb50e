/** The buttons beside a field's label. */

import { icon, make } from "../lib/make.js";

/** @param {HTMLElement} place a `[data-field]` */
export function tools(place) {
  const found = place.querySelector(":scope > .field-tools");
  if (found) return found;
  const made = make("div.field-tools");
  place.querySelector(":scope > label")?.after(made);
  return made;
}

/** @param {string} name of the icon @param {string} label what it does, and to what */
export function tool(name, label, run) {
  const button = make("button.field-tool", { type: "button", "aria-label": label, title: label }, icon(name));
  button.addEventListener("click", run);
  return button;
}

/** What a field is called. @param {HTMLElement} place */
export const titleOf = (place) => place.querySelector("label")?.firstChild.textContent.trim() ?? "";
