/**
 * The context menu: what can be done with what is under the pointer, by mouse, long press or keyboard.
 *
 * @typedef {{icon: string, text: string, keys?: string, danger?: boolean, action?: string, run: () => void}} Item `action`: one of the server's
 */

import { clamp } from "../lib/geometry.js";
import { spelled } from "../lib/keys.js";
import { icon, make } from "../lib/make.js";

const ICONS = {
  "auto-layout": "workflow", "generate-children": "git-branch", "branch-out": "split", "wrap-in-loop": "repeat", "insert-error-path": "triangle-alert",
  "extract-group": "frame", "duplicate-branch": "copy-plus", "disable-branch": "ban", "reverse-edge": "shuffle", explain: "sticky-note", "tidy-names": "text-cursor-input",
};

export class ContextMenu {
  #parts;
  #menu = make("div.menu", { role: "menu", hidden: true });
  #back = null;
  /** What it is about. */
  #hit = {};
  #press = ({ target }) => this.#menu.contains(target) || this.close();
  #check = () => this.#isAbout(this.#hit) || this.close();

  constructor({ act, commands, editing, focus, gestures, graph, picker, root, selection, session, texts, viewport }) {
    this.#parts = { act, commands, editing, focus, graph, picker, selection, session, texts, viewport };
    gestures.addEventListener("menu", ({ detail: { event, hit } }) => this.show(hit, event));
    root.append(this.#menu);
    this.#menu.setAttribute("aria-label", texts.say("menu"));
    this.#menu.addEventListener("click", () => this.close());
    this.#menu.addEventListener("keydown", (event) => this.#key(event));
  }

  /** Open it for what is under the pointer. @param {{node?: string, edge?: string}} hit @param {MouseEvent} event @param {HTMLElement} [below] a button below which to open it */
  show(hit, event, below = null) {
    const { focus, selection } = this.#parts;
    if (!this.#isAbout(hit)) return;
    this.#hit = hit;
    if (hit.node && !selection.nodes.has(hit.node)) selection.set({ nodes: [hit.node] });
    if (hit.node && !below) focus.node(hit.node);
    if (hit.edge && !hit.node) selection.set({ edges: [hit.edge] });
    const box = below?.getBoundingClientRect();
    this.#open(box ? { x: box.left, y: box.bottom + 4 } : { x: event.clientX, y: event.clientY }, this.#items(hit, event, below !== null));
  }

  /** Show what can be done elsewhere on the page. @param {Item[]} items @param {HTMLElement} below what it is about */
  offer(items, below) {
    const { left, bottom } = below.getBoundingClientRect();
    this.#hit = {};
    this.#open({ x: left + 16, y: bottom }, items);
  }

  /** Whether that is still there. */
  #isAbout({ node, edge }) {
    const { graph } = this.#parts;
    return (!node || graph.node(node) !== undefined) && (!edge || graph.edge(edge) !== undefined);
  }

  /** Notice, as long as it is open, when it should close. @param {"addEventListener"|"removeEventListener"} change */
  #watch(change) {
    window[change]("pointerdown", this.#press, true);
    this.#parts.graph[change]("change", this.#check);
  }

  /** @param {{x: number, y: number}} at on the page @param {Item[]} items */
  #open(at, items) {
    this.#back = document.activeElement;
    this.#menu.replaceChildren(...items.map((one) => (one.row ? row(one) : item(one))));
    this.#menu.hidden = false;
    this.#watch("addEventListener");
    const { offsetWidth: width, offsetHeight: height } = this.#menu;
    this.#menu.style.left = `${clamp(at.x, 8, innerWidth - width - 8)}px`;
    this.#menu.style.top = `${clamp(at.y, 8, innerHeight - height - 8)}px`;
    this.#menu.querySelector("[role=menuitem]").focus({ preventScroll: true });
  }

