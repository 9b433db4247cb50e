/**
 * What the others have selected: a line around a node in each person's colour, 3 px further out for each, and their names side by side
 * above the outermost, three at most and how many more. An edge is drawn in the first person's colour, with the names at its middle.
 */

import { shape } from "../canvas/renderer.js";
import { edgePath } from "../lib/geometry.js";
import { make, over } from "../lib/make.js";

const MAX_NAME_LENGTH = 24;
const MAX_TAGS = 3;
const FIRST = 5;
const STEP = 3;
/** Half the height of an edge's label: the names stand above it. */
const HALF_LABEL = 9;

export class Outlines {
  #parts;
  /** @type {Map<string, HTMLElement>} by session and node, or by edge */
  #shown = new Map();
  /** @type {Map<string, {element: HTMLElement, names: string}>} the names above each node or edge */
  #tags = new Map();
  /** @type {Map<string, SVGGElement>} the edges in somebody's colour */
  #lines = new Map();

  constructor({ graph, layers }) {
    this.#parts = { graph, layers };
  }

  /** @param {Iterable<{session: string, id: number, name: string, colour: string, state: {selection?: string[]}}>} people */
  draw(people) {
    const { byNode, byEdge } = this.#selected(people);
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
    for (const [id, selecting] of byEdge) {
      wanted.add(id);
      if (!this.#shown.has(id)) this.#shown.set(id, make("div.edge-tags", { "aria-hidden": "true" }));
      over(this.#parts.layers.overlay, this.#shown.get(id), this.#middle(id));
      this.#name(id, selecting, this.#shown.get(id));
    }
    this.#colour(byEdge);
    for (const [key, element] of this.#shown) if (!wanted.has(key)) (element.remove(), this.#shown.delete(key));
    for (const id of this.#tags.keys()) if (!byNode.has(id) && !byEdge.has(id)) (this.#tags.get(id).element.remove(), this.#tags.delete(id));
  }

  /** Who has selected each edge, and each node or the collapsed group that stands for it; each person once, however many tabs they have. */
  #selected(people) {
    const { graph } = this.#parts;
    const [byNode, byEdge] = [new Map(), new Map()];
    for (const person of people) {
      for (const id of person.state.selection ?? []) {
        const shown = graph.standIn(id);
        if (graph.node(shown)) join(byNode, shown, person);
        else if (graph.isEdgeDrawn(id)) join(byEdge, id, person);
      }
    }
    return { byNode, byEdge };
  }

  /** Draw edges in the colours of those who were first to select them, and the others in none. */
  #colour(byEdge) {
    const { graph } = this.#parts;
    for (const [id, element] of this.#lines) {
      if (byEdge.has(id) && graph.edge(id).element === element) continue;
      outOfColour(element);
      this.#lines.delete(id);
    }
    for (const [id, [{ colour }]] of byEdge) {
      const { element } = graph.edge(id);
      if (element.dataset.personColour !== colour) inColour(element, colour);
      this.#lines.set(id, element);
    }
  }

  /** Where an edge's names stand. */
  #middle(id) {
    const { graph } = this.#parts;
    const { source, sourcePort, target, targetPort } = graph.edge(id);
    const [x, y] = edgePath(shape(graph, source), sourcePort, shape(graph, target), targetPort).middle;
    return { x, y: y - HALF_LABEL };
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

  /** Put the names into the outermost outline, or where those of an edge stand. */
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

function join(all, id, person) {
  const people = all.get(id) ?? [];
  if (!people.some(({ who }) => who === person.who)) all.set(id, [...people, person]);
}

function inColour(element, colour) {
  element.dataset.personColour = colour;
  element.style.setProperty("--person", colour);
  return element;
}

function outOfColour(element) {
  delete element.dataset.personColour;
  element.style.removeProperty("--person");
}
