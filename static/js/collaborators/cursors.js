/**
 * The others' pointers. One that is outside the view is its name at the border, with a chevron that points the way; names there
 * never cover each other.
 */

import { Spline } from "../lib/spline.js";
import { clamp, toScreen } from "../lib/geometry.js";
import { make } from "../lib/make.js";

const MAX_NAME_LENGTH = 24;
const MARGIN = 4;
const TAG_HEIGHT = 20;
const GAP = 4;

export class Cursors {
  #parts;
  /** @type {Map<string, {spline: Spline, element: HTMLElement, tag: HTMLElement, width: number, isHidden: boolean}>} by session */
  #cursors = new Map();

  /** What floats over the canvas's lower corners, where no name may be, for a size of the canvas. */
  #bars = { size: null, boxes: [] };

  constructor({ layers, viewport }) {
    this.#parts = { layers, viewport };
  }

  /** A person's pointer is there. @param {{session: string, name: string, colour: string}} person @param {[number, number]|null} at in the world */
  point(person, at) {
    const cursor = this.#cursorOf(person);
    cursor.isHidden = !at;
    cursor.element.toggleAttribute("data-hidden", !at);
    if (at) cursor.spline.add(performance.now(), ...at);
    if (cursor.element.parentNode !== this.#parts.layers.cursors) this.#parts.layers.cursors.append(cursor.element);
  }

  /** @param {string} session */
  remove(session) {
    this.#cursors.get(session)?.element.remove();
    this.#cursors.delete(session);
  }

  /** Draw all where they are now. @param {Map<string, {state: object}>} people @returns {boolean} whether one still moves */
  draw(now, people) {
    let isMoving = false;
    const away = [];
    for (const [session, cursor] of this.#cursors) {
      const at = cursor.spline.at(now);
      if (!at) continue;
      const isIdle = people.get(session)?.state.status === "idle";
      cursor.element.toggleAttribute("data-idle", isIdle);
      const found = this.#place(cursor, at);
      if (found && !isIdle && !cursor.isHidden) away.push(found);
      isMoving ||= !at.still;
    }
    for (const { cursor, at } of away.length ? apart(away, this.#floating()) : []) this.#put(cursor, at);
    return isMoving;
  }

  #floating() {
    const { layers, viewport } = this.#parts;
    if (this.#bars.size === viewport.size) return this.#bars.boxes;
    const bars = [...layers.cursors.closest("main").querySelectorAll("[data-tools], [data-minimap], [data-tool=add]")].map((bar) => bar.getBoundingClientRect()).filter(({ width }) => width);
    this.#bars = { size: viewport.size, boxes: bars.map((box) => ({ at: viewport.local({ clientX: box.x, clientY: box.y }), width: box.width, height: box.height })) };
    return this.#bars.boxes;
  }

  #cursorOf({ session, name, colour, badge }) {
    if (!this.#cursors.has(session)) {
      const tag = make("span.tag", { dir: "auto", "data-badge": badge }, name.slice(0, MAX_NAME_LENGTH));
      const element = make("div", { "data-cursor": session, "data-person-colour": colour, "aria-hidden": "true" }, make("i.chevron"), tag);
      element.style.setProperty("--person", colour);
      this.#cursors.set(session, { spline: new Spline(), element, tag, width: 0, isHidden: false });
    }
    return this.#cursors.get(session);
  }

  /** Put one into its place; one outside the view is returned with the place on the screen that it would like. */
  #place(cursor, at) {
    const { view, size } = this.#parts.viewport;
    const { x, y } = toScreen(view, at);
    const isAway = x < 0 || y < 0 || x > size.width || y > size.height;
    cursor.element.toggleAttribute("data-away", isAway);
    if (!isAway) return void this.#show(cursor, at);
    cursor.width ||= cursor.tag.offsetWidth;
    const place = { x: clamp(x, MARGIN, size.width - cursor.width - MARGIN), y: clamp(y, MARGIN, size.height - TAG_HEIGHT - MARGIN) };
    cursor.element.style.setProperty("--way", `${Math.round(Math.atan2(y - place.y - TAG_HEIGHT / 2, x - place.x - cursor.width / 2) * (180 / Math.PI))}deg`);
    this.#put(cursor, place);
    return { cursor, at: place, width: cursor.width, room: size.height - TAG_HEIGHT - MARGIN };
  }

  /** @param {{x: number, y: number}} at on the screen */
  #put(cursor, at) {
    const { view, zoom } = this.#parts.viewport;
    this.#show(cursor, { x: (at.x - view.x) / zoom, y: (at.y - view.y) / zoom });
  }

  #show({ element }, { x, y }) {
    element.style.transform = `translate(${x}px, ${y}px) scale(${1 / this.#parts.viewport.zoom})`;
  }
}

/** Move names at the border on, downwards or from the bottom upwards, until none covers another or a bar. */
function apart(away, bars) {
  const taken = [...bars];
  const settled = [];
  for (const one of [...away].sort((a, b) => a.at.y - b.at.y || a.at.x - b.at.x)) {
    const at = { ...one.at };
    const isUp = at.y > one.room / 2;
    const covers = (other) => at.y < other.at.y + other.height + GAP && other.at.y < at.y + TAG_HEIGHT + GAP && at.x < other.at.x + other.width + GAP && other.at.x < at.x + one.width + GAP;
    for (let tries = 0; tries < away.length + bars.length && taken.some(covers); tries += 1) {
      const other = taken.find(covers);
      at.y = isUp ? other.at.y - TAG_HEIGHT - GAP : other.at.y + other.height + GAP;
    }
    taken.push({ at, width: one.width, height: TAG_HEIGHT });
    settled.push({ ...one, at });
  }
  return settled;
}
