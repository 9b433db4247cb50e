/**
 * Everything that can be asked for by key, menu or button, under one name each. Whether it may be done is checked here once:
 * commands that edit do nothing for people who may not edit.
 *
 * @typedef {Record<"canvas"|"catalogue"|"clipboard"|"connectFrom"|"editing"|"focus"|"graph"|"inspector"|"notices"|"picker"
 *   |"rename"|"root"|"selection"|"session"|"texts"|"undo"|"viewport", object>} Parts of the editor that it uses
 */

import { rootsOf } from "../canvas/nesting.js";
import { addNode, aligned, editNode, insertInto, move, newId, remove, removeAndJoin, removeNode } from "../lib/edits.js";
import { centre, readingOrder, union } from "../lib/geometry.js";

const PADDING = { side: 16, top: 56 };
/** How soon, in ms, a nudge must follow another to belong to it. */
const RUN_MS = 1_000;

export class Commands {
  #parts;
  #nudged = { what: "", at: -Infinity, step: "" };
  #free = {
    open: (id) => this.#open(id),
    fit: () => this.#parts.viewport.fit(this.#box(this.#parts.graph.visibleNodes())),
    "fit-selection": () => this.#parts.viewport.fit(this.#box(this.#chosen), { most: 1.5 }),
    "zoom-in": () => this.#zoom(1.25),
    "zoom-out": () => this.#zoom(0.8),
    "zoom-reset": () => this.#parts.viewport.zoomTo(1, undefined, { glide: true }),
    "select-all": () => this.#parts.selection.set({ nodes: Array.from(this.#parts.graph.visibleNodes(), (node) => node.id) }),
    "select-none": () => this.#parts.selection.clear(),
    walk: (direction) => this.#walk(direction),
    lock: () => this.#lock(),
    help: () => this.#parts.root.querySelector("[data-help]")?.showModal(),
    copy: () => this.#parts.clipboard.copy(),
  };
  #edits = {
    undo: () => this.#parts.undo.run("undo"),
    redo: () => this.#parts.undo.run("redo"),
    add: () => this.#parts.picker.add(),
    "add-first": () => this.#parts.picker.add(),
    rename: (id) => this.#parts.rename(id ?? this.#parts.selection.node),
    delete: () => this.#remove(),
    // All that was copied goes, what is inside a group before the group.
    cut: () => this.#remove([...this.#parts.graph.withMembers(this.#parts.selection.nodes)].reverse()),
    "delete-join": () => this.#parts.editing.submit(removeAndJoin(this.#parts.selection.nodes, (id) => this.#parts.graph.edgesOf(id), isPlain)),
    duplicate: () => this.#parts.clipboard.duplicate(this.#roots),
    paste: (at) => this.#parts.clipboard.paste(at),
    nudge: (by) => this.#nudge(by),
    align: (side) => this.#align(side),
    connect: (id) => this.#connect(id),
    group: () => this.#group(),
    ungroup: () => this.#ungroup(),
    enable: () => this.#toggle(),
    collapse: (id) => this.#collapse(id),
    insert: (edge) => this.#insert(edge),
  };

  /** @param {Parts} parts `connectFrom`: begins a connection at a port; `rename`: opens the field of a node's label */
  constructor(parts) {
    this.#parts = parts;
    const { clipboard } = parts;
    clipboard.addEventListener("cut", () => this.run("cut"));
  }

  /** Run a command. @returns {boolean} whether there is such a command and it may be run now */
  run(name, argument) {
    const { editing: { mayEdit }, session } = this.#parts;
    // When the outbox is full, its edits can still be undone.
    const isAllowed = mayEdit || (name === "undo" && session.outbox.isFull);
    const command = this.#free[name] ?? (isAllowed ? this.#edits[name] : undefined);
    command?.(argument);
    return Boolean(command);
  }

  get #chosen() {
    return [...this.#parts.selection.nodes].map((id) => this.#parts.graph.node(id)).filter(Boolean);
  }

  get #roots() {
    return rootsOf(this.#parts.graph, this.#parts.selection.nodes);
  }

  #box(nodes) {
    return union(Array.from(nodes, ({ id }) => this.#parts.graph.rect(id)));
  }

  #open(id = this.#parts.selection.node) {
    if (id) this.#parts.selection.set({ nodes: [id] });
    this.#parts.inspector.enter();
  }

  #zoom(factor) {
    const { viewport } = this.#parts;
    viewport.zoomTo(viewport.aim * factor, undefined, { glide: true });
    viewport.steered();
  }

  #lock() {
    const { editing, notices, root, texts } = this.#parts;
    const isLocked = editing.toggleLock();
    root.toggleAttribute("data-locked", isLocked);
    root.querySelector("[data-tool=lock]")?.setAttribute("aria-pressed", String(isLocked));
    notices.announce(texts.say(isLocked ? "locked" : "unlocked"));
  }

  #remove(nodes = this.#parts.selection.nodes) {
    const { selection, graph } = this.#parts;
    const had = this.#parts.focus.current;
    this.#parts.editing.submit(remove(nodes, selection.edges, (id) => graph.edgesOf(id)));
    if (had) this.#parts.canvas.focus({ preventScroll: true });
  }

  #nudge([dx, dy]) {
    const roots = this.#roots;
    const moves = roots.map((id) => this.#parts.graph.node(id)).map(({ id, x, y }) => move(id, { x: x + dx, y: y + dy }));
    this.#parts.editing.submit(moves, { step: this.#run(roots.join()) });
  }

  /** Nudges that follow each other are one step of undo. @returns {string} its name */
  #run(what) {
    const now = performance.now();
    const goesOn = this.#nudged.what === what && now - this.#nudged.at < RUN_MS;
    this.#nudged = { what, at: now, step: goesOn ? this.#nudged.step : newId("s") };
    return this.#nudged.step;
  }

  #align(side) {
    const nodes = this.#roots.map((id) => this.#parts.graph.node(id));
    if (nodes.length > 1) this.#parts.editing.submit(aligned(nodes, side, union(nodes)));
  }

  /** By keyboard: from the selected node to one that is typed. */
  #connect(id = this.#parts.selection.node) {
    const node = this.#parts.graph.node(id);
    const port = node && (node.outputs.includes("default") && node.outputs.length === 1 ? "default" : node.outputs[0]);
    if (!port) return;
    const connect = this.#parts.connectFrom({ id, port, direction: "out" });
    this.#parts.picker.node(readingOrder(connect.targets()), this.#parts.texts.say("connect"), (target) => connect.to(target));
  }

  #group() {
    const { graph } = this.#parts;
    const roots = this.#roots;
    const box = this.#box(roots.map((id) => graph.node(id)));
    if (!box) return;
    const { side, top } = PADDING;
    const id = newId("n");
    const parents = new Set(roots.map((root) => graph.node(root).parent));
    const frame = { x: box.x - side, y: box.y - top, width: box.width + 2 * side, height: box.height + side + top };
    const node = { id, kind: "group", ...frame, parent: parents.size === 1 ? [...parents][0] : null };
    this.#parts.editing.submit([addNode(node), ...roots.map((root) => editNode(root, { parent: id }))]);
    this.#parts.selection.set({ nodes: [id] });
  }

  #ungroup() {
    const groups = this.#chosen.filter((node) => node.kind === "group");
    const members = groups.flatMap(({ id, parent }) => this.#parts.graph.membersOf(id).map((node) => ({ id: node.id, parent })));
    const moved = members.map(({ id, parent }) => editNode(id, { parent }));
    this.#parts.editing.submit([...moved, ...groups.map(({ id }) => removeNode(id))]);
    this.#parts.selection.set({ nodes: members.map(({ id }) => id) });
  }

  #toggle() {
    const enabled = this.#chosen.some(({ element }) => element.hasAttribute("data-disabled"));
    this.#parts.editing.submit(this.#chosen.map(({ id }) => editNode(id, { enabled })));
  }

  /** Collapse the selected groups, or this one; expand them if they all are. */
  #collapse(id) {
    const { editing, graph, notices, texts } = this.#parts;
    const groups = (id ? [graph.node(id)] : this.#chosen).filter((node) => node?.kind === "group");
    if (!groups.length) return;
    const isCollapsed = groups.every(({ collapsed }) => collapsed);
    editing.submit(groups.map((group) => editNode(group.id, { settings: { collapsed: isCollapsed ? null : true } })));
    notices.announce(texts.say(isCollapsed ? "expanded_now" : "collapsed_now"));
  }

  /** Ask which node goes into an edge. */
  #insert(id) {
    const edge = this.#parts.graph.edge(id);
    if (!edge) return;
    const middle = union([this.#parts.graph.rect(edge.source), this.#parts.graph.rect(edge.target)]);
    this.#parts.picker.add({ at: centre(middle), link: ({ id: added, kind }) => insertInto(edge, { ...this.#parts.catalogue[kind], id: added }) });
  }

  /** Along the edges with left and right, among siblings with up and down. */
  #walk(direction) {
    const { graph, selection } = this.#parts;
    const from = selection.node ?? this.#parts.focus.current;
    if (!from) return this.#parts.focus.node(readingOrder(graph.visibleNodes())[0]?.id, true);
    const along = (id, ahead) => graph.edgesOf(id).filter((edge) => (ahead ? edge.source : edge.target) === id).map((edge) => (ahead ? edge.target : edge.source));
    const step = { right: () => along(from, true), left: () => along(from, false) }[direction];
    if (step) return this.#parts.focus.node(step()[0], true);
    const beside = new Set([...along(from, false).flatMap((id) => along(id, true)), ...along(from, true).flatMap((id) => along(id, false)), from]);
    const column = [...beside].map((id) => graph.node(id)).sort((a, b) => a.y - b.y);
    const at = column.findIndex(({ id }) => id === from);
    return this.#parts.focus.node(column[at + (direction === "down" ? 1 : -1)]?.id, true);
  }
}

const isPlain = ({ label, element }) => !label && !("animated" in element.dataset);
