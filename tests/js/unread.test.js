/** What lies on a device that cannot be read yet: nothing is called saved or counted before it was, and it is read as soon as it can be. */

import assert from "node:assert/strict";
import { afterEach, beforeEach, mock, test } from "node:test";

import { StatusPill } from "../../static/js/sync/status_pill.js";
import { UnsavedText } from "../../static/js/inspector/unsaved_text.js";
import { Device } from "../../static/js/offline/device.js";
import { NoteStore } from "../../static/js/conflicts/note_store.js";
import { EditStore, Outbox } from "../../static/js/sync/outbox.js";
import { SessionState } from "../../static/js/sync/session.js";

const OWNER = { user: "1", flow: "f" };
const settled = () => new Promise((resolve) => setImmediate(resolve));

beforeEach(() => {
  mock.timers.enable({ apis: ["setTimeout"] });
  // There is no other page; an open channel would keep the test alive.
  delete globalThis.BroadcastChannel;
});
afterEach(() => {
  mock.timers.reset();
  delete globalThis.indexedDB;
  delete globalThis.document;
});

/** A database that does not open. */
async function refused(reading) {
  globalThis.indexedDB = { open: () => ({}) };
  const outcome = reading().then(() => "read", () => "refused");
  await settled();
  mock.timers.tick(3_000);
  return outcome;
}

/** A device whose rows can be read only once it keeps. */
class Unreadable extends EventTarget {
  isKeeping = false;
  unread = new Set(["entries", "notes", "texts"]);
  rows = { entries: [{ client: "dead", seq: 1, operation: { kind: "undo" }, at: 1 }], notes: [{ name: "n", at: 1 }], texts: [{ place: "form a", name: "label", text: "so" }] };

  async all(store) {
    if (!this.isKeeping) throw new Error("not now");
    this.unread.delete(store);
    return this.rows[store];
  }

  unkept = () => [];

  keep() {
    this.isKeeping = true;
    this.dispatchEvent(new Event("change"));
  }
}

test("a database that does not open leaves unknown what is in it; where there is none, nothing is", async () => {
  const device = new Device(OWNER);
  assert.equal(await refused(() => device.all("entries")), "refused");
  assert.deepEqual([device.isKeeping, [...device.unread]], [false, ["entries", "notes", "texts"]]);
  delete globalThis.indexedDB;
  for (const store of ["entries", "notes", "texts"]) assert.deepEqual(await device.all(store), []);
  assert.deepEqual([device.isKeeping, device.unread.size], [false, 0]);
});

test("edits go out over a device that cannot be read, but it is not known how many wait until it was", async () => {
  const device = new Unreadable();
  const sent = [];
  const store = Object.assign(new EditStore(device), { save() {}, drop() {} });
  const box = new Outbox({ send: ({ client, seq }) => Boolean(sent.push(client === "dead" ? "dead" : seq)), store });
  box.put({ kind: "redo" });
  assert.equal(await box.adopt(), false);
  assert.deepEqual([box.isReady, sent], [false, [1]]);
  device.keep();
  assert.equal(await box.adopt(), true);
  assert.deepEqual([box.isReady, sent, box.pending], [true, [1, "dead"], 2]);
  store.release();
});

test("notes and unfinished text are read when the device keeps again, and once", async () => {
  globalThis.document = new EventTarget();
  const device = new Unreadable();
  const told = [];
  const notes = new NoteStore(device, OWNER);
  const unfinished = new UnsavedText(device, { changed: () => told.push("changed"), found: () => told.push("found") });
  await notes.load();
  assert.deepEqual([notes.size, unfinished.size, told], [0, 0, []]);
  device.keep();
  await settled();
  assert.deepEqual([notes.size, unfinished.size, told], [1, 1, ["changed", "found"]]);
  device.keep();
  await settled();
  assert.deepEqual(told, ["changed", "found"]);
});

function pill({ isReady = true, pending = 0, drafts = 0, isKeeping = true, unread = [] }) {
  const [sync, text] = [{ dataset: {} }, {}];
  const parts = { "[data-sync]": sync, "[data-sync-text]": text };
  const root = { dataset: {}, querySelector: (selector) => parts[selector] };
  const session = Object.assign(new SessionState(), {
    role: "editor", isCurrent: true, socket: { state: "open", attempt: 0, retryAt: null }, device: { isKeeping, unread: new Set(unread) },
    outbox: { isReady, pending, drafts, isFull: false, waiting: () => [] },
  });
  new StatusPill({ root, session, texts: { say: (name) => name } });
  return [root.dataset.pending, sync.dataset.state, text.textContent];
}

test("how much waits is said once it is known, and nothing is called saved before", () => {
  assert.deepEqual(pill({ isReady: false, unread: ["entries"] }), ["", "connecting", "connecting"]);
  assert.deepEqual(pill({ isReady: false, unread: ["entries"], isKeeping: false }), ["", "unkept", "unkept"]);
  assert.deepEqual(pill({ isReady: false, unread: ["entries"], pending: 2 }), ["", "connecting", "saving"]);
  assert.deepEqual(pill({}), [0, "live", "saved"]);
  assert.deepEqual(pill({ pending: 2 }), [2, "saving", "saving"]);
});

test("unreadable text and notes do not count as none", () => {
  for (const unread of ["texts", "notes"]) {
    assert.deepEqual(pill({ unread: [unread] }), [0, "connecting", "connecting"]);
    assert.deepEqual(pill({ unread: [unread], isKeeping: false }), [0, "unkept", "unkept"]);
  }
  assert.deepEqual(pill({ isKeeping: false }), [0, "unkept", "unkept_saved"]);
});
