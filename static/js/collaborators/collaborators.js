/**
 * The others on the canvas: their cursors, selections and drags, smoothed and never in the way.
 *
 * People come as sessions: two tabs of one person are one avatar, but each has its own cursor.
 * Events: `change` (who is here, or idle), `moved` (a person's view), `fields` (who types where).
 */

import { Spline } from "../lib/spline.js";
import { clamp, toScreen } from "../lib/geometry.js";
import { make, over } from "../lib/make.js";

const DRAG_END_TIMEOUT_MS = 1_000;
const MAX_NAME_LENGTH = 24;

export class Collaborators extends EventTarget {
  /** @type {Map<string, {session: string, id: number, name: string, colour: string, state: object}>} without me */
  people = new Map();
  #parts;
  #cursors = new Map();
  #outlines = new Map();
  #drags = new Map();
  #frame = 0;

  constructor({ graph, layers, renderer, session, viewport }) {
    super();
    this.#parts = { graph, layers, renderer, session, viewport };
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
      if (person.session !== this.#parts.session.you?.session) this.people.set(person.session, { ...person, state: this.people.get(person.session)?.state ?? {} });
    }
    this.dispatchEvent(new Event("change"));
  }

  #leaveAll() {
    for (const id of [...this.people.keys()]) this.#leave(id);
    this.dispatchEvent(new Event("change"));
  }

  #leave(id) {
    this.#endDrag(id);
    this.#cursors.get(id)?.element.remove();
    this.#cursors.delete(id);
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
      if ("cursor" in state) this.#point(person, state.cursor);
      if ("drag" in state) this.#drag(id, state.drag);
    }
    this.#outline();
    this.#ask();
    if (isNew) this.dispatchEvent(new Event("change"));
  }

  #point(person, at) {
    let cursor = this.#cursors.get(person.session);
    if (!cursor) {
      const tag = make("span.tag", { dir: "auto" }, person.name.slice(0, MAX_NAME_LENGTH));
      cursor = { spline: new Spline(), element: make("div", { "data-cursor": person.session, "data-person-colour": person.colour, "aria-hidden": "true" }, tag) };
      cursor.element.style.setProperty("--person", person.colour);
      this.#cursors.set(person.session, cursor);
    }
    cursor.element.toggleAttribute("data-hidden", !at);
    if (at) cursor.spline.add(performance.now(), ...at);
    if (cursor.element.parentNode !== this.#parts.layers.cursors) this.#parts.layers.cursors.append(cursor.element);
  }

  #drag(id, drag) {
    if (!drag) {
      const before = this.#drags.get(id);
      // The edit itself is on its way: release the nodes when it arrives, or they would jump back for a moment.
      if (before?.hasArrived) this.#drags.delete(id);
      else if (before) before.timer ??= setTimeout(() => this.#endDrag(id), DRAG_END_TIMEOUT_MS);
      return;
    }
    const before = this.#drags.get(id);
    if (before?.hasArrived) return;
    clearTimeout(before?.timer);
    const ids = this.#parts.graph.withMembers(drag.ids);
    const spline = before?.spline ?? new Spline();
    if (!before) spline.add(performance.now() - 1, 0, 0);
    spline.add(performance.now(), drag.dx, drag.dy);
    this.#drags.set(id, { ids, spline, timer: undefined, hasArrived: false });
  }

  #endDrag(id) {
    const drag = this.#drags.get(id);
    if (!drag) return;
    clearTimeout(drag.timer);
    this.#drags.delete(id);
    this.#release(drag);
  }

  /** The edit may arrive before the end of the drag: then the rest of the drag is old. */
  #arrived(frame) {
    const moved = new Set((frame?.move ?? []).map(([id]) => id));
    for (const [id, drag] of this.#drags) {
      if (frame && ![...drag.ids].some((node) => moved.has(node))) continue;
      if (drag.timer) this.#endDrag(id);
      else if (frame) {
        drag.hasArrived = true;
        this.#release(drag);
      }
    }
  }

  #release({ ids }) {
    this.#parts.graph.previewRects([...ids].filter((node) => !this.#isMine(node)), () => null);
  }

  #isMine(id) {
    return this.#parts.graph.nodes.get(id)?.element.hasAttribute("data-dragging");
  }

  #ask() {
    this.#frame ||= requestAnimationFrame((now) => this.#draw(now));
  }

  #draw(now) {
    this.#frame = 0;
    let isMoving = false;
    for (const [id, cursor] of this.#cursors) isMoving = this.#drawCursor(id, cursor, now) || isMoving;
    for (const { ids, spline, hasArrived } of this.#drags.values()) {
      if (hasArrived) continue;
      const by = spline.at(now);
      this.#parts.graph.previewRects([...ids].filter((id) => !this.#isMine(id)), (record) => ({ ...plain(record), x: record.x + by.x, y: record.y + by.y }));
      isMoving ||= !by.still;
    }
    if (isMoving) this.#ask();
  }

  #drawCursor(id, { element, spline }, now) {
    const at = spline.at(now);
    if (!at) return false;
    const { view, size, zoom } = this.#parts.viewport;
    const screen = toScreen(view, at);
    const seen = { x: clamp(screen.x, 4, size.width - 90), y: clamp(screen.y, 4, size.height - 26) };
    const isAway = screen.x < 0 || screen.y < 0 || screen.x > size.width || screen.y > size.height;
    const point = isAway ? { x: (seen.x - view.x) / zoom, y: (seen.y - view.y) / zoom } : at;
    element.style.transform = `translate(${point.x}px, ${point.y}px) scale(${1 / zoom})`;
    element.toggleAttribute("data-away", isAway);
    element.toggleAttribute("data-idle", this.people.get(id)?.state.status === "idle");
    return !at.still;
  }

  /** Draw a line around what each person has selected, 3 px further out for each of them. */
  #outline() {
    const { graph, layers, viewport } = this.#parts;
    const depth = new Map();
    const wanted = new Set();
    for (const person of this.people.values()) {
      for (const id of person.state.selection ?? []) {
        const shown = graph.standIn(id);
        if (!graph.node(shown)) continue;
        const key = `${person.session} ${shown}`;
        if (wanted.has(key)) continue;
        wanted.add(key);
        const level = depth.get(shown) ?? 0;
        depth.set(shown, level + 1);
        const out = (5 + 3 * level) / viewport.zoom;
        const { x, y, width, height } = graph.rect(shown);
        over(layers.overlay, this.#outlineOf(key, person), { x: x - out, y: y - out, width: width + 2 * out, height: height + 2 * out });
      }
    }
    for (const [key, element] of this.#outlines) {
      if (wanted.has(key)) continue;
      element.remove();
      this.#outlines.delete(key);
    }
  }

  #outlineOf(key, person) {
    if (!this.#outlines.has(key)) {
      const element = make("div.outline", { "data-person-colour": person.colour, "aria-hidden": "true" }, make("span.tag", { dir: "auto" }, person.name.slice(0, MAX_NAME_LENGTH)));
      element.style.setProperty("--person", person.colour);
      this.#outlines.set(key, element);
    }
    return this.#outlines.get(key);
  }
}

const plain = ({ x, y, width, height }) => ({ x, y, width, height });
