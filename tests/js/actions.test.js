/** What is said of an action that the server did, in whichever order its answer and its change come. */

import assert from "node:assert/strict";
import { test } from "node:test";

import { Actions } from "../../static/js/ui/actions.js";

/** Run an action in a session at version 1. @returns what was announced, and `come`, which lets an event come */
function started() {
  const session = Object.assign(new EventTarget(), { actions: [{ id: "tidy", title: "Tidy…" }], client: "me", connection: "live", version: 1, submit: () => 7 });
  const said = [];
  const notices = { announce: (text) => said.push(text), toast: (text) => said.push(text) };
  const texts = { say: (name, { action }) => `${name} ${action}` };
  new Actions({ session, notices, texts, editing: { mayEdit: true } }).run("tidy", { nodes: [] });
  return { said, come: (type, detail) => session.dispatchEvent(Object.assign(new Event(type), { detail })), session };
}

const answer = { entry: { operation: { kind: "execute_action" }, client: "me", seq: 7 }, frame: { version: 2 } };
const change = { changes: [{ client: "me", seq: 7 }] };

for (const [first, order] of Object.entries({ answer: ["acked", "patched"], change: ["patched", "acked"] })) {
  test(`it is done, once, also when its ${first} comes first`, () => {
    const { said, come, session } = started();
    for (const type of order) {
      if (type === "patched") session.version = 2;
      come(type, type === "acked" ? answer : change);
    }
    come("acked", answer);
    assert.deepEqual(said, ["action_done Tidy"]);
  });
}
