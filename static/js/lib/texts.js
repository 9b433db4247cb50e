/** Text: what scripts say, in the reader's language: the server translates, names in braces are filled in here. */

const LONGEST_SPOKEN = 80;

export class Texts {
  #texts;

  /** @param {Record<string, string>} texts */
  constructor(texts) {
    this.#texts = texts;
  }

  /** @param {string} name @param {Record<string, string|number>} [values]; with a `count` of 1, `name_one` is taken */
  say(name, values = {}) {
    const text = (values.count === 1 && this.#texts[`${name}_one`]) || this.#texts[name] || name;
    return text.replace(/\{(\w+)\}/g, (whole, key) => values[key] ?? whole);
  }
}

/** Text as the server counts it: in characters, where browsers count UTF-16 units. @param {string} text */
export const characters = (text) => Array.from(text).length;

const short = (label) => [...label].slice(0, LONGEST_SPOKEN).join("");

/** How many bytes a value takes on the wire. */
export const bytesOf = (value) => new TextEncoder().encode(JSON.stringify(value)).length;

/** What a screen reader says, in the words of the server. @param {{label: string, title: string, state?: string}} node its kind's title, and "off" */
export const nodeName = ({ label, title, state = "" }) => [short(label), title, state].filter(Boolean).join(", ");

/** @param {string[]} labels of its ends */
export const edgeName = (labels) => labels.map(short).join(" → ");