  /** Close it. @returns {boolean} whether it was open */
  close() {
    if (this.#menu.hidden) return false;
    const hadFocus = this.#menu.contains(document.activeElement);
    this.#menu.hidden = true;
    this.#watch("removeEventListener");
    if (hadFocus) this.#back?.focus?.({ preventScroll: true });
    return true;
  }

  /** @returns {Item[]} for a node, an edge, or the empty canvas */
  #items({ node, edge }, event, isBelow) {
    const fit = this.#item("maximize", "fit", "fit", { keys: ["Shift", "1"] });
    const help = this.#item("circle-question-mark", "help", "help", { keys: ["?"] });
    const copy = this.#item("copy", "copy", "copy", { keys: ["Mod", "C"] });
    if (!this.#parts.editing.mayEdit) return node ? [copy, fit, help] : [fit, help];
    const remove = this.#item("trash-2", "delete", "delete", { keys: ["Del"], danger: true });
    if (node) return [...this.#ofNode(node, copy), ...this.actions([...this.#parts.selection.nodes]), remove];
    if (edge) return [this.#item("plus", "insert", "insert", { argument: edge }), ...this.actions([], edge), remove];
    const at = event.clientX === undefined || isBelow ? undefined : this.#parts.viewport.world(event);
    const paste = this.#item("clipboard-paste", "paste", "paste", { keys: ["Mod", "V"], argument: at });
    return [this.#add(at, event), paste, this.#item("scan", "select_all", "select-all", { keys: ["Mod", "A"] }), fit, help, ...this.actions()];
  }

  /** What the server can do with nodes, an edge, or the whole flow. @returns {Item[]} */
  actions(nodes = [], edge = undefined) {
    const { act, graph, session, texts } = this.#parts;
    const [kind, isOff] = [graph.node(nodes[0])?.kind, graph.nodes.get(nodes[0])?.element.hasAttribute("data-disabled")];
    const fits = ({ id, on, kinds, may_be_empty: mayBeEmpty }) => {
      if (id === "reverse-edge") return Boolean(edge) || nodes.length > 1;
      if (edge || on === "flow") return !edge && !nodes.length;
      return on === "node" ? nodes.length === 1 && (!kinds || kinds.includes(kind)) : nodes.length > 0 || mayBeEmpty;
    };
    const parameters = (id) => (id === "reverse-edge" && edge ? { edge } : id === "disable-branch" && isOff ? { enabled: true } : {});
    return session.actions.filter(fits).map(({ id, title }) => ({
      action: id,
      icon: ICONS[id] ?? "zap",
      text: id === "disable-branch" && isOff ? texts.say("enable_branch") : title,
      keys: id === "auto-layout" ? spelled(texts, "Shift", "L") : undefined,
      run: () => act(id, { nodes, parameters: parameters(id) }),
    }));
  }

  #add(at, event) {
    const { picker, texts } = this.#parts;
    return { icon: "plus", text: texts.say("add_node"), keys: "Tab", run: () => picker.add({ at, event }) };
  }

  #ofNode(id, copy) {
    const { graph, selection } = this.#parts;
    const node = graph.nodes.get(id);
    const isOff = node?.element.hasAttribute("data-disabled");
    const groups = [...selection.nodes].map((one) => graph.nodes.get(one)).filter((one) => one?.kind === "group");
    const [hasGroup, isCollapsed] = [groups.length > 0, groups.every(({ collapsed }) => collapsed)];
    const isAlone = selection.node !== null;
    return [
      selection.nodes.size > 1 && this.#arranging(),
      isAlone && this.#item("sliders-horizontal", "open", "open", { keys: ["Enter"] }),
      isAlone && node.kind === "note" && this.#item("sticky-note", "write_note", "write-note", { argument: id }),
      isAlone && this.#item("pencil", "rename", "rename", { keys: ["F2"] }),
      isAlone && node.outputs.length > 0 && this.#item("spline", "connect", "connect", { keys: ["C"] }),
      copy,
      this.#item("copy-plus", "duplicate", "duplicate", { keys: ["Mod", "D"] }),
      this.#item("group", "group", "group", { keys: ["Mod", "G"] }),
      hasGroup && this.#item(isCollapsed ? "chevron-down" : "chevron-up", isCollapsed ? "expand" : "collapse", "collapse", { keys: ["."] }),
      hasGroup && this.#item("ungroup", "ungroup", "ungroup", { keys: ["Mod", "Shift", "G"] }),
      this.#item(isOff ? "eye" : "ban", isOff ? "enable" : "disable", "enable"),
    ].filter(Boolean);
  }

  /** A row of buttons: how several nodes can be arranged. */
  #arranging() {
    const { commands, texts } = this.#parts;
    const button = (look, text, keys, command, argument) => ({ look, text: texts.say(text), keys: spelled(texts, ...keys), run: () => commands.run(command, argument) });
    const side = (name, key) => button(name, `align_${name}`, ["Mod", "Shift", key], "align", name);
    const way = (name, text, key) => button(name, text, ["Shift", key], "arrange", name);
    const row = [
      side("left", "←"), way("centre", "align_centre", "X"), side("right", "→"), side("top", "↑"), way("middle", "align_middle", "Y"), side("bottom", "↓"),
      way("across", "space_across", "H"), way("down", "space_down", "V"), way("size", "same_size", "S"),
    ];
    return { text: texts.say("arrange"), row };
  }

  #item(name, text, command, { keys = [], argument, danger } = {}) {
    const { commands, texts } = this.#parts;
    return { icon: name, text: texts.say(text), keys: spelled(texts, ...keys), danger, run: () => commands.run(command, argument) };
  }

  #key(event) {
    const items = [...this.#menu.querySelectorAll("[role=menuitem]")];
    const at = items.indexOf(document.activeElement);
    const inRow = items[at]?.closest(".menu-row");
    const [first, last] = inRow ? [0, inRow.children.length - 1] : [at, at];
    const to = { ArrowDown: (last + 1) % items.length, ArrowUp: first - 1, Home: 0, End: -1, ...(inRow && { ArrowRight: (at + 1) % (last + 1), ArrowLeft: at ? at - 1 : last }) }[event.key];
    event.stopPropagation();
    if (to !== undefined) items.at(to).focus();
    else if (event.key === "Escape" || event.key === "Tab") this.close();
    else return;
    event.preventDefault();
  }
}

function item({ icon: name, text, keys, danger, action, run }) {
  const element = make(danger ? "button.danger" : "button", { type: "button", role: "menuitem", tabindex: "-1" }, icon(name), make("span", {}, text));
  if (action) element.dataset.action = action;
  if (keys) element.append(make("kbd", {}, keys));
  element.addEventListener("click", run);
  return element;
}

function row({ text, row: buttons }) {
  return make("div.menu-row", { role: "group", "aria-label": text }, ...buttons.map(({ look, text: name, keys, run }) => {
    const element = make("button", { type: "button", role: "menuitem", tabindex: "-1", "aria-label": name, title: `${name} (${keys})` }, make("i.arrange-icon", { "data-look": look, "aria-hidden": "true" }));
    element.addEventListener("click", run);
    return element;
  }));
}
