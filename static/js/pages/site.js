/**
 * What every page does: its dialog, menus and toasts; its forms and what htmx asks; and what the browser keeps of it. One module,
 * because every page loads all of it.
 *
 * `#dialog` opens when htmx has put something into it (`data-focus` in it: the id of what has the focus then) and closes by `[data-dialog-close]`, its backdrop, Esc, or the event
 * `dialog-close` (header HX-Trigger). `details[data-drop]` closes when something else is used. `[data-toast]` goes after its
 * seconds, later while it is hovered or has the focus.
 *
 * Requests carry the CSRF token that the browser holds now, because a page may be older than the login (kept for use offline, or
 * left open while its person logged in again). When the server does not answer, a form is not sent: the page stays, with all that
 * was typed, and says so. A field's limit is its `data-most`, in characters: what is too long is never cut, and not sent until
 * it fits. The inspector says so in a place of its own, from the field's `validationMessage`; the server checks in any case.
 *
 * A logged-in person's pages are kept by the worker at `<html data-worker>`, which starts once the page has come to rest, an editor
 * once it is live; `data-nobody` leaves nothing behind, with or without a worker. Where browsers have no worker (plain http beyond
 * this machine, some private windows) nothing is kept, and nothing else changes.
 */

import { transact } from "../offline/device.js";
import { characters } from "../lib/texts.js";
import { whenIdle } from "../lib/timing.js";

const TOAST_SECONDS = 6;
const FIELD = "csrfmiddlewaretoken";
/** The `keyCode` of every key that goes to an input method. */
const COMPOSED = 229;
const PROBE_TIMEOUT_MS = 5_000;
const TYPED = "input:is([type=text], [type=email], [type=password], :not([type])), textarea";
const { worker, nobody } = document.documentElement.dataset;
const number = new Intl.NumberFormat(document.documentElement.lang);
const tooLong = document.querySelector("template[data-too-long]").content;

/**
 * While an input method composes a word, its keys (Enter takes it, Escape leaves it, arrows choose) are no keys of ours, whatever has
 * the focus. This is the first module of every page, so that no other sees them. Safari sends the last one after the composition.
 */
addEventListener("keydown", (event) => {
  if (event.isComposing || event.keyCode === COMPOSED) event.stopImmediatePropagation();
}, true);

const dialog = document.getElementById("dialog");

function openDialog() {
  if (dialog.childElementCount && !dialog.open) dialog.showModal();
  const { focus = "" } = dialog.querySelector("[data-focus]")?.dataset ?? {};
  (document.getElementById(focus) ?? dialog.querySelector("[autofocus]"))?.focus();
}

function closeDialog() {
  dialog.close();
  dialog.replaceChildren();
}

function closeDrops(except) {
  for (const drop of document.querySelectorAll("details[data-drop][open]")) if (drop !== except) drop.open = false;
}

const closeOthers = ({ target }) => closeDrops(target.closest("details[data-drop]"));

/** Let a toast go after its time. @param {HTMLElement} toast */
function expire(toast) {
  const seconds = Number(toast.dataset.toastSeconds ?? TOAST_SECONDS);
  const timer = setInterval(() => {
    if (toast.matches(":hover, :focus-within")) return;
    clearInterval(timer);
    toast.remove();
  }, seconds * 1000);
}

document.addEventListener("htmx:after:swap", (event) => {
  const target = event.detail?.ctx?.target ?? event.target;
  if (target === dialog) openDialog();
  if (target instanceof Element && target.matches("[data-toasts]") && target.lastElementChild) expire(target.lastElementChild);
});

// Not before its answer is here: events that the answer names rise from the button.
document.addEventListener("htmx:finally:request", ({ target }) => {
  if (target instanceof Element && target.matches("[data-toast-done]")) setTimeout(() => target.closest("[data-toast]")?.remove());
});

document.addEventListener("dialog-close", closeDialog);
dialog.addEventListener("close", () => dialog.replaceChildren());

/** A drag outside sends no click. */
document.addEventListener("toggle", () => {
  const isAnyOpen = document.querySelector("details[data-drop][open]") !== null;
  window[isAnyOpen ? "addEventListener" : "removeEventListener"]("pointerdown", closeOthers, true);
}, true);

document.addEventListener("click", (event) => {
  if (!(event.target instanceof Element)) return;
  closeDrops(event.target.closest("summary") ? event.target.closest("details") : null);
  if (event.target.closest("[data-dialog-close]") || event.target === dialog) closeDialog();
  const link = event.target.closest("[data-copy-link]");
  if (link) import("./copy_link.js").then(({ copyLink }) => copyLink(link), unanswered);
  if (event.target.closest("[data-toast-close]")) event.target.closest("[data-toast]").remove();
});

