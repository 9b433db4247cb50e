/**
 * The service worker: opens flows where there is no network.
 *
 * A flow's page comes from the network and is kept. Without an answer, the last copy is shown, or else a page that lists
 * the kept flows. Copies belong to one person: they are deleted as soon as a page comes back for another account, or logged out. Fetching a page again renews its copy. The API, sockets and htmx are left alone.
 *
 * `self.helix`: release, files, offline (an address), logout. A classic script: not every browser takes a module here.
 */

const { release, files, offline, logout } = self.helix;
const FILES = "files-";
const PAGES = "pages-";
const FLOW = /^\/flows\/([\da-f-]{36})\/$/;
const MAX_FLOWS = 50;
const FETCH_TIMEOUT_MS = 3_000;
/** How many of the last releases a page may still be of. */
const RECENT = 3;

/** The person for whom the last page was. */
let whose = null;

/** It takes over once no page is open: Chromium never ends a page that it begins to load while another worker takes over. */
self.addEventListener("install", (event) => event.waitUntil(caches.open(FILES + release).then((cache) => cache.addAll([offline, ...files]))));

self.addEventListener("activate", (event) => event.waitUntil(activate()));

/** A page that loaded without the worker asks to be controlled. */
self.addEventListener("message", (event) => event.waitUntil(self.clients.claim()));

self.addEventListener("fetch", (event) => {
  const { method, mode, url } = event.request;
  const { origin, pathname } = new URL(url);
  if (origin !== location.origin) return;
  if (mode === "navigate") event.respondWith(method === "GET" ? page(event, pathname) : sent(event.request, pathname));
  else if (method !== "GET") return;
  else if (pathname.startsWith("/static/") || isFixed(url)) event.respondWith(file(event.request));
  else if (FLOW.test(pathname)) event.respondWith(network(event, pathname));
});

async function activate() {
  // Without an answer, Firefox lets a failed preload fail the page, even if there is a copy.
  await self.registration.navigationPreload?.disable();
  await tidy();
}

/** Drop the files of releases that neither this worker, nor a newer one, nor any copy, nor an open page of late needs. */
async function tidy() {
  const releases = await named(FILES);
  if (releases.length <= RECENT) return;
  const used = new Set([FILES + release, ...releases.slice(-RECENT)]);
  for (const pages of await opened()) for (const { headers } of await pages.matchAll()) used.add(FILES + headers.get("X-Helix-Release"));
  for (const name of releases) if (!used.has(name)) await caches.delete(name);
}

async function file(request) {
  return (await kept(request)) ?? fetch(request);
}

/** Answer with the last copy when the server does not answer, fails or takes too long. */
async function page(event, path) {
  const answer = network(event, path);
  event.waitUntil(answer.catch(() => {}));
  const copy = await kept(path);
  try {
    const response = await (copy ? Promise.race([answer, tooLong()]) : answer);
    if (response.status < 500 || !copy) return response;
  } catch {
    // No answer.
  }
  return copy ?? caches.match(offline, { cacheName: FILES + release });
}

/** Send a form. Without an answer the page stays, with everything that was typed, and gets a message; logging out always takes effect. */
async function sent(request, path) {
  if (path !== logout) return fetch(request).catch(() => unsent(request));
  await Promise.all([forget(null), stored("notes", (store) => store.clear())]);
  return fetch(request).catch(() => Response.redirect("/", 303));
}

/** Send the page a message and answer 204, so that the browser stays on it. */
async function unsent({ referrer }) {
  for (const page of await self.clients.matchAll({ type: "window" })) if (page.url === referrer) page.postMessage("unsent");
  return new Response(null, { status: 204 });
}

/** Fetch a page, and bring the copies in line with its headers before it is shown. */
async function network(event, path) {
  const response = await fetch(event.request);
  const person = response.headers.get("X-Helix-Person");
  if (!person || response.status >= 500) return response;
  await forget(person);
  if (!FLOW.test(path)) return response;
  if (response.status === 403 || response.status === 404) await drop(path);
  if (!response.ok || response.redirected) return response;
  const keeping = keep(person, path, response.clone()).catch(() => {});
  event.waitUntil(keeping);
  if (event.request.mode !== "navigate") await keeping;
  return response;
}

/** Keep a page with what it needs, if its release's files are here; delete what no page needs any more. */
async function keep(person, path, response) {
  const hasFiles = await caches.match(offline, { cacheName: FILES + response.headers.get("X-Helix-Release") });
  const pages = hasFiles && (await caches.open(PAGES + person));
  await pages?.addAll(needs(response));
  if (!pages || whose !== person) return response.body.cancel();
  await pages.put(path, response);
  const flows = (await pages.keys()).map(pathOf).filter((one) => FLOW.test(one));
  for (const oldest of flows.slice(0, -MAX_FLOWS)) await drop(oldest);
  const needed = new Set((await pages.matchAll()).flatMap(needs));
  for (const { url } of await pages.keys()) if (isFixed(url) && !needed.has(url.slice(location.origin.length))) await pages.delete(url);
  await tidy();
}

/** Delete all that is kept of a flow. */
async function drop(path) {
  for (const pages of await opened()) for (const request of await pages.keys()) if (pathOf(request).startsWith(path)) await pages.delete(request);
  const flow = FLOW.exec(path)[1];
  for (const name of await named(PAGES)) {
    const user = name.slice(PAGES.length);
    await stored("frames", (store) => store.delete(IDBKeyRange.bound([user, flow], [user, flow, []])));
  }
}

/** Delete everyone else's copies. */
async function forget(person) {
  whose = person;
  const others = (await named(PAGES)).filter((name) => name !== PAGES + person);
  for (const name of others) await caches.delete(name);
  // Another tab may have kept a frame after the copies were deleted.
  if (others.length || !Number(person)) await stored("frames", (store) => store.clear());
}

/** Change the pages' database once it opens; no page waits for that longer than the patience. */
function stored(name, work) {
  return Promise.race([changed(name, work).catch(() => {}), tooLong().catch(() => {})]);
}

/** Never create the database. */
function changed(name, work) {
  return new Promise((resolve) => {
    const request = indexedDB.open("helix");
    request.onupgradeneeded = () => request.transaction.abort();
    request.onerror = resolve;
    request.onsuccess = () => {
      const database = request.result;
      const done = () => (database.close(), resolve());
      if (!database.objectStoreNames.contains(name)) return done();
      const transaction = database.transaction(name, "readwrite");
      transaction.oncomplete = transaction.onabort = done;
      work(transaction.objectStore(name));
    };
  });
}

const kept = (request) => caches.match(request, { ignoreVary: true });
const named = async (prefix) => (await caches.keys()).filter((name) => name.startsWith(prefix));
const opened = async () => Promise.all((await named(PAGES)).map((name) => caches.open(name)));
const needs = ({ headers }) => headers.get("X-Helix-Needs")?.split(" ") ?? [];
const pathOf = ({ url }) => new URL(url).pathname;
/** What has a version in its address never changes. */
const isFixed = (url) => new URL(url).searchParams.has("v");
const tooLong = () => new Promise((_, reject) => setTimeout(reject, FETCH_TIMEOUT_MS));
