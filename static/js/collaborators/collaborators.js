/**
 * The others on the canvas: their cursors, selections and drags, smoothed and never in the way.
 *
 * People come as sessions: two tabs of one person are one avatar, but each has its own cursor.
 * @typedef {{named: string[], ids: Set<string>, lead: string|undefined, spline: Spline, oldUntil: number}} RemoteDrag `named`: the
 *   nodes without their members; `oldUntil`: its edit is here, and until then (ms) what is still told of it is old
 *
 * Events: `change` (who is here, or idle), `moved` (a person's view), `fields` (who types where).
 */

import { middleOf, over } from "../canvas/overlay.js";
import { make } from "../lib/make.js";
import { Spline } from "../lib/spline.js";
import { Cursors } from "./cursors.js";

const DRAG_END_TIMEOUT_MS = 1_000;
const MAX_NAME_LENGTH = 24;
const MAX_TAGS = 3;
/** How far out of a node the first person's line is, and each further one; in pixels. */
const FIRST_LINE = 5;
const NEXT_LINE = 3;
/** Half the height of an edge's label: the names stand above it. */
const HALF_LABEL = 9;

/** What somebody is besides a person, in words. @returns {string|null} */
export const badgeOf = ({ guest, program }, texts) => (guest ? texts.say("guest") : program === undefined ? null : texts.say("program"));

export class Collaborators extends EventTarget {
  /** @type {Map<string, {session: string, who: number|string, name: string, colour: string, badge: string|null, state: object}>} without me */
  people = new Map();
  #parts;
  #cursors;
  #outlines;
  /** What each of them drags, by session. @type {Map<string, RemoteDrag>} */
  #drags = new Map();
  /** Drags that are over and wait for their edit, each with its timer. @type {Map<RemoteDrag, number>} */
  #ended = new Map();
  #frame = 0;

