/**
 * What this device keeps of a person's words, and whether it does: it may be full, or keep nothing at all (some private
 * windows). What it refused is offered again until it is taken or no longer needed, and the page says so meanwhile.
 *
 * It is one IndexedDB database, opened once. `entries` are edits that the server has not taken yet, `frames` what came since the
 * copy of a page was made, `texts` what was typed and is not a value yet, `notes` what became of edits, until dismissed. All
 * keys begin with the person, so that no other finds them.
 *
 * @typedef {"entries"|"notes"|"texts"} Store
 * @typedef {{store: Store, row: object, isRefused: boolean}} Offer
 */

const DATABASE = "helix";
const OPEN_TIMEOUT_MS = 3_000;
const KEYS = {
  entries: ["user", "flow", "client", "seq"],
  frames: ["user", "flow", "version", "previous"],
  texts: ["user", "flow", "place", "name"],
  notes: ["user", "flow", "name"],
};
const RETRY_MS = 5_000;
const LAST_SEEN = "helix.seen";
const MAX_FLOWS = 200;
/** @type {Store[]} */
const STORES = ["entries", "notes", "texts"];

/** Keeps the rows of one flow. Event `change`: whether it keeps them has changed; what could not be read may be readable now. */
export class Device extends EventTarget {
  isKeeping = true;
  /** Stores not yet read: until then it is unknown whether all is saved. @type {Set<Store>} */
  unread = new Set(STORES);
  #owner;
  /** @type {Map<string, Offer>} rows being written, or refused and still needed */
  #offers = new Map();
  #timer = 0;

  /** @param {{user: string, flow: string}} owner */
  constructor({ user, flow }) {
    super();
    this.#owner = { user, flow };
  }

  /** Return all rows of this flow. @param {Store} store @returns {Promise<object[]>} rejected where it cannot be read */
  async all(store) {
    try {
      const all = await transact(store, "readonly", (rows) => rows.getAll(within(this.#owner.user, this.#owner.flow)));
      this.unread.delete(store);
      return all;
    } catch (error) {
      if (isThere()) this.unread.add(store);
      else this.unread.delete(store);
      this.#refuse();
      if (isThere()) throw error;
      return [];
    }
  }

  /** Return rows that are not yet on the device. @param {Store} store @returns {object[]} */
  unkept(store) {
    return [...this.#offers.values()].filter((offer) => offer.store === store).map(({ row }) => row);
  }

  /** Whether closing this page would lose work. */
  get isAtStake() {
    return !this.isKeeping && this.#offers.size > 0;
  }

  /** Keep a row; never rejected. @param {Store} store @param {object} [instead] the row it replaces */
  async put(store, row, instead) {
    const [mine, before] = [row, instead].map((one) => one && { ...this.#owner, ...one });
    if (before) this.#offers.delete(nameOf(store, before));
    const offer = { store, row: mine, isRefused: false };
    this.#offers.set(nameOf(store, mine), offer);
    try {
      await transact(store, "readwrite", (rows) => {
        if (before) rows.delete(keyOf(store, before));
        rows.put(mine);
      });
      this.#taken(offer);
      if (!this.isKeeping) this.check();
    } catch {
      offer.isRefused = true;
      // No row is better than one older than what was shown, and there is always room to delete.
      if (before) this.drop(store, before);
      this.#refuse();
    }
  }

  /** Delete rows, after all earlier writes. @param {Store} store */
  async drop(store, ...rows) {
    const keys = rows.map((row) => keyOf(store, { ...this.#owner, ...row }));
    for (const row of rows) this.#offers.delete(nameOf(store, { ...this.#owner, ...row }));
    // The transaction covers all stores, so that it waits for an edit's note before the edit is deleted.
    await transact(STORES, "readwrite", (...stores) => keys.forEach((key) => stores[STORES.indexOf(store)].delete(key))).catch(() => {});
  }

  /** Find out whether there is room: write what was refused, and a row that is deleted at once. */
  async check() {
    clearTimeout(this.#timer);
    const refused = [...this.#offers.values()].filter(({ isRefused }) => isRefused);
    const probe = { ...this.#owner, name: "" };
    try {
      await transact(STORES, "readwrite", (...stores) => {
        for (const { store, row } of refused) stores[STORES.indexOf(store)].put(row);
        const notes = stores[STORES.indexOf("notes")];
        notes.put(probe);
        notes.delete(keyOf("notes", probe));
      });
      refused.forEach((offer) => this.#taken(offer));
      this.#be(true);
    } catch {
      this.#refuse();
    }
  }

  #taken(offer) {
    const name = nameOf(offer.store, offer.row);
    if (this.#offers.get(name) === offer) this.#offers.delete(name);
  }

  #refuse() {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.check(), RETRY_MS);
    this.#be(false);
  }

  #be(isKeeping) {
    if (this.isKeeping === isKeeping) return;
    this.isKeeping = isKeeping;
    this.dispatchEvent(new Event("change"));
  }
}

const nameOf = (store, row) => `${store} ${JSON.stringify(keyOf(store, row))}`;

/** At which version a person last saw a flow on this device: numbers, nothing of the flow itself. */
export class LastSeen {
  #place;

  /** @param {{user: string, flow: string}} owner */
  constructor({ user, flow }) {
    this.#place = `${user} ${flow}`;
  }

  /** @returns {number|null} */
  get version() {
    return lastSeen()[this.#place] ?? null;
  }

  set version(version) {
    const { [this.#place]: _, ...others } = lastSeen();
    const kept = [...Object.entries(others), [this.#place, version]].slice(-MAX_FLOWS);
    try {
      localStorage.setItem(LAST_SEEN, JSON.stringify(Object.fromEntries(kept)));
    } catch {
      // Nothing can be kept here: a return then counts from the page's own version.
    }
  }
}

function lastSeen() {
  try {
    return JSON.parse(localStorage.getItem(LAST_SEEN)) ?? {};
  } catch {
    return {};
  }
}

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
  const tooLong = new Promise((_, reject) => setTimeout(reject, OPEN_TIMEOUT_MS, new Error("the database does not open")));
  const database = await Promise.race([complete(), tooLong]);
  database.onclose = () => (opened = null);
  return database;
}

/** Add missing stores at any version, so that a page older than the database can use it. */
async function complete(version) {
  const database = await opening(indexedDB.open(DATABASE, version));
  // A newer page wants to add a store: do not make it wait.
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

/** Whether this browser has a database at all: without one, nothing can be left in it. */
export const isThere = () => Boolean(globalThis.indexedDB);

/** Return a row's key. @param {keyof typeof KEYS} store */
export const keyOf = (store, row) => KEYS[store].map((part) => row[part]);

/** Return the range of a flow's keys. @returns {IDBKeyRange} */
export const within = (user, flow) => IDBKeyRange.bound([user, flow], [user, flow, []]);

/**
 * Run work in one transaction. @param {string|string[]} stores @param {(...stores: IDBObjectStore[]) => IDBRequest|void} work
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
