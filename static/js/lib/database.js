/**
 * What this device remembers: one IndexedDB database, opened once.
 *
 * `entries` are edits that the server has not taken yet, `frames` what came since the copy of a page was made, `texts` what
 * was typed and is no value yet, `notes` what became of edits, until it is dismissed. All are keyed by person, so that nobody
 * finds another's. Where there is no database (some private windows) opening fails, and the page goes on without.
 */

const NAME = "helix";
const PATIENCE_MS = 3_000;
const KEYS = {
  entries: ["user", "flow", "client", "seq"],
  frames: ["user", "flow", "version", "previous"],
  texts: ["user", "flow", "place", "name"],
  notes: ["user", "flow", "name"],
};

/** @type {Promise<IDBDatabase>|null} */
let opened = null;

function open() {
  opened ??= connect().catch((error) => {
    opened = null;
    throw error;
  });
  return opened;
}

async function connect() {
  const tooLong = new Promise((_, reject) => setTimeout(reject, PATIENCE_MS, new Error("the database does not open")));
  const database = await Promise.race([complete(), tooLong]);
  database.onclose = () => (opened = null);
  return database;
}

/** Stores that are missing are added, whatever its version: so a page that is older than the database goes on with it. */
async function complete(version) {
  const database = await opening(indexedDB.open(NAME, version));
  // A newer page wants to add one: it must not wait for us.
  database.onversionchange = () => (database.close(), (opened = null));
  if (Object.keys(KEYS).every((store) => database.objectStoreNames.contains(store))) return database;
  database.close();
  return complete(database.version + 1);
}

function opening(request) {
  return new Promise((resolve, reject) => {
    request.onerror = () => reject(request.error);
    request.onsuccess = () => resolve(request.result);
    request.onupgradeneeded = () => {
      const { result } = request;
      for (const [store, keyPath] of Object.entries(KEYS)) if (!result.objectStoreNames.contains(store)) result.createObjectStore(store, { keyPath });
    };
  });
}

/** Whether this browser has a database at all: where it has none, nothing of anybody's can lie in it. */
export const isThere = () => Boolean(globalThis.indexedDB);

/** Under which key a row stands. @param {keyof typeof KEYS} store */
export const keyOf = (store, row) => KEYS[store].map((part) => row[part]);

/** Everything of a flow's in a store. @returns {IDBKeyRange} */
export const within = (user, flow) => IDBKeyRange.bound([user, flow], [user, flow, []]);

/**
 * Do something in one transaction. @param {string|string[]} stores @param {(...stores: IDBObjectStore[]) => IDBRequest|void} work
 * @returns {Promise<unknown>} what its request found, once it is kept
 */
export async function transact(stores, mode, work) {
  const transaction = (await open()).transaction(stores, mode, { durability: "relaxed" });
  return new Promise((resolve, reject) => {
    const request = work(...[stores].flat().map((store) => transaction.objectStore(store)));
    transaction.oncomplete = () => resolve(request?.result);
    transaction.onabort = () => reject(transaction.error);
    transaction.commit?.();
  });
}
