/** Notes of what became of my work: kept until they are dismissed, and then gone for good. */

import assert from "node:assert/strict";
import test from "node:test";

globalThis.document = new EventTarget();
globalThis.BroadcastChannel = undefined;
const { NoteStore } = await import("../../static/js/conflicts/note_store.js");

class Device extends EventTarget {
  rows = new Map();
  unread = new Set();

  async all() {
    return [...this.rows.values()];
  }

  unkept() {
    return [];
  }

  async put(_store, row) {
    this.rows.set(row.name, row);
  }

  async drop(_store, ...rows) {
    for (const { name } of rows) this.rows.delete(name);
  }
}

const names = (notes) => [...notes].map(({ name }) => name);
const begun = () => {
  const device = new Device();
  return [device, new NoteStore(device, { user: "1", flow: "f" })];
};

test("what I dismissed is not brought back by an answer that was asked for before", async () => {
  const [device, notes] = begun();
  await notes.add([{ name: "a 3" }, { name: "b 4" }]);
  await notes.dismiss("a 3");
  await notes.add([{ name: "a 3" }, { name: "c 5" }]);
  assert.deepEqual(names(notes), ["b 4", "c 5"]);
  assert.deepEqual([...device.rows.keys()], ["b 4", "c 5"]);
});

test("nor is what I dismissed in another tab", async () => {
  const [device, notes] = begun();
  await notes.add([{ name: "a 3" }]);
  device.rows.delete("a 3");
  await notes.load();
  await notes.add([{ name: "a 3" }]);
  assert.deepEqual(names(notes), []);
});

test("the same loss once more is news", async () => {
  const [, notes] = begun();
  await notes.add([{ name: "a 3" }]);
  await notes.dismiss();
  await notes.add([{ name: "a 7" }]);
  assert.deepEqual(names(notes), ["a 7"]);
});
