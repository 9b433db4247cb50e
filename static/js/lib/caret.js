/** Where a caret and a selection belong after the text around them has changed. */

/**
 * Behind the same text, or before the same, or as near as can be.
 * @param {string} before @param {string} after @param {number} at
 */
export function caretIn(before, after, at) {
  const [left, right] = [before.slice(0, at), before.slice(at)];
  if (after.startsWith(left)) return at;
  return after.endsWith(right) ? after.length - right.length : Math.min(at, after.length);
}

/** A whole selection stays whole. @param {[number, number]} range @returns {[number, number]} */
export function rangeIn(before, after, [start, end]) {
  const isWhole = start === 0 && end === before.length && end > 0;
  return isWhole ? [0, after.length] : [caretIn(before, after, start), caretIn(before, after, end)];
}
