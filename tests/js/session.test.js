/** Where the parts of a live page meet: what goes wrong in one of them keeps no other from its work. */

import assert from "node:assert/strict";
import { after, before, mock, test } from "node:test";

import { LiveSession } from "../../static/js/sync/session.js";

const settled = () => new Promise((resolve) => setImmediate(resolve));
const reported = [];
const had = { location: globalThis.location, document: globalThis.document };

before(() => {
  mock.timers.enable({ apis: ["setTimeout"] });
  globalThis.location = new URL("https://helix.example/flows/f/");
  globalThis.document = new EventTarget();
  globalThis.reportError = ({ message }) => reported.push(message);
});
after(() => {
  mock.timers.reset();
  Object.assign(globalThis, had);
});

test("a refusal whose state cannot be shown is reported once, and the whole canvas is fetched", async () => {
  const asked = [];
  globalThis.fetch = async (address) => (asked.push(address), new Response(null, { status: 403 }));
  const restore = () => {
    throw new TypeError("no such state");
  };
  const dataset = { role: "editor", socket: "/ws/", user: "1", flow: "f", version: "5", epoch: "e", digest: "d5", canvasUrl: "/canvas" };
  const session = new LiveSession({ dataset }, { restore, lay() {} });
  await session.outbox.adopt();
  const told = [];
  session.addEventListener("refused", ({ detail }) => told.push(detail.frame.code));
  session.outbox.put({ kind: "remove_node", id: "a" });
  session.socket.dispatchEvent(new CustomEvent("frame", { detail: { frame: { type: "refused", seq: 1, code: "unknown_node", html: "" }, bytes: 1 } }));
  await settled();
  assert.deepEqual([told, reported, asked, session.outbox.pending], [["unknown_node"], ["no such state"], ["/canvas"], 0]);
  session.socket.stop(4404);
});

/** A live session that notes which of the two events comes. */
function watched() {
  const dataset = { role: "editor", socket: "/ws/", user: "1", flow: "f", version: "5", epoch: "e", digest: "d5", canvasUrl: "/canvas" };
  const session = new LiveSession({ dataset }, { apply() {}, lay() {} });
  const told = [];
  for (const type of ["settled", "content"]) session.addEventListener(type, () => told.push(type));
  const take = (frame) => session.socket.dispatchEvent(new CustomEvent("frame", { detail: { frame, bytes: 1 } }));
  return { session, take, told: () => told.splice(0) };
}

const changes = (version, more) => ({ type: "apply_changes", previous: version - 1, version, digest: `d${version}`, html: "", changes: [], ...more });

test("who shows what things hold hears of an edit, its answer and its frame, but of no move", async () => {
  const { session, take, told } = watched();
  await session.outbox.adopt();
  const moves = { kind: "batch", operations: [{ kind: "move_node", id: "a", x: 1, y: 1 }, { kind: "resize_node", id: "b" }] };
  session.submit(moves);
  take({ type: "acked", seq: 1, version: 6 });
  take(changes(6, { move: [["a", 1, 1, 2, 2]] }));
  assert.deepEqual([told(), session.version], [["settled", "settled", "settled"], 6]);
  session.submit({ kind: "batch", operations: [...moves.operations, { kind: "edit_node", id: "a", set: { label: "x" } }] });
  take({ type: "acked", seq: 2, version: 7 });
  assert.deepEqual(told(), ["settled", "content", "settled", "content"]);
  take(changes(7, { move: [] }));
  assert.deepEqual(told(), ["settled", "content"], "an edit of mine that left no trace is in the picture no more");
  take(changes(8, { html: "<helix-node></helix-node>" }));
  assert.deepEqual(told(), ["settled", "content"]);
  session.socket.stop(4404);
});

test("the connection is told of when the socket changes, not with every edit", async () => {
  const { session } = watched();
  await session.outbox.adopt();
  const told = [];
  for (const type of ["status", "connection"]) session.addEventListener(type, () => told.push(type));
  session.submit({ kind: "move_node", id: "a", x: 1, y: 1 });
  assert.deepEqual(told, ["status"]);
  session.socket.stop(4404);
  assert.deepEqual(told, ["status", "connection", "status"]);
});
