/**
 * What this device remembers: one IndexedDB database, opened once.
 *
 * `entries` are edits that the server has not taken yet, `frames` what came since the copy of a page was made, `texts` what
 * was typed and is no value yet. All are keyed by person, so that nobody finds another's. Where there is no database
 * (private windows, a full disk) opening fails, and the page goes on without.
 */

const NAME = "helix";
const VERSION = 1;
const PATIENCE_MS = 3_000;
const KEYS = { entries: ["user", "flow", "client", "seq"], frames: ["user", "flow", "version", "previous"], texts: ["user", "flow", "place", "name"] };

/** @type {Promise<IDBDatabase>|null} */
let opened = null;

/** @returns {Promise<IDBDatabase>} */
export function open() {
  opened ??= connect().catch((error) => {
    opened = null;
    throw error;
  });
  return opened;
}

function connect() {
  return new Promise((resolve, reject) => {
    setTimeout(reject, PATIENCE_MS, new Error("the database does not open"));
    const request = indexedDB.open(NAME, VERSION);
    request.onerror = () => reject(request.error);
    request.onupgradeneeded = () => {
      for (const [store, keyPath] of Object.entries(KEYS)) request.result.createObjectStore(store, { keyPath });
    };
    request.onsuccess = () => {
      const database = request.result;
      const forget = () => (opened = null);
      database.onversionchange = () => (database.close(), forget());
      database.onclose = forget;
      resolve(database);
    };
  });
}

/** Everything of a flow's in a store. @returns {IDBKeyRange} */
export const within = (user, flow) => IDBKeyRange.bound([user, flow], [user, flow, []]);

/**
 * Do something in one transaction. @param {(store: IDBObjectStore) => IDBRequest|void} work
 * @returns {Promise<unknown>} what its request found, once it is kept
 */
export async function transact(store, mode, work) {
  const transaction = (await open()).transaction(store, mode, { durability: "relaxed" });
  return new Promise((resolve, reject) => {
    const request = work(transaction.objectStore(store));
    transaction.oncomplete = () => resolve(request?.result);
    transaction.onabort = transaction.onerror = () => reject(transaction.error);
    transaction.commit?.();
  });
}
