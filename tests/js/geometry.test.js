/** Pan, zoom, fit, order: the geometry of the canvas. */

import assert from "node:assert/strict";
import { test } from "node:test";

import { align } from "../../static/js/gestures/drag.js";
import { clamp, detail, encloses, fit, intersects, MAX_ZOOM, MIN_ZOOM, placed, readingOrder, round, snap, toScreen, toWorld, union, zoomAt } from "../../static/js/lib/geometry.js";

const view = { x: 40, y: -10, zoom: 0.5 };

test("screen and world are each other's inverse", () => {
  assert.deepEqual(toScreen(view, toWorld(view, { x: 123, y: 45 })), { x: 123, y: 45 });
});

test("zooming keeps the point under the pointer, within bounds", () => {
  const point = { x: 300, y: 200 };
  const before = toWorld(view, point);
  const after = toWorld(zoomAt(view, point, 1.7), point);
  assert.ok(Math.abs(before.x - after.x) < 1e-9 && Math.abs(before.y - after.y) < 1e-9);
  assert.equal(zoomAt(view, point, 99).zoom, MAX_ZOOM);
  assert.equal(zoomAt(view, point, 0).zoom, MIN_ZOOM);
});

test("fitting shows everything, centred, never enlarged", () => {
  const bounds = { x: -100, y: 50, width: 4000, height: 300 };
  const size = { width: 1000, height: 800 };
  const shown = fit(bounds, size);
  const corner = toScreen(shown, bounds);
  assert.ok(corner.x >= 0 && corner.x + bounds.width * shown.zoom <= size.width);
  assert.equal(fit({ x: 0, y: 0, width: 10, height: 10 }, size).zoom, 1);
});

test("nothing has no bounds; numbers are rounded as in the document", () => {
  assert.equal(union([]), null);
  assert.deepEqual(union([{ x: 0, y: 0, width: 2, height: 2 }, { x: 5, y: -1, width: 1, height: 1 }]), { x: 0, y: -1, width: 6, height: 3 });
  assert.equal(round(1.239), 1.24);
  assert.ok(Object.is(round(-0.001), 0));
  assert.equal(snap(13), 16);
  assert.deepEqual(placed({ x: 101, y: 99 }, 120, 60), { x: 40, y: 72 });
});

test("touching rectangles meet, distant ones do not", () => {
  const a = { x: 0, y: 0, width: 10, height: 10 };
  assert.ok(intersects(a, { x: 10, y: 10, width: 1, height: 1 }));
  assert.ok(!intersects(a, { x: 11, y: 0, width: 1, height: 1 }));
});

test("nodes are read row by row", () => {
  const node = (id, x, y, height = 60) => ({ id, x, y, width: 100, height });
  const order = readingOrder([node("c", 0, 200), node("b", 300, 10), node("a", 0, 0, 80), node("d", 200, 196)]);
  assert.deepEqual(order.map(({ id }) => id), ["a", "b", "c", "d"]);
});

test("detail falls with the zoom", () => {
  assert.deepEqual([1, 0.7, 0.69, 0.45, 0.44, 0.25, 0.24].map(detail), ["full", "full", "compact", "compact", "chip", "chip", "block"]);
});

test("a box out of reach is not aligned", () => {
  const other = { x: 0, y: 0, width: 100, height: 40 };
  assert.deepEqual(align({ x: 400, y: 300, width: 50, height: 50 }, [other], 6), { dx: null, dy: null, guides: [] });
});

test("a near side or centre pulls, with a line through both", () => {
  const other = { x: 0, y: 0, width: 100, height: 40 };
  const { dx, dy, guides } = align({ x: 3, y: 300, width: 50, height: 50 }, [other], 6);
  assert.equal(dx, -3);
  assert.equal(dy, null);
  assert.deepEqual(guides, [{ axis: "x", at: 0, from: 0, to: 350 }]);
  assert.equal(align({ x: 300, y: -3, width: 50, height: 50 }, [other], 6).dy, -2, "the nearest of sides and centres");
});

test("a rectangle encloses itself and what is inside, nothing that sticks out on any side", () => {
  const outer = { x: 0, y: 0, width: 100, height: 80 };
  assert.equal(encloses(outer, outer), true);
  assert.equal(encloses(outer, { x: 10, y: 10, width: 20, height: 20 }), true);
  for (const inner of [{ x: -1, y: 10 }, { x: 81, y: 10 }, { x: 10, y: -1 }, { x: 10, y: 61 }]) {
    assert.equal(encloses(outer, { ...inner, width: 20, height: 20 }), false);
  }
});

test("a value is kept between its bounds; the low one counts when there is no room", () => {
  assert.deepEqual([clamp(-1, 0, 9), clamp(5, 0, 9), clamp(12, 0, 9)], [0, 5, 9]);
  assert.equal(clamp(5, 8, -20), 8);
});
