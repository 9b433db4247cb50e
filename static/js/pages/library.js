/**
 * Shows in the library which flows have unsent changes on this device: they are sent when the flow is opened. Changes to a flow
 * that can no longer be opened are offered as a file, or to be discarded.
 *
 * `main[data-user]` says whose, `[data-waiting-text]` and `[data-waiting-text-one]` in which words; a card is `#card-FLOW`;
 * `template[data-stranded]` is for a flow that is gone, `template[data-discarded]` for changes that were just discarded: until
 * the page is left, that can be undone.
 */

import { icon, make } from "../lib/make.js";
import { filled, form } from "../lib/texts.js";
import { transact } from "../offline/device.js";

const main = document.querySelector("main");
const { user, waitingText, waitingTextOne } = main.dataset;
const all = IDBKeyRange.bound([user], [user, []]);

async function show() {
  const flows = new Map();
  for (const entry of await transact("entries", "readonly", (store) => store.getAll(all))) flows.set(entry.flow, [...(flows.get(entry.flow) ?? []), entry]);
  for (const old of document.querySelectorAll(".card-waiting")) old.remove();
  for (const [flow, entries] of flows) {
    const card = document.getElementById(`card-${flow}`);
    if (card) card.append(make("p.card-waiting", {}, icon("clock"), filled(form(entries.length, waitingTextOne, waitingText), { count: entries.length })));
    else if (!document.getElementById(`stranded-${flow}`) && (await isGone(flow))) strand(flow, entries);
  }
}

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

const copyOf = (template) => main.querySelector(template).content.firstElementChild.cloneNode(true);

/** Where the device's database does not open, nothing changes on the page. */
const quietly = (work) => work.catch(() => {});
document.addEventListener("htmx:after:swap", () => quietly(show()));
addEventListener("pageshow", () => quietly(show()));
