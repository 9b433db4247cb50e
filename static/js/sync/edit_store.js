/**
 * Where the outbox's edits outlive the page: kept before they are shown, until the server has taken them.
 *
 * Every page is a client of its own, so no name is ever used twice, whatever a crash has swallowed. What a page leaves
 * behind is an orphan: the next page on this flow delivers it under its old name, and the server, which answers a name
 * once, makes that harmless even if two pages do. The last words of a field in somebody's
 * hand are kept as a draft, which only an orphan's heir ever sends.
 *
 * @typedef {import("./entry.js").Entry} Entry
 */

import { lifeOf } from "../offline/page_lock.js";

export class Shelf {
  client = crypto.randomUUID?.() ?? Array.from(crypto.getRandomValues(new Uint32Array(4)), (part) => part.toString(36).padStart(7, "0")).join("");
  #device;
  #life = lifeOf(this.client);

  /** @param {import("../offline/device.js").Device} device */
  constructor(device) {
    this.#device = device;
  }

  /** This page sends nothing any more: the next one may. */
  release() {
    this.#life.end();
  }

  /** Keep an edit. @param {Entry} entry @param {Entry} [instead] what it takes the place of */
  save({ client, seq, operation, step, words, at, isFresh }, instead) {
    this.#device.put("entries", { client, seq, operation, step, words, at, isFresh }, instead && { client: instead.client, seq: instead.seq });
  }

  /** @param {Entry[]} entries */
  drop(...entries) {
    this.#device.drop("entries", ...entries.map(({ client, seq }) => ({ client, seq })));
  }

  /** What pages that are no more have left of this flow, oldest first. @returns {Promise<Entry[]|null>} null: it could not be read */
  async orphans() {
    await this.#life.begun;
    const kept = await this.#device.all("entries").catch(() => null);
    if (!kept) return null;
    const others = [...new Set(kept.map(({ client }) => client))].filter((client) => client !== this.client);
    const areDead = await Promise.all(others.map((client) => this.#life.claim(client)));
    const dead = new Set(others.filter((_, index) => areDead[index]));
    return kept.filter(({ client }) => dead.has(client)).sort((a, b) => a.at - b.at || a.seq - b.seq);
  }
}
