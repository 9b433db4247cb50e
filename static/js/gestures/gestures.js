/**
 * From pointers to gestures: decides what a press begins, waits for the threshold, then runs the gesture until release, Esc or a
 * second finger.
 *
 * A press that never crosses the threshold is a tap. While a gesture runs, the root's `data-gesture` holds its name. What it holds
 * on to may vanish at any time, by somebody else's edit or by one's own. Then it is cancelled: it needs only say whether all is
 * still there. Whatever it showed is taken away at its end.
 *
 * Event `menu` (detail: {event, hit}): a press of the second button, or a long press.
 *
 * @typedef {{name: string, autopans?: boolean, isAlive?: boolean, start?(): void, move?(event: PointerEvent): void,
 *   end?(event: PointerEvent): void, cancel?(): void, release?(): void}} Gesture `autopans`: near the border of the canvas the view
 *   moves on now; `isAlive`: what it works on is still there; `end` does it, `cancel` takes back what it did on the way, and after
 *   either `release` takes away what it showed
 * @typedef {Record<"canvas"|"catalogue"|"clipboard"|"commands"|"editing"|"focus"|"graph"|"layers"|"overlay"|"patcher"|"picker"
 *   |"presence"|"renderer"|"root"|"selection"|"texts"|"viewport", object>} Parts of the editor that it uses
 */

import { clamp } from "../lib/geometry.js";
import { Connect, TapConnect } from "./connect.js";
import { Drag } from "./drag.js";
import { AutoPan } from "./autopan.js";
import { Marquee } from "./marquee.js";
import { Pan, Pinch } from "./pan.js";
import { Resize } from "./resize.js";

const THRESHOLD = { mouse: 4, pen: 6, touch: 6 };
const LONG_PRESS_MS = 500;
/** How much of a turn of the wheel counts at most: a sixth larger or smaller. */
const NOTCH = 20;
/** What lies over the canvas, beside it in the page. */
const OVER_CANVAS = "[data-minimap], [data-tools]";
/** The bit of `event.buttons` for each button that begins a gesture. */
const BITS = [1, 4];
/** Keys that change what a gesture does. */
const MODIFIERS = ["Alt", "Control", "Meta", "Shift"];

export class Gestures extends EventTarget {
  /** @type {Gesture|null} */
  current = null;
  #parts;
  #press = null;
  #tapConnect;
  #fingers = new Map();
  #long = 0;
  #autoPan;
  /** How many presses in a row stayed clicks. */
  #clicks = 0;

