/** Edits that a run must have: what is on its way to the server. Pure. */

const PATIENCE_MS = 5_000;

/**
 * Wait until the server has every edit of an outbox.
 *
 * @param {EventTarget & {pending: number}} outbox @param {number} [patience] in ms @returns {Promise<boolean>} false where some are still unsent
 */
export function allSent(outbox, patience = PATIENCE_MS) {
  if (!outbox.pending) return Promise.resolve(true);
  return new Promise((done) => {
    const end = (isSent) => {
      clearTimeout(timer);
      outbox.removeEventListener("change", look);
      done(isSent);
    };
    const look = () => outbox.pending || end(true);
    const timer = setTimeout(() => end(false), patience);
    outbox.addEventListener("change", look);
  });
}
