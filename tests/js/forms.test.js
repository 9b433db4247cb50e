/** The inspector's blanks: fetched once, and again when they did not come, so that no form is missing for ever. */

import assert from "node:assert/strict";
import { test } from "node:test";

import { Forms } from "../../static/js/inspector/forms.js";

test("blank forms that stop arriving are given up, and fetched again when they are needed", async () => {
  const { timeout } = AbortSignal;
  const limits = [];
  let halt;
  AbortSignal.timeout = (time) => {
    limits.push(time);
    halt = new AbortController();
    return halt.signal;
  };
  globalThis.requestIdleCallback = () => {};
  globalThis.fetch = async (_, { signal }) => {
    const body = new ReadableStream({ start: (stream) => signal.addEventListener("abort", () => stream.error(signal.reason)) });
    return new Response(body);
  };
  const root = { dataset: { formsUrl: "/inspectors" }, querySelector: () => null };
  const forms = new Forms({ root, patcher: new EventTarget() });
  const first = forms.load();
  assert.equal(forms.load(), first);
  halt.abort();
  await first;
  const second = forms.load();
  assert.notEqual(second, first);
  halt.abort();
  await second;
  assert.deepEqual(limits, [20_000, 20_000]);
  AbortSignal.timeout = timeout;
});
