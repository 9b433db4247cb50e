/** Fragments of runs from the server, put in place so that the focus and what was scrolled stay where they are. */

import { csrfToken } from "../lib/csrf.js";

const TIMEOUT_MS = 15_000;
/** By what an element is known again after its place was drawn anew. */
const KEYS = ["run-row", "run-do", "run-tab", "run-go", "run-path", "run-own", "drawer-fold", "drawer-close", "node-close", "task", "node"];

/** Resolves once no pointer is down: a button that is replaced between press and release gets no click. */
let released = Promise.resolve();
addEventListener("pointerdown", ({ button }) => {
  if (button) return;
  const over = new AbortController();
  released = new Promise((done) => {
    const end = () => (over.abort(), setTimeout(done)); // the click comes right after the release
    for (const type of ["pointerup", "pointercancel", "contextmenu"]) addEventListener(type, end, { capture: true, signal: over.signal });
    addEventListener("blur", end, { signal: over.signal }); // of the window
  });
}, { capture: true });

/** @param {string} address @param {() => void} [answered] called when it has come @returns {Promise<string>} its HTML, once it may replace what is shown */
export async function fragment(address, answered) {
  const answer = await fetch(address, { headers: { "HX-Request": "true" }, signal: AbortSignal.timeout(TIMEOUT_MS) });
  if (!answer.ok) throw new Error(`${answer.status}`);
  const html = await answer.text();
  answered?.();
  await released;
  return html;
}

/** Post a form. @param {FormData|URLSearchParams} body @returns {Promise<Response>} */
export function post(address, body) {
  return fetch(address, { method: "POST", body, headers: { "HX-Request": "true", "X-CSRFToken": csrfToken() }, signal: AbortSignal.timeout(TIMEOUT_MS) });
}

/** Put HTML into an element; what has the focus has it again. */
export function put(element, html) {
  const hadFocus = element.contains(document.activeElement);
  const focused = hadFocus ? nameOf(document.activeElement) : null;
  const scrolled = Array.from(element.querySelectorAll("[data-run-pane], .run-node-view"), ({ scrollTop }) => scrollTop);
  element.innerHTML = html;
  element.querySelectorAll("[data-run-pane], .run-node-view").forEach((pane, at) => (pane.scrollTop = scrolled[at] ?? 0));
  localise(element);
  if (hadFocus) ((focused && element.querySelector(focused)) ?? element).focus({ preventScroll: true });
}

function nameOf(element) {
  if (element.id) return `#${CSS.escape(element.id)}`;
  const named = KEYS.filter((key) => element.hasAttribute(`data-${key}`)).map((key) => `[data-${key}="${CSS.escape(element.getAttribute(`data-${key}`))}"]`);
  return named.join("") || null;
}

const FORMATS = {
  short: new Intl.DateTimeFormat(document.documentElement.lang || "en", { dateStyle: "medium", timeStyle: "medium" }),
  today: new Intl.DateTimeFormat(document.documentElement.lang || "en", { timeStyle: "medium" }),
};

/** Say times as the reader's clock has them: those of today without the day. */
export function localise(element) {
  const today = new Date().toDateString();
  for (const time of element.querySelectorAll("time[data-time]")) {
    const at = new Date(time.dateTime);
    time.textContent = FORMATS[time.dataset.time === "exact" || at.toDateString() === today ? "today" : "short"].format(at);
  }
}
