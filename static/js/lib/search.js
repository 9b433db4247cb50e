/** Looking for what a person types: without case and accents, and the better matches first. */

const MAX_SHOWN = 80;
const BEFORE = 16;

/** A text as it is compared. */
export const folded = (text) => text.normalize("NFKD").replace(/\p{M}+/gu, "").toLowerCase();

/** The words that are looked for. @param {string} query */
export const wordsOf = (query) => folded(query).split(/\s+/).filter(Boolean);

/**
 * How well a text fits: 0 when it begins with the first word, 1 when a word of it does, 2 when it is somewhere inside.
 * @param {string} text folded @param {string[]} words folded @returns {number|null} null unless every word is in it
 */
export function rank(text, words) {
  if (!words.every((word) => text.includes(word))) return null;
  const [first = ""] = words;
  if (text.startsWith(first)) return 0;
  return /[\s\p{P}]/u.test(text[text.indexOf(first) - 1]) ? 1 : 2;
}

/** Those that fit, the best first, others in their order. @template T @param {Iterable<T>} all @param {string[]} words @param {(one: T) => string} textOf folded */
export function ranked(all, words, textOf) {
  const found = Array.from(all, (one) => ({ one, fit: rank(textOf(one), words) })).filter(({ fit }) => fit !== null);
  return found.sort((one, other) => one.fit - other.fit).map(({ one }) => one);
}

/** The part of a text around what was found, on one line. @param {string} text @param {string} query */
export function around(text, query) {
  const line = text.replace(/\s+/g, " ").trim();
  const at = Math.max(0, folded(line).indexOf(folded(query).trim()) - BEFORE);
  const begins = at ? line.indexOf(" ", at - 1) + 1 : 0;
  const shown = line.slice(begins, begins + MAX_SHOWN);
  return `${begins ? "…" : ""}${shown}${begins + MAX_SHOWN < line.length ? "…" : ""}`;
}
