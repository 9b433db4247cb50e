/**
 * An edit on its way, and which of many it is about.
 *
 * @typedef {{client: string, seq: number, operation: object, step?: string, words?: object, at: number, isFresh: boolean, bytes: number,
 *   isKept: boolean, state: "queued"|"sent"|"acked", version?: number}} Entry `isFresh`: never sent yet; `at`: when, in ms, never backwards
 */

const ENVELOPE = 200;

export const nameOf = (client, seq) => `${client} ${seq}`;

/** An undo that comes late would take back something else. @param {Entry} entry */
export const isTakingBack = ({ operation: { kind } }) => kind === "undo" || kind === "redo";

/** The last step, as far as nothing of it has ever been sent. @param {Entry[]} waiting oldest first @returns {Entry[]} oldest first */
export function lastStep(waiting) {
  const step = [];
  for (const entry of waiting.toReversed()) {
    if (!entry.isFresh || isTakingBack(entry) || (step.length && (!entry.step || entry.step !== step[0].step))) break;
    step.unshift(entry);
  }
  return step;
}

/** What went out and is more than `most` bytes as a frame: the largest. @param {Entry[]} waiting @returns {Entry|undefined} */
export function oversized(waiting, most) {
  return waiting.filter(({ state, bytes }) => state === "sent" && bytes + ENVELOPE > most).sort((a, b) => b.bytes - a.bytes)[0];
}
