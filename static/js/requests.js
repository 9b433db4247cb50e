/**
 * What a page asks of the server, forms and htmx alike: it goes out with the proof that the browser holds now, because a page
 * may be older than the login (kept for working without network, or left open while somebody logged in again). And
 * when nobody answers, it says that this needs a connection, and leaves the page as it is.
 */

import { expire } from "./dialogs.js";

const FIELD = "csrfmiddlewaretoken";
const proof = () => document.cookie.match(/(?:^|; )csrftoken=([^;]+)/)?.[1];

document.addEventListener("submit", ({ target }) => {
  const field = target.elements.namedItem(FIELD);
  if (field) field.value = proof() ?? field.value;
}, true);

document.addEventListener("htmx:config:request", ({ detail: { ctx } }) => {
  const { headers, body } = ctx.request;
  const token = proof();
  if (token) headers["X-CSRFToken"] = token;
  if (token && body?.has(FIELD)) body.set(FIELD, token);
  ctx.fetch = (address, options) => fetch(address, options).catch(nobody);
});

document.addEventListener("htmx:response:error", ({ detail: { ctx } }) => {
  const { status } = ctx.response;
  if (status >= 502 && status <= 504 && ctx.target?.id !== "inspector") tell();
});

/** As a proxy would answer for a server that is not there; what was called off stays so. */
function nobody(error) {
  if (error.name === "AbortError") throw error;
  return new Response(null, { status: 503 });
}

function tell() {
  const toasts = document.querySelector("[data-toasts]");
  if (toasts.querySelector("[data-unanswered]")) return;
  toasts.append(document.querySelector("template[data-unanswered]").content.cloneNode(true));
  expire(toasts.lastElementChild);
}
