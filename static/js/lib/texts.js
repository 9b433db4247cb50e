/** What scripts say, in the reader's language: the server translates, names in braces are filled in here. */

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
