/**
 * Tells in the library which flows have changes of mine waiting on this device: they are sent when the flow is opened. Where it
 * cannot be opened any more, they are offered as a file, or to be discarded.
 *
 * `main[data-user]` says whose, `[data-waiting-text]` and `[data-waiting-text-one]` in which words; a card is `#card-FLOW`;
 * `template[data-stranded]` is what is said of a flow that is gone.
 */

import { icon, make } from "./elements/make.js";
import { transact } from "./lib/database.js";

const main = document.querySelector("main");
const { user, waitingText, waitingTextOne } = main.dataset;
const all = IDBKeyRange.bound([user], [user, []]);
const counted = (text, count) => text.replace("{count}", count);

async function show() {
  const flows = new Map();
  for (const entry of await transact("entries", "readonly", (store) => store.getAll(all))) flows.set(entry.flow, [...(flows.get(entry.flow) ?? []), entry]);
  for (const old of document.querySelectorAll(".card-waiting")) old.remove();
  for (const [flow, entries] of flows) {
    const card = document.getElementById(`card-${flow}`);
    if (card) card.append(make("p.card-waiting", {}, icon("clock"), counted(entries.length === 1 ? waitingTextOne : waitingText, entries.length)));
    else if (!document.getElementById(`stranded-${flow}`) && (await isGone(flow))) strand(flow, entries);
  }
}

async function isGone(flow) {
  const { status } = await fetch(`/api/v1/flows/${flow}/session`);
  return status === 404;
}

function strand(flow, entries) {
  const notice = main.querySelector("template[data-stranded]").content.firstElementChild.cloneNode(true);
  notice.id = `stranded-${flow}`;
  notice.querySelector("[data-count]").textContent = entries.length;
  const link = notice.querySelector("a");
  link.href = URL.createObjectURL(new Blob([JSON.stringify({ flow, operations: entries.map(({ operation }) => operation) }, null, 2)], { type: "application/json" }));
  link.download = `helix-${flow}.json`;
  notice.querySelector("button").addEventListener("click", async () => {
    await transact("entries", "readwrite", (store) => void store.delete(IDBKeyRange.bound([user, flow], [user, flow, []])));
    notice.remove();
  });
  document.getElementById("listing").before(notice);
}

const quietly = () => show().catch(() => {});
document.addEventListener("htmx:after:swap", quietly);
addEventListener("pageshow", quietly);
