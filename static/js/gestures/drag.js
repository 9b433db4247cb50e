/**
 * Drag one node or all that are selected; groups take their members along.
 *
 * Snaps to the grid (not with Ctrl), aligns with what is near, locks to an axis with Shift. Others see the drag through presence; the
 * document gets one version at its end. With Alt it makes copies: their outlines move, and what is copied stays, for others too.
 *
 * @typedef {import("../lib/geometry.js").Rect} Rect
 * @typedef {import("../canvas/overlay.js").Guide} Guide
 * @typedef {Record<"clipboard"|"editing"|"focus"|"graph"|"layers"|"overlay"|"patcher"|"presence"|"renderer"|"root"|"selection"|"viewport", object>} Parts of the editor that it uses
 */

import { over } from "../canvas/overlay.js";
import { BOUND, centre, clamp, contains, round, snap, union } from "../lib/geometry.js";
import { editNode, insertInto, move } from "../lib/operations.js";
import { make } from "../lib/make.js";

const ALIGN_DISTANCE = 6;
/** With how many nodes in view a box is aligned at most. */
const MAX_OTHERS = 400;
const X = { at: "x", length: "width", across: "y", breadth: "height" };
const Y = { at: "y", length: "height", across: "x", breadth: "width" };
const FRACTIONS = [0, 0.5, 1];

export class Drag {
  name = "drag";
  autopans = true;
  #parts;
  #id;
  #from;
  #roots = [];
  /** @type {Map<string, Rect>} where each was */
  #was = new Map();
  /** @type {Snapping} */
  #snapping;
  #by = { x: 0, y: 0 };
  /** The outlines of the copies, while it makes copies. @type {HTMLElement|null} */
  #copies = null;
  /** Whether an edit puts everything where the drag has it. */
  #isDone = false;
  #mark = new DropMark();
  /** Which group is at a point. */
  #groupAt = () => null;

  /** @param {Parts} parts */
  constructor(parts, event, id) {
    this.#parts = parts;
    const { viewport } = parts;
    this.#id = id;
    this.#from = viewport.world(event);
  }

  /** Whether something is left to drag; while it begins, which may save a field that it leaves, whether that is there. */
  get isAlive() {
    return this.#was.size ? this.#here.length > 0 : this.#parts.graph.node(this.#id) !== undefined;
  }

