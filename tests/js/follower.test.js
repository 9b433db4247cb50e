/** The page is always exactly at a version of the log: a frame is applied only where it begins. */

import assert from "node:assert/strict";
import { mock, test } from "node:test";

import { Follower } from "../../static/js/sync/follower.js";

const PAGE = { user: "1", flow: "f", version: "5", epoch: "e", digest: "d5", canvasUrl: "/canvas" };

function follower({ isPartial = false, canvas = () => ({ version: 9 }), bad = [] } = {}) {
  const seen = { applied: [], replaced: [], told: [], reported: [], resumed: 0, asked: 0, aborted: 0 };
  const show = (html, shown) => {
    if (bad.includes(html)) throw new TypeError(`no ${html}`);
    shown.push(html);
  };
  const patcher = { apply: (html) => show(html, seen.applied), replace: (html) => show(html, seen.replaced) };
  globalThis.reportError = ({ message }) => seen.reported.push(message);
  globalThis.fetch = async (_, { signal }) => {
    seen.asked += 1;
    signal.addEventListener("abort", () => (seen.aborted += 1));
    const { version, epoch = "e", digest = `d${version}`, ok = true, body = whole(`canvas ${version}`) } = await canvas(signal);
    const headers = version ? { "X-Helix-Version": String(version), "X-Helix-Epoch": epoch, "X-Helix-Digest": digest } : {};
    return new Response(body, { status: ok ? 200 : 503, headers });
  };
  const page = new Follower(PAGE, patcher, { isPartial, resume: () => (seen.resumed += 1) });
  page.addEventListener("patched", ({ detail }) => seen.told.push(detail?.version ?? null));
  return { page, seen };
}

const bytes = (text) => new TextEncoder().encode(text);
const whole = (text) => new ReadableStream({ start: (body) => (body.enqueue(bytes(text)), body.close()) });
/** A body that stops arriving until the fetch is aborted. */
const halted = (signal, begun = () => {}) => new ReadableStream({ start: (body) => (begun(body), signal.addEventListener("abort", () => body.error(signal.reason))) });

const change = (previous, version) => ({ type: "apply_changes", previous, version, digest: `d${version}`, html: `${previous}-${version}`, changes: [] });
const settled = () => new Promise((resolve) => setImmediate(resolve));

test("a frame that begins elsewhere is not applied: what is held is skipped, a gap is asked for", () => {
  const { page, seen } = follower();
  page.take(change(3, 5));
  assert.deepEqual([page.version, seen.resumed], [5, 0]);
  page.take(change(6, 7));
  page.take(change(4, 6));
  assert.deepEqual([page.version, seen.applied, seen.resumed], [5, [], 2]);
  page.take(change(5, 8));
  assert.deepEqual([page.version, page.digest, seen.applied], [8, "d8", ["5-8"]]);
});

test("frames wait for a canvas on its way and go on from it", async () => {
  const { page, seen } = follower({ canvas: () => ({ version: 7 }) });
  page.take({ type: "snapshot", version: 7 });
  for (const frame of [change(5, 6), change(6, 7), change(7, 9)]) page.take(frame);
  await settled();
  assert.deepEqual([page.version, seen.replaced, seen.applied], [9, ["canvas 7"], ["7-9"]]);
});

test("a snapshot that comes while a canvas is on its way, and is ahead of it, is fetched too", async () => {
  const versions = [7, 9];
  const { page, seen } = follower({ canvas: () => ({ version: versions.shift() }) });
  page.take({ type: "snapshot", version: 7 });
  page.take({ type: "snapshot", version: 9 });
  await settled();
  await settled();
  assert.deepEqual([page.version, seen.replaced], [9, ["canvas 7", "canvas 9"]]);
});

test("an answer that is not a canvas, such as a login page, changes nothing and is fetched again once", async () => {
  mock.timers.enable({ apis: ["setTimeout"] });
  const answers = [{ version: 0 }, { version: 0, ok: false }, { version: 9 }];
  const { page, seen } = follower({ canvas: () => answers.shift() });
  page.take({ type: "snapshot", version: 9 });
  await settled();
  assert.deepEqual([page.version, seen.replaced, seen.asked, page.isFetching], [5, [], 1, true]);
  mock.timers.tick(3_000);
  await settled();
  mock.timers.tick(3_000);
  await settled();
  assert.deepEqual([page.version, seen.replaced, seen.asked], [9, ["canvas 9"], 3]);
  mock.timers.reset();
});

test("after the end nothing is fetched any more", async () => {
  mock.timers.enable({ apis: ["setTimeout"] });
  const { page, seen } = follower({ canvas: () => ({ version: 0, ok: false }) });
  page.take({ type: "snapshot", version: 9 });
  page.end(false);
  await settled();
  mock.timers.tick(10_000);
  assert.equal(seen.asked, 1);
  mock.timers.reset();
});