document.addEventListener("keydown", (event) => {
  if (event.key !== "Escape") return;
  const drop = document.querySelector("details[data-drop][open]");
  if (!drop) return;
  closeDrops(null);
  drop.querySelector("summary").focus();
});

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
  const text = count > most ? tooLong.textContent.trim().replace("{count}", number.format(count)).replace("{most}", number.format(most)) : "";
  field.setCustomValidity(text);
  if (!field.closest("[data-inspector-form]")) tellLength(field, text);
}

/** In a line of its own below the field; the server's word on what was sent before gives way to it. */
function tellLength(field, text) {
  const error = field.parentElement.querySelector(".field-error");
  if (!text) {
    if (field.getAttribute("aria-invalid")) error?.remove();
    field.removeAttribute("aria-invalid");
    field.removeAttribute("aria-describedby");
    return;
  }
  const line = error ?? tooLong.firstElementChild.cloneNode();
  line.id ||= `${field.id}-error`;
  if (line.textContent !== text) line.textContent = text;
  if (!error) field.after(line);
  field.setAttribute("aria-invalid", "true");
  field.setAttribute("aria-describedby", line.id);
}

const proof = () => document.cookie.match(/(?:^|; )csrftoken=([^;]+)/)?.[1];

/** Forms that are asking whether the server answers, and those that may go. @type {WeakMap<HTMLFormElement, "asking"|"go">} */
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

/** A browser that leaves a page without an answer throws away what was typed in it: so ask first. */
async function ask(form, submitter) {
  asked.set(form, "asking");
  forgetUnsent(form);
  const answer = await fetch("/healthz", { method: "HEAD", cache: "no-store", signal: AbortSignal.timeout(PROBE_TIMEOUT_MS) }).catch(unanswered);
  asked.delete(form);
  if (isUnanswered(answer)) return tellUnsent(form);
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
  ctx.fetch = (address, options) => fetch(address, options).catch(unanswered);
  forgetUnsent(ctx.sourceElement);
});

/** What shows a wait comes with the first one. A page that asks by itself, as one does every few seconds, is no wait. */
const waiting = (show) => import("../lib/waiting.js").then(show, () => {});
document.addEventListener("htmx:before:request", ({ detail: { ctx } }) => ctx.sourceEvent?.isTrusted !== false && waiting(({ beginWait }) => beginWait(ctx)));
document.addEventListener("htmx:finally:request", ({ detail: { ctx } }) => waiting(({ endWait }) => endWait(ctx)));

document.addEventListener("htmx:response:error", ({ detail: { ctx } }) => {
  if (isUnanswered(ctx.response) && !["inspector", "popular"].includes(ctx.target?.id)) tellUnsent(ctx.request.method === "GET" ? null : ctx.sourceElement);
});

/** Answer as a proxy would for a server that is down; what was aborted stays so. */
function unanswered(error) {
  if (error.name === "AbortError") throw error;
  return new Response(null, { status: 503 });
}

const isUnanswered = ({ status }) => status >= 502 && status <= 504;

/** @param {Element|null} source the form, or what is in it */
function tellUnsent(source) {
  const form = source?.closest("form");
  if (form?.querySelector(TYPED)) note(form, form.querySelector(".dialog-body") ?? form);
  else if (source?.closest("dialog")) note(source, source.closest("dialog").querySelector(".dialog-body"));
  else toast();
}

/** It is tried again. @param {Element|null} source */
function forgetUnsent(source) {
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

async function forgetPages() {
  for (const name of await caches.keys()) if (name.startsWith("pages-")) await caches.delete(name);
  await transact("frames", "readwrite", (store) => void store.clear());
}

/** What became of a person's edits goes when they log out: the form waits for that. */
async function forgetNotes(event) {
  const form = event.target;
  if (!form.matches("[data-logout]") || form.dataset.logout === "done") return;
  event.preventDefault();
  await transact("notes", "readwrite", (store) => void store.clear()).catch(() => {});
  form.dataset.logout = "done";
  form.requestSubmit(event.submitter);
}

/** Keeping all files must not compete with what the page itself loads. */
async function atRest() {
  if (document.readyState !== "complete") await new Promise((resolve) => addEventListener("load", resolve, { once: true }));
  const editor = document.querySelector("[data-connection]");
  if (editor?.dataset.connection !== "connecting") return;
  await new Promise((resolve) => {
    const watch = new MutationObserver(() => editor.dataset.connection !== "connecting" && (watch.disconnect(), resolve()));
    watch.observe(editor, { attributeFilter: ["data-connection"] });
  });
}

async function register() {
  const { serviceWorker } = navigator;
  await serviceWorker.register(worker);
  const { active } = await serviceWorker.ready;
  if (!serviceWorker.controller) active.postMessage("claim");
}

// Links in a row that scrolls sideways begin where one is.
document.querySelector("[data-row] [aria-current]")?.scrollIntoView({ block: "nearest", inline: "center" });
document.addEventListener("submit", forgetNotes);
if (nobody !== undefined) globalThis.caches && forgetPages().catch(() => {});
else if (worker && navigator.serviceWorker) atRest().then(() => whenIdle(() => register().catch(() => {})));
