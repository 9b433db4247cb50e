/** Fills the offline page with the flows that open on this device, the last opened first; reloads when the network is back. */

const list = document.querySelector("[data-kept]");
const row = list.querySelector("template").content;

async function fill() {
  const pages = (await caches.keys()).filter((name) => name.startsWith("pages-"));
  for (const name of pages) for (const response of await (await caches.open(name)).matchAll()) show(response);
  document.querySelector("[data-none]").hidden = list.children.length > 1;
}

function show({ url, headers }) {
  const title = headers.get("X-Helix-Title");
  if (title === null) return;
  const item = row.cloneNode(true);
  const link = item.querySelector("a");
  link.href = new URL(url).pathname;
  link.querySelector("[data-title]").textContent = decodeURIComponent(title);
  list.prepend(item);
}

addEventListener("online", () => location.reload());
fill();
