/** Notes of work that overlapped with others': by whom, and in plain words. */

import assert from "node:assert/strict";
import { test } from "node:test";

import { overwrittenNote } from "../../static/js/conflicts/notes.js";
import { Texts } from "../../static/js/lib/texts.js";

const texts = new Texts({
  gone_after_you: "{name} deleted {what}",
  gone_after_them: "You deleted {what} after {name} changed it",
  went_along: "Your connections went with it: {edges}",
  went_along_theirs: "What {name} had connected went with it: {edges}",
  after_you: "{name} changed {what} after you",
  after_them: "You changed {what} after {name}",
  moved: "Moved",
  is_now: "{property}: “{from}” is now “{to}”",
  after_elsewhere: "You wrote {what} elsewhere too",
  gone_elsewhere: "You deleted {what}, but had changed it elsewhere",
  take_elsewhere: "Take the other one",
  bring_back: "Bring it back",
  put_back: "Put yours back",
  take_theirs: "Take {name}’s",
  property_parent: "Group",
  property_ends: "Connection",
  nothing: "nothing",
});
const editor = { texts, session: { you: { id: 1 } }, graph: { nodes: new Map([["d", { kind: "decision" }], ["h", { kind: "group", label: "Here" }]]) }, catalogue: { decision: { settings: { branches: "Branches" } }, group: { title: "Group" } } };
const bob = { id: 7, name: "Bob", colour: "#b45309" };
const base = { node: "d", label: "Two", version: 3, actor: bob, edges: [] };

const said = (item) => {
  const { title, what, detail, action } = overwrittenNote({ ...base, ...item }, editor);
  return [title.replace("{what}", what), detail, action];
};

test("the ends of an edge are called by the nodes' names", () => {
  const moved = { node: undefined, edge: "e", label: "A → C", property: "ends", stands: "theirs", names: { a: "Ask", c: "Cut" } };
  const [, detail] = said({ ...moved, mine: ["a", "b", "out", "in"], theirs: ["a", "c", "out", "in"], put: {} });
  assert.equal(detail, "Connection: “Ask → b” is now “Ask → Cut”");
});

test("my own deletion is not blamed on another person", () => {
  const gone = { property: null, gone: true, put: { kind: "add_node" } };
  assert.deepEqual(said({ ...gone, stands: "mine" }), ["You deleted Two after Bob changed it", "", "Bring it back"]);
  assert.deepEqual(said({ ...gone, stands: "theirs" }), ["Bob deleted Two", "", "Bring it back"]);
});

test("whose connections went with it", () => {
  const gone = { property: null, gone: true, edges: ["Two → Three"] };
  assert.equal(said({ ...gone, stands: "mine" })[1], "What Bob had connected went with it: Two → Three");
  assert.equal(said({ ...gone, stands: "theirs" })[1], "Your connections went with it: Two → Three");
});

test("a list of names is read as one, and what hung on a branch is named", () => {
  const branches = { property: "settings.branches", mine: ["yes", "no", "maybe"], theirs: ["yes", "no", "later"] };
  assert.deepEqual(said({ ...branches, stands: "mine" }), ["You changed Two after Bob", "Branches: “yes, no, later” is now “yes, no, maybe”", "Take Bob’s"]);
  const detail = said({ ...branches, stands: "theirs", edges: ["Two → Three"] })[1];
  assert.equal(detail, "Branches: “yes, no, maybe” is now “yes, no, later”. Your connections went with it: Two → Three");
});

test("a group is called by its name, also when it is gone", () => {
  const moved = { property: "parent", stands: "theirs", mine: "g", theirs: "h", names: { g: "Gone", h: "Here" } };
  assert.equal(said(moved)[1], "Group: “Gone” is now “Here”");
  assert.equal(said({ ...moved, theirs: null })[1], "Group: “Gone” is now “nothing”");
});

test("a place is not given in numbers: the node can be shown", () => {
  const note = overwrittenNote({ ...base, property: "place", stands: "theirs", mine: [336, 376], theirs: [80, 200], put: {} }, editor);
  assert.deepEqual([note.detail, note.moved], ["Moved", "d"]);
  assert.equal(overwrittenNote({ ...base, property: "label", stands: "theirs", mine: "a", theirs: "b" }, editor).moved, undefined);
});

test("my changes to my own work are my own", () => {
  const mine = { stands: "mine", actor: { id: 1, name: "Alice" } };
  assert.deepEqual(said({ ...mine, property: "settings.branches", mine: "short", theirs: "long" }), ["You wrote Two elsewhere too", "Branches: “long” is now “short”", "Take the other one"]);
  assert.deepEqual(said({ ...mine, property: null, gone: true }), ["You deleted Two, but had changed it elsewhere", "", "Bring it back"]);
  assert.equal(said({ property: null, gone: true, stands: "theirs", actor: null })[0], "somebody deleted Two");
});
