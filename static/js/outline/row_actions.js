/**
 * What can be done with a row of the outline: the commands of the canvas, and those that need no canvas to point at.
 *
 * @typedef {Record<"commands"|"contextMenu"|"editing"|"focus"|"graph"|"limits"|"notices"|"panels"|"picker"|"selection"|"texts"|"viewport", object>} Parts
 *   of the editor that it uses
 */

import { editEdge, editNode, move, resizeNode } from "../lib/operations.js";
import { keyOf, spelled } from "../lib/keys.js";
import { make } from "../lib/make.js";
import { characters } from "../lib/texts.js";

const GAP = 24;
const PADDING = { side: 16, top: 56 };

export class RowActions {
  #parts;
  #outline;
  /** The node or edge that was selected when the picker was opened here; undefined when it was not. */
  #adding;

  /** @param {Parts} parts @param {{focus: (row: HTMLElement) => void, await: (id: string) => void}} outline */
  constructor(parts, outline) {
    this.#parts = parts;
    this.#outline = outline;
    parts.selection.addEventListener("change", () => this.#added());
  }

  /** Select what a row stands for. */
  select({ dataset: { nodeId, edgeId } }) {
    this.#parts.selection.set(nodeId ? { nodes: [nodeId] } : { edges: [edgeId] });
  }

  /** @param {KeyboardEvent} event @returns {boolean} whether the key means something on this row */
  key(event, row) {
    const name = { Enter: "open", F2: "rename", Delete: "remove", Backspace: "remove", "/": "add", c: "connect", m: "home", j: "jump" }[keyOf(event)];
    if (!name) return false;
    this.select(row);
    this[name](row);
    return true;
  }

  /** Show all that can be done. */
  menu(row) {
    const { contextMenu, editing, graph, texts } = this.#parts;
    const { nodeId, edgeId } = row.dataset;
    const node = graph.node(nodeId);
    this.select(row);
    const item = (icon, text, name, keys, danger = false) => ({ icon, text: texts.say(text), keys: keys && spelled(texts, keys), danger, run: () => this[name](row) });
    const items = [item("sliders-horizontal", "open", "open", "Enter")];
    if (editing.mayEdit) items.push(item("pencil", "rename", "rename", "F2"), item("plus", edgeId ? "insert" : "add_node", "add", "/"));
    if (editing.mayEdit && node?.outputs.length) items.push(item("spline", "connect", "connect", "C"));
    if (editing.mayEdit && node) items.push(item("group", "move_into", "home", "M"), item("copy-plus", "duplicate", "duplicate"));
    items.push(item("scan", "jump", "jump", "J"));
    if (editing.mayEdit) items.push(item("trash-2", edgeId ? "disconnect" : "delete", "remove", "Del", true));
    contextMenu.offer(items, row);
  }

  open({ dataset: { nodeId } }) {
    this.#parts.commands.run("open", nodeId);
  }

  /** Add a node after this one, or into this edge. @param {HTMLElement|null} row */
  add(row) {
    const { commands, editing, selection } = this.#parts;
    if (!editing.mayEdit) return;
    if (row) this.select(row);
    this.#adding = selection.node ?? selection.edge ?? "";
    if (row?.dataset.edgeId) commands.run("insert", row.dataset.edgeId);
    else commands.run("add");
  }

  /** The focus comes back from the canvas to the row of what was added. */
  #added() {
    const { graph, selection } = this.#parts;
    const id = selection.node;
    if (this.#adding === undefined || !id || id === this.#adding || !graph.nodes.get(id)?.isMine) return;
    this.#adding = undefined;
    setTimeout(() => this.#outline.await(id));
  }

  connect({ dataset: { nodeId } }) {
    if (nodeId) this.#parts.commands.run("connect", nodeId);
  }

  duplicate() {
    this.#parts.commands.run("duplicate");
  }

  remove() {
    this.#parts.commands.run("delete");
  }

  /** Show it on the canvas, and go there. */
  jump({ dataset: { nodeId, edgeId } }) {
    const { focus, graph, panels, viewport } = this.#parts;
    const edge = graph.edge(edgeId);
    const id = graph.standIn(nodeId ?? edge?.source);
    if (!graph.node(id)) return;
    if (matchMedia("(max-width: 1023px)").matches) panels.reveal("palette", false);
    viewport.reveal(graph.rect(id));
    if (edge) focus.edge(edgeId);
    else focus.node(id, true);
  }

  /** Ask into which group a node goes, and put it there; the group grows to hold it. */
  home({ dataset: { nodeId } }) {
    const { editing, graph, picker, texts } = this.#parts;
    const node = graph.node(nodeId);
    if (!node || !editing.mayEdit) return;
    const inside = graph.withMembers([nodeId]);
    const groups = [...graph.nodes.values()].filter(({ id, kind, gone }) => kind === "group" && !gone && !inside.has(id) && id !== node.parent);
    const out = node.parent ? [{ id: "", kind: "group", label: texts.say("no_group") }] : [];
    if (groups.length || out.length) picker.node([...out, ...groups], texts.say("move_into"), (id) => editing.submit(this.#into(node, graph.node(id))));
  }

  #into(node, group) {
    const { graph } = this.#parts;
    if (!group) return [editNode(node.id, { parent: null })];
    const below = Math.max(group.y + PADDING.top, ...graph.membersOf(group.id).map(({ y, height }) => y + height + GAP));
    const isInside = node.x >= group.x && node.y >= group.y && node.x + node.width <= group.x + group.width && node.y + node.height <= group.y + group.height;
    const place = isInside ? node : { x: group.x + PADDING.side, y: below };
    const [right, bottom] = [place.x + node.width + PADDING.side - group.x, place.y + node.height + PADDING.side - group.y];
    const grows = right > group.width || bottom > group.height;
    return [
      editNode(node.id, { parent: group.id }),
      ...(isInside ? [] : [move(node.id, place)]),
      ...(grows ? [resizeNode(group.id, { width: Math.max(group.width, right), height: Math.max(group.height, bottom) })] : []),
    ];
  }

  /** Rename a node, or an edge by its label, in its row: Enter and leaving keep it, Esc does not. */
  rename(row) {
    const { editing, graph, limits, notices, texts } = this.#parts;
    const { nodeId, edgeId } = row.dataset;
    const record = graph.node(nodeId) ?? graph.edge(edgeId);
    const name = row.querySelector(".outline-name");
    if (!record || !editing.mayEdit || row.querySelector("input")) return;
    const given = nodeId ? record.label : (record.element.dataset.label ?? "");
    const field = make("input.outline-field", { type: "text", dir: "auto", autocomplete: "off", spellcheck: "false", "aria-label": texts.say("rename") });
    field.value = given;
    name.hidden = true;
    name.after(field);
    field.focus();
    field.select();
    let isOver = false;
    const end = (isKept, hasFocus) => {
      if (isOver) return;
      const text = field.value.replace(/\s+/g, " ").trim();
      const isChanged = isKept && text !== given && (text || edgeId);
      const tooLong = characters(text) > limits.label && texts.say("too_long", { count: characters(text), most: limits.label });
      const isRefused = isChanged && (tooLong || !editing.submit([nodeId ? editNode(nodeId, { label: text }) : editEdge(edgeId, { label: text })]).length);
      if (isRefused) {
        field.setAttribute("aria-invalid", "true");
        notices.toast(tooLong || editing.reason || texts.say("too_large"), { tone: "danger" });
        return;
      }
      isOver = true;
      if (hasFocus) this.#outline.focus(row);
      field.remove();
      name.hidden = false;
      if (isChanged && nodeId) name.textContent = text;
    };
    field.addEventListener("blur", () => end(true, false));
    field.addEventListener("keydown", (event) => {
      event.stopPropagation();
      if (event.key !== "Enter" && event.key !== "Escape") return;
      event.preventDefault();
      end(event.key === "Enter", true);
    });
  }
}
