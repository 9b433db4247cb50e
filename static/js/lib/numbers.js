/**
 * Numbers as people write them: in the digits of any script, with the signs of any language. What could mean two numbers is
 * refused, never guessed. `flows/pages/forms/numbers.py` has the same rule; `tests/vectors/numbers.json` holds both to it.
 */

import { language } from "./texts.js";

const IGNORED = /[\u200E\u200F\u061C]/g;
const MINUS = /[\u2212\uFE63\uFF0D]/g;
const SHAPE = /^([+-]?)(\d*(?:[.,\u066B\u066C \u00A0\u2009\u202F'\u2019]\d+)*)(?:e([+-]?\d+))?$/i;
const DECIMAL_MARKS = ".,\u066B";

/** The sign before the fraction in a language. @param {string} [tag] */
export const decimalMark = (tag = language) => new Intl.NumberFormat(tag).formatToParts(1.5).find(({ type }) => type === "decimal").value;

/** Why a text is no number: the name of what to say. */
export class NotANumber extends Error {}

/** @param {string} text not empty @param {{isWhole?: boolean, mark?: string}} [how] @returns {number} @throws {NotANumber} */
export function readNumber(text, { isWhole = false, mark = decimalMark() } = {}) {
  const refuse = (why) => { throw new NotANumber(why); };
  const [, sign, body, exponent = ""] = SHAPE.exec(plain(text)) ?? refuse(isWhole ? "not_an_integer" : "not_a_number");
  const [parts, marks] = [body.split(/\D/), body.match(/\D/g) ?? []];
  const last = marks.at(-1);
  const isGrouped = !last || (!exponent && last !== "\u066B" && areGroups(parts, marks));
  const hasFraction = Boolean(last) && DECIMAL_MARKS.includes(last) && !marks.slice(0, -1).includes(last) && (marks.length === 1 || areGroups(parts.slice(0, -1), marks.slice(0, -1)));
  if (last && isGrouped && hasFraction && (isWhole || last !== mark)) refuse("two_numbers");
  if (!/\d/.test(body) || (!isGrouped && !hasFraction)) refuse(isWhole ? "not_an_integer" : "not_a_number");
  const digits = hasFraction ? `${parts.slice(0, -1).join("")}.${parts.at(-1)}` : parts.join("");
  const value = Number(`${sign}${digits}${exponent && `e${exponent}`}`);
  if (isWhole && (hasFraction || !Number.isSafeInteger(value))) refuse("not_an_integer");
  if (!Number.isFinite(value)) refuse("not_a_number");
  return value || 0;
}

/** A number as the page's language writes it, without groups: so it can be read back. */
export const writeNumber = (value, mark = decimalMark()) => String(value).replace(".", mark);

/** A value and a step, within bounds; without the dust that adding fractions leaves. */
export const stepped = (value, step, { minimum = -Infinity, maximum = Infinity } = {}) => Math.min(Math.max(Number((value + step).toPrecision(15)), minimum), maximum);

/** Groups of three, all with the same mark between them; a leading zero begins no group. */
const areGroups = ([first, ...rest], marks) => /^[1-9]\d{0,2}$/.test(first) && rest.every(({ length }) => length === 3) && new Set(marks).size === 1;

const plain = (text) => text.replace(IGNORED, "").trim().replace(MINUS, "-").replace(/\p{Nd}/gu, digit);

/** The digits of a script stand together, from zero to nine. */
function digit(character) {
  const code = character.codePointAt(0);
  let first = code;
  while (/\p{Nd}/u.test(String.fromCodePoint(first - 1))) first -= 1;
  return String((code - first) % 10);
}
