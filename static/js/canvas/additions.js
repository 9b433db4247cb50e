/** Add nodes, and make what the server has not rendered yet look as the server will render it. */

import { heightFor } from "../lib/curve.js";
import { newId } from "../lib/edits.js";
import { placed } from "../lib/geometry.js";
import { isPhone } from "../inspector/sheet.js";

const BESIDE = 56;
const BELOW = 24;

export class Additions {
  #editor;

  constructor(editor) {
    this.#editor = editor;
  }

  /** Add a node of a kind, beside the selection, at a point or in the middle, with edges that `link` makes. */
  add(kind, { at, link } = {}) {
    const { catalogue, selection, stage, viewport, focus } = this.#editor;
    const { width, height } = catalogue[kind];
    const where = at ? placed(at, width, height) : this.#room(width, height);
    const node = { id: newId("n"), kind, ...where };
    if (!this.#editor.submit([{ kind: "add_node", node }, ...(link?.(node) ?? [])]).length) return;
    selection.set({ nodes: [node.id] });
    stage.flush();
    viewport.reveal({ ...where, width, height });
    if (!isPhone()) focus.node(node.id);
  }

  /** Free room right of the selection, else in the middle of the view; one below the other. */
  #room(width, height) {
    const { graph, selection, viewport } = this.#editor;
    const beside = graph.node(selection.node);
    const place = beside ? { x: beside.x + beside.width + BESIDE, y: beside.y } : placed(viewport.centre, width, height);
    const meets = (node) => node.x < place.x + width && place.x < node.x + node.width && node.y < place.y + height && place.y < node.y + node.height;
    const isTaken = () => [...graph.visibleNodes()].some((node) => node.kind !== "group" && meets(node));
    for (let tries = 0; tries < 40 && isTaken(); tries += 1) place.y += BELOW;
    return place;
  }

  /** A fresh node as the server would draw it. @returns {HTMLElement} */
  blank(kind) {
    return document.querySelector(`template[data-blank-kind="${kind}"]`).content.firstElementChild.cloneNode(true);
  }

  /** The element of a node of mine that is still on its way; what makes it other than its kind is laid over it. @returns {HTMLElement} */
  element({ id, kind, x, y, label, parent, settings, ...node }) {
    const { width, height, title } = this.#editor.catalogue[kind];
    const fitting = settings?.branches ? Math.max(height, heightFor(settings.branches)) : height;
    const element = this.blank(kind);
    element.id = `n-${id}`;
    Object.assign(element.dataset, { nodeId: id, x, y, width: node.width ?? width, height: node.height ?? fitting, parent: parent ?? "", label: label ?? title });
    return element;
  }
}
