/**
 * Says that something could not be sent, where it was asked for: in the form that was filled in, which keeps it all, or in its
 * dialog; and for what is a mere button, in a toast.
 */

import { expire } from "../ui/dialogs.js";

const TYPED = "input:is([type=text], [type=email], [type=password], :not([type])), textarea";

/** @param {Element|null} source the form, or what is in it */
export function tellUnsent(source) {
  const form = source?.closest("form");
  if (form?.querySelector(TYPED)) note(form, form.querySelector(".dialog-body") ?? form);
  else if (source?.closest("dialog")) note(source, source.closest("dialog").querySelector(".dialog-body"));
  else toast();
}

/** It is tried again. @param {Element|null} source */
export function forgetUnsent(source) {
  (source?.closest("dialog") ?? source?.closest("form"))?.querySelector("[data-offline-note]")?.remove();
}

function note(source, place) {
  forgetUnsent(source);
  const line = document.querySelector("template[data-offline]").content.cloneNode(true);
  const button = place.matches(".card") && place.querySelector("[type=submit]");
  if (button) button.before(line);
  else place.append(line);
}

function toast() {
  const toasts = document.querySelector("[data-toasts]");
  if (toasts.querySelector("[data-unanswered]")) return;
  toasts.append(document.querySelector("template[data-unanswered]").content.cloneNode(true));
  expire(toasts.lastElementChild);
}
