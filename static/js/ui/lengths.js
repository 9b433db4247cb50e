/**
 * Nothing that is too long is cut: it stays in its field, which says by how much, and nothing is sent until it fits.
 *
 * A field's limit is its `data-most`, in characters; the words are those of `template[data-too-long]`. The inspector says it at a place
 * of its own, from the field's `validationMessage`. The server refuses what is too long in any case.
 */

import { characters } from "../lib/characters.js";

const number = new Intl.NumberFormat(document.documentElement.lang);

const { content } = document.querySelector("template[data-too-long]");

document.addEventListener("input", ({ target }) => "most" in target.dataset && measure(target), true);

/** Its own line says it: the browser's bubble would lie over it. */
document.addEventListener("invalid", (event) => {
  const { target } = event;
  if (!("most" in target.dataset) || !target.validity.customError) return;
  event.preventDefault();
  target.focus();
}, true);

function measure(field) {
  const [count, most] = [characters(field.value), Number(field.dataset.most)];
  const text = count > most ? content.textContent.trim().replace("{count}", number.format(count)).replace("{most}", number.format(most)) : "";
  field.setCustomValidity(text);
  if (!field.closest("[data-inspector-form]")) tell(field, text);
}

/** In a line of its own below the field; the server's word on what was sent before gives way to it. */
function tell(field, text) {
  const error = field.parentElement.querySelector(".field-error");
  if (!text) {
    if (field.getAttribute("aria-invalid")) error?.remove();
    field.removeAttribute("aria-invalid");
    field.removeAttribute("aria-describedby");
    return;
  }
  const line = error ?? content.firstElementChild.cloneNode();
  line.id ||= `${field.id}-error`;
  if (line.textContent !== text) line.textContent = text;
  if (!error) field.after(line);
  field.setAttribute("aria-invalid", "true");
  field.setAttribute("aria-describedby", line.id);
}
