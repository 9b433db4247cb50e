/**
 * The others on the canvas: their cursors, selections and drags, smoothed and never in the way.
 *
 * People come as sessions: two tabs of one person are one avatar, but each has its own cursor.
 * Events: `change` (who is here, or idle), `moved` (a person's view), `fields` (who types where).
 */

import { Spline } from "../lib/spline.js";
import { Cursors } from "./cursors.js";
import { Outlines } from "./outlines.js";

const DRAG_END_TIMEOUT_MS = 1_000;

/** What somebody is besides a person, in words. @returns {string|null} */
export const badgeOf = ({ guest, program }, texts) => (guest ? texts.say("guest") : program === undefined ? null : texts.say("program"));

export class Collaborators extends EventTarget {
  /** @type {Map<string, {session: string, who: number|string, name: string, colour: string, badge: string|null, state: object}>} without me */
  people = new Map();
  #parts;
  #cursors;
  #outlines;
  #drags = new Map();
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
    this.#endDrag(id);
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
    // Shown where it is, not how far it has come: then it does not jump when the edit arrives before the end of the drag.
    const lead = drag.x === undefined ? null : this.#parts.graph.nodes.get(drag.ids[0]);
    const isNew = !before || Boolean(lead) !== Boolean(before.lead);
    const spline = isNew ? new Spline() : before.spline;
    if (isNew) spline.add(performance.now() - 1, lead?.x ?? 0, lead?.y ?? 0);
    spline.add(performance.now(), ...(lead ? [drag.x, drag.y] : [drag.dx, drag.dy]));
    this.#drags.set(id, { ids, lead: lead?.id, spline, timer: undefined, hasArrived: false });
  }

  /** How far the nodes of a drag are from where the document has them. */
  #offset({ lead, spline }, now) {
    const { x, y, still } = spline.at(now);
    const from = lead === undefined ? { x: 0, y: 0 } : this.#parts.graph.nodes.get(lead);
    return { x: x - (from?.x ?? x), y: y - (from?.y ?? y), still };
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
    let isMoving = this.#cursors.draw(now, this.people);
    for (const drag of this.#drags.values()) {
      if (drag.hasArrived) continue;
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

const plain = ({ x, y, width, height }) => ({ x, y, width, height });
