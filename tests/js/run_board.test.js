/** How a run is folded from frames, what an edge and a node say of it, and the axis of its timeline. */

import assert from "node:assert/strict";
import { test } from "node:test";

import { Texts } from "../../static/js/lib/texts.js";
import { RunBoard, firstShown, fraction, isOver, sentence } from "../../static/js/runs/board.js";
import { RunMarks } from "../../static/js/runs/marks.js";
import { axis, lengthText, tickText } from "../../static/js/runs/ticks.js";

const frame = (previous, seq, tasks = [], state = "running") => ({ previous, seq, state, progress: 0, tasks });
const entry = (state, done = 0, total = 1, attempt = 1, message = "") => [state, done, total, attempt, message];
const texts = new Texts({
  state_running: "Running", state_done: "Done", state_failed: "Failed", state_queued: "Queued", of: "{done} of {total}", done_in: "Done, {time}", attempt: "try {count}",
  seconds: "{count} s", minutes: "{count} min", hours: "{count} h",
});

test("a frame that begins after what is known is a gap, and changes nothing", () => {
  const board = new RunBoard("r");
  board.take(frame(0, 3, [["a", ...entry("running")]]));
  assert.deepEqual(board.take(frame(5, 6, [["a", ...entry("done", 1)]])), { isGap: true, changed: [] });
  assert.equal(board.seq, 3);
  assert.equal(board.entry("a").state, "running");
});

test("a frame that came before changes nothing, the same one again neither", () => {
  const board = new RunBoard("r");
  board.take(frame(0, 6, [["a", ...entry("done", 1)]]));
  assert.deepEqual(board.take(frame(0, 3, [["a", ...entry("running")]])).changed, []);
  assert.deepEqual(board.take(frame(0, 6, [["a", ...entry("done", 1)]])).changed, []);
  assert.equal(board.entry("a").state, "done");
});

test("frames with one end belong together", () => {
  const board = new RunBoard("r");
  board.take(frame(0, 9, [["a", ...entry("done", 1)]]));
  assert.deepEqual(board.take(frame(0, 9, [["b", ...entry("failed", 1)]])).changed, ["b"]);
});

test("what still waits in a run that is over was not reached, and nothing is said of it", () => {
  const board = new RunBoard("r");
  board.take(frame(0, 1, [["a", ...entry("skipped")], ["inside", ...entry("waiting")]]));
  assert.equal(board.entry("inside").state, "waiting");
  board.take(frame(1, 2, [], "done"));
  assert.equal(board.entry("inside"), null);
  assert.equal(board.entry("a").state, "skipped");
});

test("a node that no event is about waits, until the run is over", () => {
  const board = new RunBoard("r");
  board.take(frame(0, 1));
  assert.equal(board.entry("a").state, "waiting");
  board.take(frame(1, 2, [], "failed"));
  assert.equal(board.entry("a"), null);
});

test("an edge carries when what is before it ended and what is after it began", () => {
  const board = new RunBoard("r");
  const flow = (source, target, sourcePort = "out") => board.flow({ source, sourcePort, target });
  board.take(frame(0, 5, [["a", ...entry("done", 1)], ["b", ...entry("running")], ["c", ...entry("skipped", 1)]]));
  assert.equal(flow("x", "a"), "idle");
  assert.equal(flow("a", "b"), "running");
  assert.equal(flow("a", "c"), "dead");
  assert.equal(flow("a", "y"), "idle");
  board.take(frame(5, 6, [["b", ...entry("done", 1)]]));
  assert.equal(flow("a", "b"), "carried");
});

test("a port that was not chosen carries nothing, though its target has begun by another way", () => {
  const board = new RunBoard("r");
  board.take(frame(0, 5, [["route", ...entry("done", 1)], ["join", ...entry("done", 1)]]));
  board.ports.set("route", new Set(["yes"]));
  assert.equal(board.flow({ source: "route", sourcePort: "no", target: "join" }), "dead");
  assert.equal(board.flow({ source: "route", sourcePort: "yes", target: "join" }), "carried");
  board.take(frame(5, 6, [["route", ...entry("running")]]));
  assert.equal(board.ports.has("route"), false);
});

