/**
 * Shows in the library which flows have unsent changes on this device: they are sent when the flow is opened. Changes to a flow
 * that can no longer be opened are offered as a file, or to be discarded.
 *
 * Where `.sections` are wider than the window, the current one is brought into sight.
 *
 * `main[data-user]` says whose, `[data-waiting-text]` and `[data-waiting-text-one]` in which words; a card is `#card-FLOW`;
 * `template[data-stranded]` is for a flow that is gone, `template[data-discarded]` for changes that were just discarded: until
 * the page is left, that can be undone. A file becomes a flow by `[data-import]`, or when it is dropped anywhere;
 * `[data-import-status]` says how that goes.
 */

import { icon, make } from "../lib/make.js";
import { filled, form } from "../lib/texts.js";
import { transact } from "../offline/device.js";

const main = document.querySelector("main");
const { user, waitingText, waitingTextOne } = main.dataset;
const all = IDBKeyRange.bound([user], [user, []]);

/** A search that is typed already, and replaces the request of a chosen view, asks for that view. */
function chooseView({ target }) {
  const link = target.closest(".view-switch a");
  const field = document.querySelector("input[name=view]");
  if (link && field) field.value = new URLSearchParams(link.getAttribute("hx-get")).get("view");
}
document.addEventListener("click", chooseView, true);

async function show() {
  const flows = new Map();
  for (const entry of await transact("entries", "readonly", (store) => store.getAll(all))) flows.set(entry.flow, [...(flows.get(entry.flow) ?? []), entry]);
  for (const old of document.querySelectorAll(".card-waiting")) old.remove();
  for (const [flow, entries] of flows) {
    const card = document.getElementById(`card-${flow}`);
    if (card) card.append(make("p.card-waiting", {}, icon("clock"), filled(form(entries.length, waitingTextOne, waitingText), { count: entries.length })));
    else if (!isStranded(flow) && (await isGone(flow)) && !isStranded(flow)) strand(flow, entries); // asked again: others may show meanwhile
  }
}

const isStranded = (flow) => document.getElementById(`stranded-${flow}`) !== null;

async function isGone(flow) {
  const { status } = await fetch(`/api/v1/flows/${flow}/session`);
  return status === 404;
}

function strand(flow, entries) {
  const notice = copyOf("template[data-stranded]");
  notice.id = `stranded-${flow}`;
  notice.querySelector("[data-count]").textContent = entries.length;
  const link = notice.querySelector("a");
  link.href = URL.createObjectURL(new Blob([JSON.stringify({ flow, operations: entries.map(({ operation }) => operation) }, null, 2)], { type: "application/json" }));
  link.download = `helix-${flow}.json`;
  notice.querySelector("button").addEventListener("click", () => quietly(discard(flow, entries, notice)));
  document.getElementById("listing").before(notice);
}

async function discard(flow, entries, notice) {
  await transact("entries", "readwrite", (store) => void store.delete(IDBKeyRange.bound([user, flow], [user, flow, []])));
  const done = copyOf("template[data-discarded]");
  const undo = done.querySelector("button");
  undo.addEventListener("click", () => quietly(takeBack(entries, done)));
  notice.replaceWith(done);
  undo.focus();
}

async function takeBack(entries, notice) {
  await transact("entries", "readwrite", (store) => entries.forEach((entry) => store.put(entry)));
  notice.remove();
  await show();
}

async function importing(file) {
  const status = main.querySelector("[data-import-status]");
  const loaded = await import("../interchange/library_import.js").catch(() => null);
  if (loaded) return loaded.importFile(file, status);
  status.hidden = false;
  status.textContent = status.dataset.unanswered;
}

main.querySelector("[data-import]").addEventListener("click", () => {
  const input = make("input", { type: "file" });
  input.addEventListener("change", () => input.files[0] && importing(input.files[0]));
  input.click();
});
addEventListener("dragover", (event) => event.dataTransfer.types.includes("Files") && event.preventDefault());
addEventListener("drop", (event) => {
  const [file] = event.dataTransfer.files;
  if (!file) return;
  event.preventDefault();
  importing(file);
});

/** Only sideways: the page stays where it is. */
function bringIntoSight() {
  const [row, current] = [document.querySelector(".sections"), document.querySelector(".sections [aria-current]")];
  row?.scrollTo({ left: current.offsetLeft - (row.clientWidth - current.offsetWidth) / 2 });
}

bringIntoSight();

const copyOf = (template) => main.querySelector(template).content.firstElementChild.cloneNode(true);

/** Where the device's database does not open, nothing changes on the page. */
const quietly = (work) => work.catch(() => {});
document.addEventListener("htmx:after:swap", ({ detail, target }) => {
  quietly(show());
  if ((detail?.ctx?.target ?? target).id === "listing") bringIntoSight();
});
addEventListener("pageshow", () => quietly(show()));
