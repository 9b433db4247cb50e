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
  const session = new LiveSession({ dataset }, { restore });
  await session.outbox.adopt();
  const told = [];
  session.addEventListener("refused", ({ detail }) => told.push(detail.frame.code));
  session.outbox.put({ kind: "remove_node", id: "a" });
  session.socket.dispatchEvent(new CustomEvent("frame", { detail: { frame: { type: "refused", seq: 1, code: "unknown_node", html: "" }, bytes: 1 } }));
  await settled();
  assert.deepEqual([told, reported, asked, session.outbox.pending], [["unknown_node"], ["no such state"], ["/canvas"], 0]);
  session.socket.stop(4404);
});