test("a node says its state, how many of its iterations, why it failed and which try it is", () => {
  const say = (state, done, total, attempt, message, options) => sentence({ state, done, total, attempt, message }, texts, options);
  assert.equal(say("running", 3, 10, 1, ""), "Running, 3 of 10");
  assert.equal(say("running", 3, 10, 1, "", { isShort: true }), "3 of 10");
  assert.equal(say("done", 1, 1, 1, "", { took: "0.8 s" }), "Done, 0.8 s");
  assert.equal(say("failed", 1, 1, 3, "503"), "503, try 3");
  assert.equal(say("failed", 2, 10, 1, "503", { isShort: true }), "Failed, 2 of 10");
  assert.equal(say("queued", 0, 1, 0, "no worker with gpu"), "Queued, no worker with gpu");
  assert.equal(say("running", 0, 1, 1, "62%"), "Running, 62%");
});

test("only what runs and tells how far it is has a bar", () => {
  assert.equal(fraction({ state: "running", done: 13, total: 20, message: "" }), 0.65);
  assert.equal(fraction({ state: "running", done: 0, total: 1, message: "62%" }), 0.62);
  assert.equal(fraction({ state: "running", done: 0, total: 1, message: "" }), null);
  assert.equal(fraction({ state: "done", done: 20, total: 20, message: "" }), null);
});

test("a new page shows the newest run that goes on", () => {
  assert.equal(firstShown([{ id: "c", state: "done" }, { id: "b", state: "paused" }, { id: "a", state: "running" }]).id, "b");
  assert.equal(firstShown([{ id: "c", state: "done" }]), null);
  assert.ok(isOver("done_with_failures") && !isOver("waiting"));
});

test("an axis has as many ticks as its width has room for, and covers a little more than the run", () => {
  for (const length of [0, 40, 900, 11_400, 95_000, 4_000_000, 80_000_000]) {
    for (const width of [180, 640, 1_200]) {
      const { span, step, ticks } = axis(length, width);
      assert.ok(span > length);
      assert.ok(ticks.length - 1 <= width / 72, `${length} in ${width}: ${ticks.length}`);
      assert.equal(ticks[0], 0);
      assert.ok(ticks.every((tick, at) => tick === at * step && tick <= span));
    }
  }
});

test("a tick is written in the unit of its step", () => {
  assert.equal(tickText(400, 200, texts), "0.4 s");
  assert.equal(tickText(12_000, 2_000, texts), "12 s");
  assert.equal(tickText(300_000, 60_000, texts), "5 min");
  assert.equal(tickText(5_400_000, 3_600_000, texts), "1.5 h");
});

test("how long a run takes so far is said in the words of the server", () => {
  const said = [100, 59_900, 60_000, 83_000, 5_025_300, 7_260_000].map((ms) => lengthText(ms, texts));
  assert.deepEqual(said, ["0.1 s", "59.9 s", "1 min 0 s", "1 min 23 s", "1 h 23 min", "2 h 1 min"]);
});

test("what an agent said is forgotten when it tries again", () => {
  const graph = { nodes: new Map(), edges: new Map(), edgesOf: () => [] };
  const marks = new RunMarks({ graph, renderer: new EventTarget(), root: { toggleAttribute: () => {} } }, texts);
  const board = new RunBoard("r");
  marks.show(board);
  marks.say("a", "Dear ");
  board.take(frame(0, 1, [["a", ...entry("running")]]));
  assert.equal(marks.say("a", "Jo"), "Dear Jo");
  board.take(frame(1, 2, [["a", ...entry("running", 0, 1, 2)]]));
  assert.equal(marks.said("a"), "");
  assert.equal(marks.say("a", "Hello"), "Hello");
});
