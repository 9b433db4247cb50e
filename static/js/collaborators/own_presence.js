/**
 * What others see of me: pointer, selection, drag, field and view; coalesced, and sent less often the more people there are.
 * None of it is stored, and none of it may delay an edit.
 */

const ALONE_MS = 1_000;
const TOGETHER_MS = 40;
const IDLE_MS = 60_000;
/** Ids in a state: two of them must fit into a frame. */
const MAX_IDS = 200;

export class OwnPresence {
  #session;
  #state = {};
  #timer = 0;
  #last = -Infinity;
  #idle = 0;
  #others = 0;
  #current = {};
  /** What to send after what waits, and not together with it. */
  #next = null;

  constructor({ selection, session, viewport }) {
    this.#session = session;
    session.addEventListener("you", () => this.#sendAll());
    selection.addEventListener("change", () => this.#note({ selection: [...selection.nodes, ...selection.edges].slice(0, MAX_IDS) }));
    viewport.addEventListener("change", () => this.#view(viewport));
    viewport.addEventListener("pointer", ({ detail: { event } }) => event.pointerType !== "touch" && this.#point(viewport.pointer));
    for (const event of ["pointermove", "keydown", "input", "wheel"]) addEventListener(event, () => this.#stir(), { passive: true });
    document.addEventListener("visibilitychange", () => document.hidden && this.#note({ status: "idle", cursor: null }));
    this.#view(viewport);
  }

  /** Take how many other sessions there are. */
  others(count) {
    if (count > this.#others) this.#sendAll();
    this.#others = count;
  }

  /** Show a drag, or its end. @param {{ids: string[], dx: number, dy: number, x: number, y: number}|null} drag `x`, `y`: where the first is */
  drag(drag) {
    this.#next = null;
    if (drag || this.#current.drag) this.#note({ drag: drag && { ...drag, ids: drag.ids.slice(0, MAX_IDS) } });
  }

  /** Show that a drag was given up: everything goes back to where it was, and then it ends. */
  dropDrag() {
    const { drag } = this.#current;
    if (!drag) return;
    this.drag({ ...drag, dx: 0, dy: 0, x: drag.x - drag.dx, y: drag.y - drag.dy });
    this.#next = { drag: null };
  }

  /** Show in which field I type. @param {string|null} name of the field of the selection's form that I type in */
  field(name) {
    if (name !== (this.#current.field ?? null)) this.#note({ field: name });
  }

  #point(at) {
    this.#note({ cursor: at && [tenth(at.x), tenth(at.y)] });
  }

  #view({ centre: { x, y }, zoom }) {
    this.#note({ viewport: [tenth(x), tenth(y), Math.round(zoom * 1000) / 1000] });
  }

  #stir() {
    clearTimeout(this.#idle);
    this.#idle = setTimeout(() => this.#note({ status: "idle" }), IDLE_MS);
    if (this.#current.status === "idle") this.#note({ status: "active" });
  }

  #note(state) {
    Object.assign(this.#state, state);
    Object.assign(this.#current, state);
    if (this.#timer) return;
    const wait = this.#others ? Math.min(500, TOGETHER_MS + 2 * this.#others) : ALONE_MS;
    this.#timer = setTimeout(() => this.#send(), Math.max(0, this.#last + wait - performance.now()));
  }

  #send() {
    this.#timer = 0;
    this.#last = performance.now();
    const state = this.#state;
    this.#state = {};
    if (!this.#session.presence(state)) this.#state = { ...state, ...this.#state };
    else if (this.#next) {
      const next = this.#next;
      this.#next = null;
      this.#note(next);
    }
  }

  /** Send all of it again, for a new person or over a new connection. */
  #sendAll() {
    if (Object.keys(this.#current).length) this.#note({ ...this.#current });
  }
}

const tenth = (value) => Math.round(value * 10) / 10;
