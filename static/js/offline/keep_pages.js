/**
 * Whether this browser keeps pages: for whoever is logged in, the worker at `<html data-worker>` does so once the page has come
 * to rest; `data-nobody` leaves nothing behind, with or without a worker. Where browsers have none (plain http beyond
 * this machine, some private windows) nothing of it exists, and nothing misses it.
 */

import { transact } from "../lib/database.js";
import { whenIdle } from "../lib/idle.js";

const { worker, nobody } = document.documentElement.dataset;

async function forget() {
  for (const name of await caches.keys()) if (name.startsWith("pages-")) await caches.delete(name);
  await transact("frames", "readwrite", (store) => void store.clear());
}

/** What became of my edits is nobody's business once I have logged out: the browser waits for that, and goes on. */
async function forgetNotes(event) {
  const form = event.target;
  if (!form.matches("[data-logout]") || form.dataset.logout === "done") return;
  event.preventDefault();
  await transact("notes", "readwrite", (store) => void store.clear()).catch(() => {});
  form.dataset.logout = "done";
  form.requestSubmit(event.submitter);
}

async function register() {
  const { serviceWorker } = navigator;
  await serviceWorker.register(worker);
  const { active } = await serviceWorker.ready;
  if (!serviceWorker.controller) active.postMessage("claim");
}

document.addEventListener("submit", forgetNotes);
if (nobody !== undefined) globalThis.caches && forget().catch(() => {});
else if (worker && navigator.serviceWorker) addEventListener("load", () => whenIdle(() => register().catch(() => {})), { once: true });
