/**
 * What of a large flow is in the document: what is in view with a margin, and from far away nothing but an overview, painted on
 * one 2D canvas. What is held, selected or focused always stays, but does not come for that. What comes into view at once comes in parts, the nearest to the middle
 * first, so that no frame waits for all of it.
 */

import { centre, encloses, intersects } from "../lib/geometry.js";
import { Overview } from "./overview.js";

const MAX_ATTACHED = 1_450;
/** How many nodes come into the document in one frame, and how many elements leave it, which costs less. */
const COMING = 16;
const GOING = 120;
const MARGIN = 200;
const OVERVIEW_ZOOM = 0.25;
const NOWHERE = { x: Infinity, y: Infinity, width: 0, height: 0 };

export class Culling {
  /** What was chosen for, the margin included; from far away nowhere. @type {import("../lib/geometry.js").Rect} */
  rect = NOWHERE;
  #graph;
  #viewport;
  #overview;
  #document;
  #zoom = 0;
  #wasLarge = false;
  /** What comes and goes, the next ones last. */
  #coming = [];
  #going = [];

  /**
   * @param {{graph: import("./graph.js").Graph, section: HTMLElement, viewport: import("./viewport.js").Viewport}} parts
   * @param {{attached: Map<string, Element>, pinned: () => Iterable<string>, attach: (record: import("./graph.js").NodeRecord) => void,
   *   detach: (key: string) => void}} document what is attached, by node or edge id with a prefix
   */
  constructor({ graph, section, viewport }, document) {
    this.#graph = graph;
    this.#viewport = viewport;
    this.#document = document;
    this.#overview = new Overview(section, graph, viewport);
  }

  /** Whether there is more to come or to go. */
  get isBehind() {
    return this.#coming.length > 0 || this.#going.length > 0;
  }

  /** Bring the document nearer to what is in view. While that stays within the last margin there is nothing to choose. */
  update(isLarge) {
    const isFar = isLarge && this.#viewport.zoom < OVERVIEW_ZOOM;
    this.#overview.show(isFar);
    if (!isLarge || !this.#wasLarge || !this.#isChosen(isFar)) this.#choose(isLarge, isFar);
    this.#wasLarge = isLarge;
    for (const record of this.#coming.splice(-COMING)) this.#attach(this.#graph.node(record.id));
    for (const key of this.#going.splice(-GOING)) this.#document.detach(key);
  }

  #isChosen(isFar) {
    if (isFar) return this.rect === NOWHERE;
    const ratio = this.#viewport.zoom / this.#zoom;
    return ratio > 0.8 && ratio < 1.25 && encloses(this.rect, this.#viewport.visibleRect());
  }

  /** Say what should be attached and what should not. */
  #choose(isLarge, isFar) {
    const { attached, pinned } = this.#document;
    this.rect = isFar ? NOWHERE : this.#viewport.visibleRect(MARGIN);
    this.#zoom = this.#viewport.zoom;
    const wanted = isFar ? [] : this.#inView(isLarge);
    const keys = new Set();
    for (const { id } of [...wanted, ...Array.from(pinned(), (id) => ({ id }))]) {
      keys.add(`n-${id}`);
      for (const edge of isFar ? [] : this.#graph.drawnEdgesOf(id)) keys.add(`e-${edge.id}`).add(`l-${edge.id}`);
    }
    this.#going = [...attached.keys()].filter((key) => !keys.has(key));
    const { x, y } = this.#viewport.centre;
    const distances = new Map(wanted.filter(({ id }) => !attached.has(`n-${id}`)).map((record) => [record, Math.hypot(centre(record).x - x, centre(record).y - y)]));
    this.#coming = [...distances.keys()].sort((a, b) => distances.get(b) - distances.get(a));
  }

  #inView(isLarge) {
    if (!isLarge) return [...this.#graph.visibleNodes()];
    const found = [];
    for (const record of this.#graph.visibleNodes()) {
      if (found.length < MAX_ATTACHED && intersects(this.rect, this.#graph.rect(record.id))) found.push(record);
    }
    return found;
  }

  #attach(record) {
    if (record && this.#graph.isDrawn(record.id) && !this.#document.attached.has(`n-${record.id}`)) this.#document.attach(record);
  }
}
