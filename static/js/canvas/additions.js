/** Add a node: beside the selection, at a point, or in the middle of the view. */

import { addNode, newId } from "../lib/edits.js";
import { placed } from "../lib/geometry.js";
import { isPhone } from "./viewport.js";

const GAP = 56;
const BELOW = 24;

export class Additions {
  #parts;

  constructor({ catalogue, editing, focus, graph, renderer, selection, viewport }) {
    this.#parts = { catalogue, editing, focus, graph, renderer, selection, viewport };
  }

  /** Add a node of a kind, beside the selection, at a point or in the middle, with edges that `link` makes. */
  add(kind, { at, link } = {}) {
    const { catalogue, editing, selection, renderer, viewport, focus } = this.#parts;
    const { width, height } = catalogue[kind];
    const where = at ? placed(at, width, height) : this.#room(width, height);
    const node = { id: newId("n"), kind, ...where };
    if (!editing.submit([addNode(node), ...(link?.(node) ?? [])]).length) return;
    selection.set({ nodes: [node.id] });
    renderer.flush();
    viewport.reveal({ ...where, width, height });
    if (!isPhone()) focus.node(node.id);
  }

  /** Free room right of the selection, else in the middle of the view; one below the other. */
  #room(width, height) {
    const { graph, selection, viewport } = this.#parts;
    const beside = graph.node(selection.node);
    const place = beside ? { x: beside.x + beside.width + GAP, y: beside.y } : placed(viewport.centre, width, height);
    const meets = (node) => node.x < place.x + width && place.x < node.x + node.width && node.y < place.y + height && place.y < node.y + node.height;
    const isTaken = () => [...graph.visibleNodes()].some((node) => node.kind !== "group" && meets(node));
    for (let tries = 0; tries < 40 && isTaken(); tries += 1) place.y += BELOW;
    return place;
  }
}
