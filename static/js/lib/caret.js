/** Where a caret and a selection stand once the text around them has become another. */

/**
 * Behind the same text, or before the same, or as near as can be.
 * @param {string} before @param {string} after @param {number} at
 */
export function caretIn(before, after, at) {
  const [left, right] = [before.slice(0, at), before.slice(at)];
  if (after.startsWith(left)) return at;
  return after.endsWith(right) ? after.length - right.length : Math.min(at, after.length);
}

/** What was selected as a whole stays so. @param {[number, number]} range @returns {[number, number]} */
export function rangeIn(before, after, [start, end]) {
  const isWhole = start === 0 && end === before.length && end > 0;
  return isWhole ? [0, after.length] : [caretIn(before, after, start), caretIn(before, after, end)];
}
