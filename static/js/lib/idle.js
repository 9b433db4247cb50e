/** For what can wait until nobody waits for it. */

const MOST_MS = 5_000;

/** Run something at an idle moment, within a few seconds in any case. @param {() => void} run */
export function whenIdle(run) {
  (globalThis.requestIdleCallback ?? setTimeout)(run, { timeout: MOST_MS });
}
