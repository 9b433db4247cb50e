/** What is kept of a flow on a device: which broadcasts lead on from its copy, and that nothing fails where nothing can be kept. */

import assert from "node:assert/strict";
import { test } from "node:test";

import { OfflineCopy, chain } from "../../static/js/offline/offline_copy.js";

const frame = (previous, version, epoch = "e") => ({ previous, version, epoch });
const versions = (frames, since, epoch = "e") => chain(frames, since, epoch).map(({ version }) => version);

test("a gap ends it: what comes after has no base", () => {
  assert.deepEqual(versions([frame(5, 6), frame(7, 8), frame(8, 9)], 5), [6]);
  assert.deepEqual(versions([frame(7, 8)], 5), []);
});

test("nothing of another log is taken", () => {
  assert.deepEqual(versions([frame(5, 6, "before"), frame(5, 7, "before")], 5), []);
  assert.deepEqual(versions([frame(5, 6), frame(6, 7, "before"), frame(6, 8)], 5), [6, 8]);
});

test("what the copy holds already is left out", () => {
  assert.deepEqual(versions([frame(3, 4), frame(4, 5), frame(5, 6)], 5), [6]);
});

test("each begins where the one before it ended; of two tabs with different portions, either leads on", () => {
  assert.deepEqual(versions([frame(3, 8), frame(4, 6)], 5), []);
  assert.deepEqual(versions([frame(5, 6), frame(5, 8), frame(6, 7), frame(8, 9)], 5), [8, 9]);
});

test("without a worker everything is done in silence, and nothing is kept", async () => {
  const copy = new OfflineCopy({ user: "1", flow: "f", epoch: "e", canvas: "/flows/f/canvas" });
  copy.keep(frame(1, 2));
  copy.renew();
  await copy.keepCanvas(new Response("all of it"));
  assert.deepEqual(await copy.frames(1), []);
  assert.equal(await copy.canvas(), undefined);
});
