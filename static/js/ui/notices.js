/**
 * Messages that do not get in the way: toasts, and for screen readers one polite line, batched, so that a busy flow does not talk
 * all the time.
 */

import { icon, make } from "../lib/make.js";

const STAY_MS = 6_000;
const BATCH_MS = 1_500;
const MAX_TOASTS = 3;

export class Notices {
  #toasts = document.querySelector("[data-toasts]");
  #line = make("p.visually-hidden", { role: "status", "aria-live": "polite", "data-announcer": true });
  #lines = new Set();
  #timer = 0;
  #close;

  constructor({ root, texts }) {
    this.#close = texts.say("close");
    root.append(this.#line);
  }

  /** Announce to screen readers. */
  announce(text) {
    this.#lines.add(text);
    this.#timer ||= setTimeout(() => {
      this.#timer = 0;
      this.#line.textContent = [...this.#lines].join(" ");
      this.#lines.clear();
    }, BATCH_MS);
  }

  /** @param {{tone?: "danger", detail?: string, person?: {name: string, colour: string}, action?: {text: string, run: () => void}, stays?: boolean, dismissed?: () => void}} [options] `dismissed`: it was closed by hand */
  toast(text, { tone = null, detail, person, action, stays = false, dismissed } = {}) {
    const toast = make("div.toast", { "data-tone": tone, "data-stays": stays }, make("p", {}, make("strong", { dir: "auto" }, text), ...(detail ? [make("small", { dir: "auto" }, detail)] : [])));
    if (tone) toast.prepend(icon("triangle-alert"));
    if (person) toast.prepend(avatar(person));
    const done = () => toast.remove();
    if (action) toast.append(button("", action.text, () => (done(), action.run())));
    toast.append(button("icon-button", icon("x"), () => (done(), dismissed?.()), this.#close));
    this.#toasts.append(toast);
    this.#makeRoom(toast);
    if (!stays) leave(toast, done);
    return done;
  }

  /** The oldest goes, unless it is one that stays. */
  #makeRoom(newest) {
    const others = [...this.#toasts.children].filter((toast) => toast !== newest);
    while (others.length >= MAX_TOASTS) {
      const [gone] = others.splice(Math.max(0, others.findIndex((toast) => !toast.hasAttribute("data-stays"))), 1);
      gone.remove();
    }
  }
}

/** Remove it after a while, but not while it is hovered or focused. */
function leave(toast, done) {
  let timer = setTimeout(done, STAY_MS);
  for (const event of ["pointerenter", "focusin"]) toast.addEventListener(event, () => clearTimeout(timer));
  for (const event of ["pointerleave", "focusout"]) toast.addEventListener(event, () => (clearTimeout(timer), (timer = setTimeout(done, STAY_MS))));
}

function avatar({ name, colour }) {
  const element = make("span.avatar", { "aria-hidden": "true" }, name.trim().slice(0, 1).toUpperCase());
  element.style.setProperty("--person", colour);
  return element;
}

function button(classes, content, run, label = null) {
  const element = make(classes ? `button.${classes}` : "button", { type: "button", "aria-label": label }, content);
  element.addEventListener("click", run);
  return element;
}
