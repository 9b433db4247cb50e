/**
 * What a page asks of the server, forms and htmx alike: it goes out with the proof that the browser holds now, because a page
 * may be older than the login (kept for working without network, or left open while somebody logged in again). And
 * when nobody would answer, it does not go out at all: the page stays, with all that was typed, and says so.
 */

import { forgetUnsent, tellUnsent } from "./unsent.js";

const FIELD = "csrfmiddlewaretoken";
const PATIENCE_MS = 5_000;
const proof = () => document.cookie.match(/(?:^|; )csrftoken=([^;]+)/)?.[1];

/** Forms that are asking whether anybody is there, and those that were told so. @type {WeakMap<HTMLFormElement, "asking"|"go">} */
const asked = new WeakMap();
/** @type {HTMLFormElement|null} the last one that went out */
let sent = null;

document.addEventListener("submit", ({ target }) => {
  const field = target.elements.namedItem(FIELD);
  if (field) field.value = proof() ?? field.value;
}, true);

document.addEventListener("submit", (event) => {
  const { target: form, submitter, defaultPrevented } = event;
  if (defaultPrevented || form.getAttribute("method") !== "post" || "logout" in form.dataset) return;
  if (asked.get(form) === "go") {
    asked.delete(form);
    sent = form;
    return;
  }
  event.preventDefault();
  if (!asked.has(form)) ask(form, submitter);
});

/** A browser that leaves a page for nobody throws away what was typed in it: so ask first. */
async function ask(form, submitter) {
  asked.set(form, "asking");
  forgetUnsent(form);
  const answer = await fetch("/healthz", { method: "HEAD", cache: "no-store", signal: AbortSignal.timeout(PATIENCE_MS) }).catch(nobody);
  asked.delete(form);
  if (isNobody(answer)) return tellUnsent(form);
  asked.set(form, "go");
  return form.requestSubmit(submitter);
}

/** The network went in that very moment; the worker kept the page. */
navigator.serviceWorker?.addEventListener("message", ({ data }) => data === "unsent" && tellUnsent(sent));

document.addEventListener("htmx:config:request", ({ detail: { ctx } }) => {
  const { headers, body } = ctx.request;
  const token = proof();
  if (token) headers["X-CSRFToken"] = token;
  if (token && body?.has(FIELD)) body.set(FIELD, token);
  ctx.fetch = (address, options) => fetch(address, options).catch(nobody);
  forgetUnsent(ctx.sourceElement);
});

document.addEventListener("htmx:response:error", ({ detail: { ctx } }) => {
  if (isNobody(ctx.response) && ctx.target?.id !== "inspector") tellUnsent(ctx.request.method === "GET" ? null : ctx.sourceElement);
});

/** As a proxy would answer for a server that is not there; what was called off stays so. */
function nobody(error) {
  if (error.name === "AbortError") throw error;
  return new Response(null, { status: 503 });
}

const isNobody = ({ status }) => status >= 502 && status <= 504;
