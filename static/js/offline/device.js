/**
 * What this device keeps of a person's words in a flow, and whether it does: it may be full, or keep nothing for anybody (some
 * private windows). What it has refused is offered again until it is taken, or needed no more; meanwhile everybody is told.
 *
 * Event `change`: whether it keeps is another now. Whoever has read in vain may read again when it does.
 *
 * @typedef {"entries"|"notes"|"texts"} Store
 * @typedef {{store: Store, row: object, isRefused: boolean}} Offer
 */

import { isThere, keyOf, transact, within } from "../lib/database.js";

const AGAIN_MS = 5_000;
/** @type {Store[]} */
const STORES = ["entries", "notes", "texts"];

export class Device extends EventTarget {
  isKeeping = true;
  /** Of which stores nobody knows yet what earlier pages left there: before that, nobody can say that all is saved. @type {Set<Store>} */
  unread = new Set(STORES);
  #owner;
  /** @type {Map<string, Offer>} rows on their way, or refused and still wanted */
  #offers = new Map();
  #timer = 0;

  /** @param {{user: string, flow: string}} owner */
  constructor({ user, flow }) {
    super();
    this.#owner = { user, flow };
  }

  /** Everything of this flow's. @param {Store} store @returns {Promise<object[]>} rejected where it cannot be read */
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

  /** Rows that are not, or not yet, on the device. @param {Store} store @returns {object[]} */
  unkept(store) {
    return [...this.#offers.values()].filter((offer) => offer.store === store).map(({ row }) => row);
  }

  /** Whether words would go with this page. */
  get isAtStake() {
    return !this.isKeeping && this.#offers.size > 0;
  }

  /** Keep a row; never rejected. @param {Store} store @param {object} [instead] the row whose place it takes */
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
      // Rather nothing than what is older than what was seen; to delete, there is always room.
      if (before) this.drop(store, before);
      this.#refuse();
    }
  }

  /** Let rows go, after whatever was kept before. @param {Store} store */
  async drop(store, ...rows) {
    const keys = rows.map((row) => keyOf(store, { ...this.#owner, ...row }));
    for (const row of rows) this.#offers.delete(nameOf(store, { ...this.#owner, ...row }));
    // All stores are in its reach, so that it waits for the note of an edit before the edit goes.
    await transact(STORES, "readwrite", (...stores) => keys.forEach((key) => stores[STORES.indexOf(store)].delete(key))).catch(() => {});
  }

  /** Find out whether there is room, before anybody relies on it: keep what was refused, and a row that goes in the same breath. */
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
    this.#timer = setTimeout(() => this.check(), AGAIN_MS);
    this.#be(false);
  }

  #be(isKeeping) {
    if (this.isKeeping === isKeeping) return;
    this.isKeeping = isKeeping;
    this.dispatchEvent(new Event("change"));
  }
}

const nameOf = (store, row) => `${store} ${JSON.stringify(keyOf(store, row))}`;