  constructor({ graph, layers, renderer, session, texts, viewport }) {
    super();
    this.#parts = { graph, session, texts };
    this.#cursors = new Cursors({ layers, viewport });
    this.#outlines = new Outlines({ graph, layers });
    session.addEventListener("people", ({ detail }) => this.#come(detail));
    session.addEventListener("presence", ({ detail }) => this.#states(detail));
    session.addEventListener("connection", () => session.socket.state !== "open" && this.#leaveAll());
    session.addEventListener("patched", ({ detail }) => this.#arrived(detail));
    viewport.addEventListener("change", () => this.#ask());
    for (const type of ["drawn", "moved"]) renderer.addEventListener(type, () => this.#outline());
  }

  #come({ all, joined, left }) {
    if (all) this.#leaveAll();
    for (const id of left) this.#leave(id);
    for (const person of joined) {
      if (person.session !== this.#parts.session.you?.session) this.people.set(person.session, { ...person, badge: badgeOf(person, this.#parts.texts), state: this.people.get(person.session)?.state ?? {} });
    }
    this.dispatchEvent(new Event("change"));
  }

  #leaveAll() {
    for (const id of [...this.people.keys()]) this.#leave(id);
    this.dispatchEvent(new Event("change"));
  }

  #leave(id) {
    this.#drop(id);
    this.#cursors.remove(id);
    this.people.delete(id);
    this.#outline();
  }

  #states(states) {
    let isNew = false;
    for (const [id, state] of Object.entries(states)) {
      const person = this.people.get(id);
      if (!person) continue;
      Object.assign(person.state, state);
      isNew ||= "status" in state;
      if ("field" in state || "selection" in state) this.dispatchEvent(new Event("fields"));
      if ("viewport" in state) this.dispatchEvent(new Event("moved"));
      if ("cursor" in state) this.#cursors.point(person, state.cursor);
      if ("drag" in state) this.#drag(id, state.drag);
    }
    this.#outline();
    this.#ask();
    if (isNew) this.dispatchEvent(new Event("change"));
  }

  #drag(id, drag) {
    const before = this.#drags.get(id);
    // Of two drags in a row the end of the first may be passed over: the newest state alone is sent.
    const isSame = before !== undefined && drag !== null && before.named.join() === drag.ids.join();
    if (before && !isSame) this.#over(id, before);
    if (!drag || (isSame && performance.now() < before.oldUntil)) return;
    const ids = this.#parts.graph.withMembers(drag.ids);
    if (isSame) this.#release([...before.ids].filter((node) => !ids.has(node)));
    // Shown where it is, not how far it has come: then it does not jump when the edit arrives before the end of the drag.
    const lead = drag.x === undefined ? null : this.#parts.graph.nodes.get(drag.ids[0]);
    const isNew = !isSame || Boolean(lead) !== Boolean(before.lead);
    const spline = isNew ? new Spline() : before.spline;
    if (isNew) spline.add(performance.now() - 1, lead?.x ?? 0, lead?.y ?? 0);
    spline.add(performance.now(), ...(lead ? [drag.x, drag.y] : [drag.dx, drag.dy]));
    this.#drags.set(id, { named: drag.ids, ids, lead: lead?.id, spline, oldUntil: 0 });
    for (const ended of [...this.#ended.keys()]) if ([...ids].some((node) => ended.ids.has(node))) this.#end(ended);
  }

  /** Forget the drag of somebody who leaves. */
  #drop(id) {
    const drag = this.#drags.get(id);
    this.#drags.delete(id);
    if (drag) this.#release(drag.ids);
  }

  /** A drag is over. The edit itself is on its way: release the nodes when it arrives, or they would jump back for a moment. */
  #over(id, drag) {
    this.#drags.delete(id);
    if (drag.oldUntil) return;
    this.#ended.set(drag, setTimeout(() => this.#end(drag), DRAG_END_TIMEOUT_MS));
  }

  /** How far the nodes of a drag are from where the document has them. */
  #offset({ lead, spline }, now) {
    const { x, y, still } = spline.at(now);
    const from = lead === undefined ? { x: 0, y: 0 } : this.#parts.graph.nodes.get(lead);
    return { x: x - (from?.x ?? x), y: y - (from?.y ?? y), still };
  }

  /** Show what was dragged where the document has it. */
  #end(drag) {
    clearTimeout(this.#ended.get(drag));
    this.#ended.delete(drag);
    this.#release(drag.ids);
  }

  /** The edit may arrive before the end of the drag: then the rest of the drag is old. */
  #arrived(frame) {
    const moved = new Set((frame?.move ?? []).map(([id]) => id));
    const isReached = ({ ids }) => !frame || [...ids].some((node) => moved.has(node));
    for (const drag of [...this.#ended.keys()].filter(isReached)) this.#end(drag);
    for (const drag of frame ? [...this.#drags.values()].filter(isReached) : []) {
      drag.oldUntil = performance.now() + DRAG_END_TIMEOUT_MS;
      this.#release(drag.ids);
    }
  }

  /** Show nodes where the document has them, but for those that I or another person drags. @param {Iterable<string>} ids */
  #release(ids) {
    const shown = this.#shown;
    const isHeld = (id) => this.#isMine(id) || shown.some((drag) => drag.ids.has(id));
    this.#parts.graph.previewRects([...ids].filter((id) => !isHeld(id)), () => null);
  }

  /** The drags that place nodes. @returns {RemoteDrag[]} */
  get #shown() {
    return [...this.#drags.values(), ...this.#ended.keys()].filter(({ oldUntil }) => !oldUntil);
  }

  #isMine(id) {
    return this.#parts.graph.nodes.get(id)?.element.hasAttribute("data-dragging");
  }

  #ask() {
    this.#frame ||= requestAnimationFrame((now) => this.#draw(now));
  }

  #draw(now) {
    this.#frame = 0;
    let isMoving = this.#cursors.draw(now, this.people);
    for (const drag of this.#shown) {
      const by = this.#offset(drag, now);
      this.#parts.graph.previewRects([...drag.ids].filter((id) => !this.#isMine(id)), (record) => ({ ...plain(record), x: record.x + by.x, y: record.y + by.y }));
      isMoving ||= !by.still;
    }
    if (isMoving) this.#ask();
  }

  #outline() {
    this.#outlines.draw(this.people.values());
  }
}

/**
 * What the others have selected: a line around a node in each person's colour, 3 px further out for each, and their names side by side
 * above the outermost, three at most and how many more. An edge is drawn in the first person's colour, with the names at its middle.
 */
class Outlines {
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
        outline.style.setProperty("--out", `${FIRST_LINE + NEXT_LINE * level}px`);
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
    const [x, y] = middleOf(graph, graph.edge(id));
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

const plain = ({ x, y, width, height }) => ({ x, y, width, height });