  start() {
    const { focus, graph, selection, patcher, renderer } = this.#parts;
    if (!selection.nodes.has(this.#id)) selection.set({ nodes: [this.#id] });
    focus.byPointer(this.#id);
    this.#roots = graph.rootsOf(selection.nodes);
    const all = graph.withMembers(this.#roots);
    for (const id of all) this.#was.set(id, { ...graph.rect(id) });
    this.#hold(true);
    patcher.deferPatches(all);
    this.#groupAt = graph.groupFinder(this.#was);
    this.#snapping = new Snapping(this.#parts, all);
    renderer.flush();
  }

  move(event) {
    const at = this.#parts.viewport.world(event);
    let [dx, dy] = [at.x - this.#from.x, at.y - this.#from.y];
    if (event.shiftKey) [dx, dy] = Math.abs(dx) > Math.abs(dy) ? [dx, 0] : [0, dy];
    const box = union(this.#roots.map((id) => this.#was.get(id)));
    const { x, y } = this.#snapping.settle(event, box, { x: dx, y: dy }, this.#was.get(this.#id));
    this.#by = event.shiftKey ? { x: dx && x, y: dy && y } : { x, y };
    if (event.altKey) this.#copy();
    else this.#carry(event);
  }

  end(event) {
    if (event.altKey !== Boolean(this.#copies)) this.move(event); // a key's release may be lost
    const by = this.#by;
    if (!by.x && !by.y) return;
    this.#isDone = !event.altKey;
    const { clipboard, editing } = this.#parts;
    const here = this.#here;
    if (event.altKey) clipboard.copyTo(here, by);
    else editing.submit([...here.map((id) => move(id, shifted(this.#was.get(id), by))), ...this.#homes(here), ...this.#inserted(here, event)]);
  }

  release() {
    const { graph, patcher, presence } = this.#parts;
    this.#takeCopiesAway();
    this.#hold(false);
    graph.previewRects(this.#was.keys(), () => null);
    patcher.applyDeferred(this.#was.keys());
    this.#snapping?.end();
    this.#mark.show();
    if (this.#isDone) presence.drag(null);
    else presence.dropDrag();
  }

  /** Show everything where the pointer has it, to others too. */
  #carry(event) {
    const { graph, presence } = this.#parts;
    if (this.#copies) this.#hold(true);
    this.#takeCopiesAway();
    graph.previewRects(this.#was.keys(), ({ id }) => shifted(this.#was.get(id), this.#by));
    this.#showTarget(event);
    const { x, y } = shifted(this.#was.get(this.#roots[0]), this.#by);
    presence.drag({ ids: this.#roots, dx: this.#by.x, dy: this.#by.y, x, y });
  }

  /** Show where the copies would be. */
  #copy() {
    this.#copies ??= this.#makeCopies();
    over(this.#parts.layers.overlay, this.#copies, this.#by);
  }

  /** Put everything back to where it was. @returns {HTMLElement} outlines of it */
  #makeCopies() {
    const { graph, presence, root } = this.#parts;
    this.#hold(false);
    graph.previewRects(this.#was.keys(), () => null);
    presence.dropDrag();
    this.#mark.show();
    root.toggleAttribute("data-copying", true);
    const outlines = make("div.copies");
    for (const [id, rect] of this.#was) if (graph.isDrawn(id)) over(outlines, make("i"), rect);
    return outlines;
  }

  #takeCopiesAway() {
    this.#copies?.remove();
    this.#copies = null;
    this.#parts.root.removeAttribute("data-copying");
  }

  /** Hold all of it, or leave it where it is. */
  #hold(isHeld) {
    for (const id of this.#was.keys()) this.#parts.graph.nodes.get(id)?.element.toggleAttribute("data-dragging", isHeld);
  }

  /** Light up the edge or the group into which it would go. */
  #showTarget(event) {
    const { graph } = this.#parts;
    const record = graph.node(this.#id);
    if (!record) return this.#mark.show();
    const home = this.#groupAt(centre(graph.rect(this.#id)));
    const edge = this.#edgeUnder(event);
    return this.#mark.show(edge?.element, home && home !== record.parent ? graph.nodes.get(home).element : null);
  }

  /** Those that nobody has removed meanwhile. */
  get #here() {
    return this.#roots.filter((id) => this.#parts.graph.node(id));
  }

  /** Dropped into a frame, or out of it. */
  #homes(roots) {
    const { graph } = this.#parts;
    const groupAt = graph.groupFinder(this.#was);
    return roots.flatMap((id) => {
      const { parent } = graph.nodes.get(id);
      const home = groupAt(centre(graph.rect(id)));
      return home === parent ? [] : [editNode(id, { parent: home })];
    });
  }

  /** A fresh node dropped on an edge goes in between. */
  #inserted(roots, event) {
    const edge = roots.length === 1 && this.#edgeUnder(event);
    return edge ? insertInto(edge, this.#parts.graph.nodes.get(roots[0])) : [];
  }

  /** The edge into which what is dragged would go. */
  #edgeUnder(event) {
    const { graph } = this.#parts;
    const [id] = this.#roots;
    const node = graph.node(id);
    if (this.#roots.length !== 1 || !node?.inputs.length || !node.outputs.length || graph.edgesOf(id).length) return undefined;
    return edgeAt(graph, event);
  }
}

/** Where a dragged box comes to lie: aligned with what is in view, with a line, else on the grid, and with Ctrl where the pointer has it. */
export class Snapping {
  #parts;
  #others;

  /** @param {Set<string>} [moving] the nodes that are dragged */
  constructor({ graph, overlay, root, viewport }, moving = new Set()) {
    this.#parts = { overlay, root, viewport };
    const view = viewport.visibleRect();
    this.#others = [...graph.visibleNodes()].filter(({ id, kind, x, y }) => !moving.has(id) && kind !== "group" && contains(view, { x, y })).slice(0, MAX_OTHERS);
  }

  /**
   * How far a box goes that is dragged so far, never beyond the bounds.
   * @param {PointerEvent} event @param {Rect} box where it was @param {{x: number, y: number}} by @param {{x: number, y: number}} [lead] what comes to lie on the grid
   * @returns {{x: number, y: number}}
   */
  settle(event, box, by = { x: 0, y: 0 }, lead = box) {
    const { overlay, root, viewport } = this.#parts;
    const isFree = isOffGrid(event, root);
    const found = isFree ? { dx: null, dy: null, guides: [] } : align({ ...box, x: box.x + by.x, y: box.y + by.y }, this.#others, ALIGN_DISTANCE / viewport.zoom);
    overlay.guides(found.guides);
    return { x: settle(by.x, found.dx, lead.x, isFree, box.x, box.width), y: settle(by.y, found.dy, lead.y, isFree, box.y, box.height) };
  }

  /** Take the lines away. */
  end() {
    this.#parts.overlay.guides([]);
  }
}

/** The edge under the pointer. @returns {import("../canvas/graph.js").EdgeRecord|undefined} */
export function edgeAt(graph, { clientX, clientY }) {
  const under = document.elementsFromPoint(clientX, clientY).map((element) => element.closest("[data-edge-id]")).find(Boolean);
  return under && graph.edge(under.dataset.edgeId);
}

/** Lights up what a drop would go into. */
export class DropMark {
  /** @type {Set<Element>} */
  #marked = new Set();

  /** @param {...(Element|null|undefined)} elements those that are lit now, and no others */
  show(...elements) {
    const lit = new Set(elements.filter(Boolean));
    for (const element of this.#marked) if (!lit.has(element)) element.removeAttribute("data-drop");
    for (const element of lit) element.toggleAttribute("data-drop", true);
    this.#marked = lit;
  }
}

/** Whether nothing snaps to the grid: by a person's preference, or while Ctrl is held. @param {PointerEvent} event @param {HTMLElement} root */
export const isOffGrid = ({ ctrlKey, metaKey }, root) => ctrlKey || metaKey || "noSnap" in root.dataset;

const shifted = (rect, by) => ({ ...rect, x: round(rect.x + by.x), y: round(rect.y + by.y) });

/**
 * Which edge or centre of a moving box meets one of the others, and the line to show.
 * @param {Rect} moving where the box would be
 * @param {Rect[]} others
 * @param {number} reach in world units
 * @returns {{dx: number|null, dy: number|null, guides: Guide[]}} null where nothing is within reach
 */
export function align(moving, others, reach) {
  const x = nearest(moving, others, reach, X);
  const y = nearest(moving, others, reach, Y);
  const placed = { ...moving, x: moving.x + (x?.shift ?? 0), y: moving.y + (y?.shift ?? 0) };
  return {
    dx: x ? x.shift : null,
    dy: y ? y.shift : null,
    guides: [x && guide(placed, x, X), y && guide(placed, y, Y)].filter(Boolean),
  };
}

function nearest(moving, others, reach, axis) {
  let best = null;
  for (const other of others) {
    for (const mine of FRACTIONS) {
      // A centre meets a centre, a side meets a side: anything else only confuses the eye.
      for (const theirs of mine === 0.5 ? [0.5] : [0, 1]) {
        const at = other[axis.at] + other[axis.length] * theirs;
        const shift = at - (moving[axis.at] + moving[axis.length] * mine);
        if (Math.abs(shift) <= (best ? Math.abs(best.shift) - 1e-9 : reach)) best = { shift, at, other };
      }
    }
  }
  return best;
}

function guide(placed, { at, other }, axis) {
  const ends = [placed, other].flatMap((rect) => [rect[axis.across], rect[axis.across] + rect[axis.breadth]]);
  return { axis: axis.at, at, from: Math.min(...ends), to: Math.max(...ends) };
}

/** One axis: aligned, else on the grid, else free; never beyond the bounds. */
function settle(delta, aligned, lead, isFree, low, length) {
  const free = aligned === null ? (isFree ? delta : snap(lead + delta) - lead) : delta + aligned;
  return round(clamp(free, -BOUND - low, BOUND - low - length));
}