test("a heartbeat with another digest, another epoch or far ahead fetches; one that is ahead of a page that stands still resumes", async () => {
  for (const beat of [{ version: 5, epoch: "e", digest: "x" }, { version: 5, epoch: "other", digest: "d5" }, { version: 2000, epoch: "e", digest: "y" }]) {
    const { page, seen } = follower();
    page.compare(beat);
    await settled();
    assert.equal(seen.asked, 1);
  }
  const { page, seen } = follower();
  page.compare({ version: 6, epoch: "e", digest: "d6" });
  page.take(change(5, 6));
  page.compare({ version: 7, epoch: "e", digest: "d7" });
  assert.equal(seen.resumed, 0);
  page.compare({ version: 8, epoch: "e", digest: "d8" });
  assert.equal(seen.resumed, 1);
});

test("after a reconnection to another log, or another digest of the same version, nothing held counts", async () => {
  const { page, seen } = follower();
  page.welcome({ version: 5, epoch: "other", digest: "d5" });
  assert.deepEqual([page.version, page.epoch], [null, "other"]);
  const strayed = follower();
  strayed.page.welcome({ version: 5, epoch: "e", digest: "x" });
  await settled();
  assert.deepEqual([strayed.page.version, strayed.seen.asked, seen.asked], [9, 1, 0]);
});

test("a canvas that does not come is given up with the connection, or after a while", async () => {
  mock.timers.enable({ apis: ["setTimeout"] });
  const { page, seen } = follower({ canvas: () => new Promise(() => {}) });
  page.take({ type: "snapshot", version: 9 });
  assert.equal(page.isFetching, true);
  page.welcome({ version: 9, epoch: "e", digest: "d9" });
  assert.equal(seen.aborted, 0, "the first greeting comes while the first canvas is on its way");
  page.welcome({ version: 9, epoch: "e", digest: "d9" });
  assert.equal(seen.aborted, 1);
  const again = follower({ canvas: () => new Promise(() => {}) });
  again.page.take({ type: "snapshot", version: 9 });
  mock.timers.tick(20_000);
  assert.equal(again.seen.aborted, 1);
  mock.timers.reset();
});

test("a canvas that breaks off changes nothing and is asked for again", async () => {
  mock.timers.enable({ apis: ["setTimeout"] });
  const broken = () => new ReadableStream({ start: (body) => (body.enqueue(bytes("canv")), body.error(new TypeError("network error"))) });
  const answers = [{ version: 9, body: broken() }, { version: 9 }];
  const { page, seen } = follower({ canvas: () => answers.shift() });
  page.take({ type: "snapshot", version: 9 });
  await settled();
  assert.deepEqual([page.version, page.isFetching, seen.replaced, seen.reported], [5, true, [], []]);
  mock.timers.tick(3_000);
  await settled();
  assert.deepEqual([page.version, page.isFetching, seen.replaced], [9, false, ["canvas 9"]]);
  mock.timers.reset();
});

test("a canvas that comes to a halt is given up; a slow one is not, as long as something arrives", async () => {
  mock.timers.enable({ apis: ["setTimeout"] });
  let slow;
  const answers = [(signal) => halted(signal), (signal) => halted(signal, (body) => (slow = body))];
  const { page, seen } = follower({ canvas: (signal) => ({ version: 9, body: answers.shift()(signal) }) });
  page.take({ type: "snapshot", version: 9 });
  await settled();
  mock.timers.tick(20_000);
  await settled();
  assert.deepEqual([seen.aborted, seen.asked, seen.reported], [1, 1, []]);
  mock.timers.tick(3_000);
  await settled();
  for (const letter of "slow") {
    mock.timers.tick(19_000);
    slow.enqueue(bytes(letter));
    await settled();
  }
  slow.close();
  await settled();
  assert.deepEqual([page.version, seen.aborted, seen.replaced], [9, 1, ["slow"]]);
  mock.timers.reset();
});

test("a broadcast that cannot be shown is reported, and the whole canvas takes its place", async () => {
  const { page, seen } = follower({ bad: ["5-6"], canvas: () => ({ version: 6 }) });
  page.take(change(5, 6));
  page.take(change(6, 7));
  await settled();
  assert.deepEqual([seen.reported, seen.replaced, seen.applied], [["no 5-6"], ["canvas 6"], ["6-7"]]);
  assert.deepEqual([page.version, page.isFetching, seen.told, seen.resumed], [7, false, [null, 7], 0]);
});

test("a canvas that cannot be shown is reported and asked for again, and nothing is left hanging", async () => {
  mock.timers.enable({ apis: ["setTimeout"] });
  const versions = [8, 9];
  const { page, seen } = follower({ bad: ["canvas 8"], canvas: () => ({ version: versions.shift() }) });
  page.take({ type: "snapshot", version: 8 });
  await settled();
  assert.deepEqual([page.version, page.isFetching, seen.reported], [5, true, ["no canvas 8"]]);
  mock.timers.tick(3_000);
  await settled();
  assert.deepEqual([page.version, seen.replaced], [9, ["canvas 9"]]);
  mock.timers.reset();
});
