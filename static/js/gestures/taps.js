/** A press that did not become a drag: select, begin or end a connection, or open the menu. */

import { Connect } from "./connect.js";
import { hitOf } from "./gestures.js";
import { menuItems } from "../ui/menu_items.js";

export class Taps {
  #editor;

  constructor(editor) {
    this.#editor = editor;
    editor.canvas.addEventListener("contextmenu", (event) => (event.preventDefault(), this.menu(event, hitOf(event))));
  }

  /** @param {PointerEvent} event */
  tap(event, hit) {
    const { selection, linking, mayEdit } = this.#editor;
    if (linking.tap(event, hit) || event.button !== 0) return;
    if (hit.port && mayEdit) linking.begin(new Connect(this.#editor, { id: hit.node, port: hit.port, direction: hit.direction }));
    else if (hit.node) this.#choose("nodes", hit.node, event);
    else if (hit.edge) this.#choose("edges", hit.edge, event);
    else if (!hit.handle && !hit.end && !event.shiftKey) selection.clear();
  }

  /** The menu for what is under the pointer. @param {HTMLElement} [below] open it below this button instead */
  menu(event, hit, below = null) {
    const { selection, contextMenu } = this.#editor;
    if (hit.node && !selection.nodes.has(hit.node)) selection.set({ nodes: [hit.node] });
    if (hit.edge && !hit.node) selection.set({ edges: [hit.edge] });
    const box = below?.getBoundingClientRect();
    contextMenu.open(box ? { x: box.left, y: box.bottom + 4 } : { x: event.clientX, y: event.clientY }, menuItems(this.#editor, hit, event));
  }

  #choose(what, id, event) {
    if (event.shiftKey) this.#editor.selection.toggle(what, id);
    else this.#editor.selection.set({ [what]: [id] });
    if (what === "nodes") this.#editor.focus.node(id);
  }
}