  /** @param {Parts} parts */
  constructor(parts) {
    super();
    this.#parts = parts;
    const { canvas, graph, root, viewport } = parts;
    this.#tapConnect = new TapConnect(canvas, viewport, conclude);
    this.#autoPan = new AutoPan(viewport, (event) => this.#do("move", event));
    canvas.addEventListener("pointerdown", (event) => this.#down(event));
    // Nodes get the focus from us; and the browser has nothing to select or to drag here.
    canvas.addEventListener("mousedown", (event) => isWritten(event.target) || event.preventDefault());
    root.addEventListener("dragstart", (event) => isWritten(event.target) || event.preventDefault());
    root.addEventListener("wheel", (event) => this.#wheel(event), { passive: false });
    canvas.addEventListener("dblclick", (event) => this.#double(event));
    canvas.addEventListener("contextmenu", (event) => this.#contextMenu(event));
    addEventListener("pointermove", (event) => this.#move(event));
    addEventListener("pointerup", (event) => this.#up(event));
    addEventListener("pointercancel", (event) => this.#lift(event));
    for (const type of ["keydown", "keyup"]) addEventListener(type, (event) => this.#modify(event));
    addEventListener("blur", () => (this.#fingers.clear(), this.cancel()));
    graph.addEventListener("change", () => this.#check());
  }

  /** Begin a gesture that did not start with a press on the canvas, as a drag from the palette does. */
  begin(gesture, event) {
    this.cancel();
    this.#press = pressOf(event, gesture);
  }

  /** @returns {boolean} whether there was something to cancel */
  cancel() {
    const gesture = this.current;
    this.#finish();
    if (gesture) conclude(gesture, "cancel");
    return Boolean(gesture);
  }

  /** Cancel what is in progress, a connection by taps included. @returns {boolean} whether there was something */
  escape() {
    return this.cancel() || this.#tapConnect.cancel();
  }

  #down(event) {
    if (event.target.isContentEditable || event.target.closest("[data-empty] :is(a, button, ul), [data-plus]")) return;
    if (event.pointerType === "touch" && this.#finger(event)) return;
    if (this.#press?.id === event.pointerId) this.#letGo();
    if (this.#press || event.button > 1) return;
    if (event.button === 1) event.preventDefault();
    const hit = hitOf(event);
    this.#clicks += 1;
    this.#press = pressOf(event, this.#choose(event, hit), hit);
    getSelection().removeAllRanges();
    const { canvas, focus } = this.#parts;
    if (!hit.node || hit.node !== focus.current) canvas.focus({ preventScroll: true, focusVisible: false });
    if (event.pointerType === "touch") this.#long = setTimeout(() => this.#longPress(event, hit), LONG_PRESS_MS);
  }

  /** What dragging from here would do. @returns {Gesture} */
  #choose(event, hit) {
    const parts = this.#parts;
    const { mayEdit } = parts.editing;
    if (event.button === 1 || "space" in parts.root.dataset) return new Pan(parts, event);
    if (mayEdit) {
      if (hit.handle) return new Resize(parts, event, hit.handle);
      if (hit.end) return Connect.reconnect(parts, hit.end);
      if (hit.port) return new Connect(parts, { id: hit.node, port: hit.port, direction: hit.direction });
      if (hit.node && this.#mayDrag(event, hit.node)) return new Drag(parts, event, hit.node);
    }
    return event.pointerType === "touch" || (hit.node && !mayEdit) ? new Pan(parts, event) : new Marquee(parts, event);
  }

  /** On a phone a large group fills the screen: it must be selected before it can be dragged. */
  #mayDrag(event, id) {
    return event.pointerType !== "touch" || this.#parts.graph.nodes.get(id)?.kind !== "group" || this.#parts.selection.nodes.has(id);
  }

  #move(event) {
    if (this.#fingers.has(event.pointerId)) this.#fingers.set(event.pointerId, event);
    const press = this.#press;
    if (!press || (event.pointerId !== press.id && this.current?.name !== "pinch")) return;
    if (press.bit && !(event.buttons & press.bit)) return void this.#letGo();
    if (!this.current) {
      if (Math.hypot(event.clientX - press.x, event.clientY - press.y) < (THRESHOLD[press.type] ?? 4)) return;
      this.#start(press.gesture);
      if (!this.current) return; // it was called off while it began
    }
    this.#goOn(event);
  }

  #goOn(event) {
    this.#press.last = event;
    this.#do("move", event);
    if (this.current?.autopans) this.#autoPan.at(event);
    else this.#autoPan.stop();
  }

  /** A key that changes what a gesture does counts at once, before the pointer moves on. */
  #modify(event) {
    const last = this.#press?.last;
    if (!this.current || !last || event.repeat || !MODIFIERS.includes(event.key)) return;
    // Alt alone would open the browser's menu.
    event.preventDefault();
    const { altKey, ctrlKey, metaKey, shiftKey } = event;
    const { clientX, clientY, buttons, pointerId, pointerType } = last;
    this.#goOn(new PointerEvent("pointermove", { altKey, ctrlKey, metaKey, shiftKey, clientX, clientY, buttons, pointerId, pointerType }));
  }

  #start(gesture) {
    clearTimeout(this.#long);
    this.current = gesture;
    this.#parts.root.dataset.gesture = gesture.name;
    this.#clicks = 0;
    this.#do("start");
  }

  /** One that fails is over. */
  #do(step, event) {
    const gesture = this.current;
    let isDone = false;
    try {
      gesture?.[step]?.(event);
      isDone = true;
    } finally {
      if (!isDone) this.cancel();
      // What it did after it was cancelled, while it began, goes too.
      if (step === "start" && this.current !== gesture) gesture?.release?.();
    }
  }

  #up(event) {
    this.#fingers.delete(event.pointerId);
    const press = this.#press;
    if (!press || (event.pointerId !== press.id && this.current?.name !== "pinch")) return;
    const gesture = this.current;
    this.#finish();
    if (gesture) {
      ignoreClick();
      conclude(gesture, "end", event);
    } else if (press.hit) this.#tap(event, press.hit);
  }

  /** The release was lost, outside the window for example: it ends where the pointer was last seen pressed. */
  #letGo() {
    const { current, last } = { current: this.current, last: this.#press.last };
    this.#finish();
    if (current) conclude(current, "end", last);
  }

  /** What is pressed, dragged or connected may be gone. */
  #check() {
    const { graph } = this.#parts;
    const { node, edge } = this.#press?.hit ?? {};
    if (this.current) this.current.isAlive === false && this.cancel();
    else if ((node && !graph.node(node)) || (edge && !graph.edge(edge))) this.#finish();
    this.#tapConnect.check();
  }

  #lift(event) {
    this.#fingers.delete(event.pointerId);
    if (this.#press?.id === event.pointerId) this.cancel();
  }

  #finish() {
    clearTimeout(this.#long);
    this.#autoPan.stop();
    this.#press = null;
    this.current = null;
    delete this.#parts.root.dataset.gesture;
  }

  /** @returns {boolean} whether this is a second finger, which never drags a node */
  #finger(event) {
    if (event.isPrimary) this.#fingers.clear();
    this.#fingers.set(event.pointerId, event);
    if (this.#fingers.size !== 2) return this.#fingers.size > 2;
    this.cancel();
    this.#press = { id: event.pointerId };
    this.#start(new Pinch(this.#parts, this.#fingers));
    return true;
  }

  #longPress(event, hit) {
    this.#finish();
    ignoreLift();
    navigator.vibrate?.(10);
    this.#askForMenu(event, hit);
  }

  /** Over the panels it scrolls them; but nowhere does it zoom the page. */
  #wheel(event) {
    const { canvas, viewport } = this.#parts;
    const isZoom = event.ctrlKey || event.metaKey;
    const onCanvas = canvas.contains(event.target);
    if (!onCanvas && !isZoom) return;
    event.preventDefault();
    const unit = event.deltaMode === 1 ? 16 : 1;
    const [dx, dy] = [event.deltaX * unit, event.deltaY * unit];
    const at = onCanvas ? viewport.local(event) : undefined;
    if (isZoom && (onCanvas || event.target.closest(OVER_CANVAS))) viewport.zoomTo(viewport.zoom * Math.exp(-clamp(dy, -NOTCH, NOTCH) / 120), at);
    else if (isZoom) return;
    else if (event.shiftKey && !dx) viewport.pan(-dy, 0);
    else viewport.pan(-dx, -dy);
    viewport.steered();
  }

  #double(event) {
    const hit = hitOf(event);
    const { commands, editing, graph, picker, viewport } = this.#parts;
    if (this.#clicks < 2 || hit.handle || hit.end || hit.port || event.target.closest("button, [contenteditable]")) return;
    const name = event.target.closest("[data-node-label]") ? "rename" : graph.node(hit.node)?.kind === "note" && editing.mayEdit ? "write-note" : "open";
    if (hit.node) commands.run(name, hit.node);
    else if (!hit.edge && editing.mayEdit) picker.add({ at: viewport.world(event), event });
  }

  /** Not in the middle of a gesture, where the other button is pressed too. */
  #contextMenu(event) {
    event.preventDefault();
    if (this.current) return;
    this.#finish();
    this.#askForMenu(event, hitOf(event));
  }

  /** A press that did not become a drag selects, or begins or ends a connection. */
  #tap(event, hit) {
    const { editing, selection } = this.#parts;
    if (this.#tapConnect.tap(event, hit) || event.button !== 0) return;
    if (hit.port && editing.mayEdit) this.#tapConnect.begin(new Connect(this.#parts, { id: hit.node, port: hit.port, direction: hit.direction }));
    else if (hit.node) this.#select("nodes", hit.node, event);
    else if (hit.edge) this.#select("edges", hit.edge, event);
    else if (!hit.handle && !hit.end && !event.shiftKey) selection.clear();
  }

  #select(what, id, event) {
    const { focus, selection } = this.#parts;
    if (event.shiftKey) selection.toggle(what, id);
    else selection.set({ [what]: [id] });
    if (what === "nodes" && selection.nodes.has(id)) focus.byPointer(id);
  }

  #askForMenu(event, hit) {
    this.dispatchEvent(new CustomEvent("menu", { detail: { event, hit } }));
  }
}

/** End or cancel a gesture; nothing of it stays, even if that fails. @param {Gesture} gesture @param {"end"|"cancel"} how @param {PointerEvent} [event] */
function conclude(gesture, how, event) {
  try {
    gesture[how]?.(event);
  } finally {
    gesture.release?.();
  }
}

/** Ignore the click that a browser sends after a drag. */
function ignoreClick() {
  const ignore = (event) => event.stopPropagation();
  addEventListener("click", ignore, { capture: true, once: true });
  setTimeout(() => removeEventListener("click", ignore, { capture: true }));
}

/** Ignore the press that a browser makes of a lifted finger: it would hit what a long press has just opened. */
function ignoreLift() {
  const over = new AbortController();
  const { signal } = over;
  addEventListener("touchend", (event) => (event.preventDefault(), over.abort()), { capture: true, passive: false, signal });
  addEventListener("touchcancel", () => over.abort(), { capture: true, signal });
}

/** What is under the pointer. @returns {{node?: string, port?: string, direction?: string, edge?: string, handle?: string, end?: string}} */
function hitOf({ target }) {
  const at = (selector) => target.closest?.(selector)?.dataset;
  return {
    handle: at("[data-handle]")?.handle,
    end: at("[data-end]")?.end,
    port: at("[data-port]")?.port,
    direction: at("[data-port]")?.direction,
    node: at("[data-node-id]")?.nodeId,
    edge: at("[data-edge-id]")?.edgeId ?? at("[data-label-of]")?.labelOf ?? at("[data-plus]")?.edge,
  };
}

const pressOf = (event, gesture, hit) => ({ gesture, hit, x: event.clientX, y: event.clientY, id: event.pointerId, type: event.pointerType, bit: BITS[event.button] });

/** Whether one writes there: then the browser selects and drags. @param {Node} target */
function isWritten(target) {
  const element = target instanceof Element ? target : target.parentElement;
  return element?.closest("input, textarea, [contenteditable], button") !== null;
}
