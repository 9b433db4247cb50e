/** The service worker between a page and the network: whatever it does, no request waits for it forever. */

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { afterEach, beforeEach, mock, test } from "node:test";
import vm from "node:vm";

const SOURCE = readFileSync(new URL("../../static/js/offline/worker.js", import.meta.url), "utf8");
const HOME = "https://helix.example";
const settled = () => new Promise((resolve) => setImmediate(resolve));

beforeEach(() => mock.timers.enable({ apis: ["setTimeout"] }));
afterEach(() => mock.timers.reset());

/** A worker that keeps no copies, over such a database. @returns {(path: string, method?: string) => Promise<Response>} as a browser goes there */
function worker(indexedDB) {
  const listeners = {};
  const self = { helix: { release: "r", files: [], offline: "/offline", logout: "/logout/" }, addEventListener: (type, run) => (listeners[type] = run) };
  const caches = { keys: async () => [], match: async () => undefined };
  const fetch = async () => new Response("from the network", { headers: { "X-Helix-Person": "0" } });
  vm.runInNewContext(SOURCE, { self, caches, fetch, indexedDB, location: new URL(HOME), URL, Response, Promise, setTimeout: (...how) => setTimeout(...how) });
  return (path, method = "GET") => {
    let answer;
    listeners.fetch({ request: { method, mode: "navigate", url: HOME + path }, waitUntil: () => {}, respondWith: (given) => (answer = given) });
    return answer;
  };
}

/** A database that opens on demand. */
function slow() {
  const requests = [];
  const done = [];
  const store = { clear: () => done.push("cleared") };
  const transaction = { objectStore: () => store, set oncomplete(run) { queueMicrotask(run); } };
  const result = { objectStoreNames: { contains: () => true }, transaction: () => transaction, close: () => done.push("closed") };
  return { open: () => requests[requests.push({ result }) - 1], come: () => requests.forEach((request) => request.onsuccess()), done };
}

for (const [path, method, times] of [["/login/", "GET", 1], ["/logout/", "POST", 2]]) {
  test(`${method} ${path} waits no longer than 3 s for a database that does not open, and what was to be done there is done when it does`, async () => {
    const database = slow();
    let text = null;
    worker(database)(path, method).then(async (answer) => (text = await answer.text()));
    await settled();
    assert.equal(text, null);
    mock.timers.tick(3_000);
    await settled();
    await settled();
    assert.equal(text, "from the network");
    database.come();
    await settled();
    assert.deepEqual(database.done.sort(), [...Array(times).fill("cleared"), ...Array(times).fill("closed")]);
  });
}

test("a page comes also where databases are forbidden", async () => {
  const open = () => {
    throw new Error("not here");
  };
  const answer = await worker({ open })("/login/");
  assert.equal(await answer.text(), "from the network");
});
