/**
 * What the others have selected: a line around it in each person's colour, 3 px further out for each, and their names side by side
 * above the outermost, three at most and how many more.
 */

import { make, over } from "../lib/make.js";

const MAX_NAME_LENGTH = 24;
const MAX_TAGS = 3;
const FIRST = 5;
const STEP = 3;

export class Outlines {
  #parts;
  /** @type {Map<string, HTMLElement>} by session and node */
  #shown = new Map();
  /** @type {Map<string, {element: HTMLElement, names: string}>} the names above each node */
  #tags = new Map();

  constructor({ graph, layers }) {
    this.#parts = { graph, layers };
  }

  /** @param {Iterable<{session: string, id: number, name: string, colour: string, state: {selection?: string[]}}>} people */
  draw(people) {
    const byNode = this.#selected(people);
    const wanted = new Set();
    for (const [id, selecting] of byNode) {
      for (const [level, person] of selecting.entries()) {
        const key = `${person.session} ${id}`;
        wanted.add(key);
        const outline = this.#outlineOf(key, person);
        outline.style.setProperty("--out", `${FIRST + STEP * level}px`);
        over(this.#parts.layers.overlay, outline, this.#around(id));
        if (level === selecting.length - 1) this.#name(id, selecting, outline);
      }
    }
    for (const [key, element] of this.#shown) if (!wanted.has(key)) (element.remove(), this.#shown.delete(key));
    for (const id of this.#tags.keys()) if (!byNode.has(id)) (this.#tags.get(id).element.remove(), this.#tags.delete(id));
  }

  /** Who has selected each node, or the collapsed group that stands for it; each person once, however many tabs they have. */
  #selected(people) {
    const { graph } = this.#parts;
    const byNode = new Map();
    for (const person of people) {
      for (const id of person.state.selection ?? []) {
        const shown = graph.standIn(id);
        if (!graph.node(shown)) continue;
        if (!byNode.has(shown)) byNode.set(shown, []);
        if (!byNode.get(shown).some((other) => other.who === person.who)) byNode.get(shown).push(person);
      }
    }
    return byNode;
  }

  /** The sheet puts the line outside it, as far at every zoom. */
  #around(id) {
    const { x, y, width, height } = this.#parts.graph.rect(id);
    return { x, y, width, height };
  }

  #outlineOf(key, { colour }) {
    if (!this.#shown.has(key)) this.#shown.set(key, inColour(make("div.outline", { "aria-hidden": "true" }), colour));
    return this.#shown.get(key);
  }

  /** Put the names into the outermost outline. */
  #name(id, people, outline) {
    const names = people.map(({ session, name }) => `${session} ${name}`).join();
    let tags = this.#tags.get(id);
    if (tags?.names !== names) {
      tags?.element.remove();
      tags = { element: tagsOf(people), names };
      this.#tags.set(id, tags);
    }
    if (tags.element.parentNode !== outline) outline.append(tags.element);
  }
}

function tagsOf(people) {
  const tags = people.slice(0, MAX_TAGS).map(({ name, colour, badge }) => inColour(make("span.tag", { dir: "auto", "data-badge": badge }, name.slice(0, MAX_NAME_LENGTH)), colour));
  const more = people.length > MAX_TAGS ? [make("span.tag.tag-more", {}, `+${people.length - MAX_TAGS}`)] : [];
  return make("span.tags", {}, ...tags, ...more);
}

function inColour(element, colour) {
  element.dataset.personColour = colour;
  element.style.setProperty("--person", colour);
  return element;
}
