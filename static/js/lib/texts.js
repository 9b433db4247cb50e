/** Text: what scripts say, in the reader's language: the server translates, names in braces are filled in here. */

const LONGEST_SPOKEN = 80;

export const language = globalThis.document?.documentElement.lang || "en";
const plural = new Intl.PluralRules(language);
const RIGHT_TO_LEFT = /[\u0590-\u08FF\uFB1D-\uFDFF\uFE70-\uFEFC]/;
const number = new Intl.NumberFormat(language);

/** Choose between the two forms of a text that counts. @param {number} count @param {string} [one] @param {string} other */
export const form = (count, one, other) => (plural.select(count) === "one" && one) || other;

export class Texts {
  #texts;

  /** @param {Record<string, string>} texts */
  constructor(texts) {
    this.#texts = texts;
  }

  /** @param {string} name @param {Record<string, string|number>} [values] a `count` chooses between `name_one` and `name` */
  say(name, values = {}) {
    const other = this.#texts[name] ?? name;
    const text = typeof values.count === "number" ? form(values.count, this.#texts[`${name}_one`], other) : other;
    return filled(text, values);
  }
}

/**
 * Fill in what stands in braces: numbers as the reader writes them, and people's words so that their direction stays theirs.
 *
 * @param {string} text @param {Record<string, string|number>} values
 */
export function filled(text, values) {
  return text.replace(/\{(\w+)\}/g, (whole, key) => (typeof values[key] === "number" ? number.format(values[key]) : isolated(values[key] ?? whole)));
}

/** Words that run from right to left, between marks that keep the sentence around them as it is. */
const isolated = (words) => (RIGHT_TO_LEFT.test(words) ? `\u2068${words}\u2069` : words);
/** Text as the server counts it: in characters, where browsers count UTF-16 units. @param {string} text */
export const characters = (text) => Array.from(text).length;

const short = (label) => [...label].slice(0, LONGEST_SPOKEN).join("");

/** What a screen reader says, in the words of the server. @param {{label: string, title: string, state?: string}} node its kind's title, and "off" */
export const nodeName = ({ label, title, state = "" }) => [short(label), title, state].filter(Boolean).join(", ");

/** @param {string[]} labels of its ends @param {string} [pattern] with both in braces */
export const edgeName = ([source, target], pattern = "{source} → {target}") => filled(pattern, { source: short(source), target: short(target) });
