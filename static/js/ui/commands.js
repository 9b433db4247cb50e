/**
 * Everything that can be asked for by key, menu or button, under one name each. Whether it may be done is checked here once:
 * commands that edit do nothing for people who may not edit.
 *
 * @typedef {Record<"act"|"canvas"|"catalogue"|"clipboard"|"connectFrom"|"editing"|"files"|"finding"|"focus"|"graph"|"inspector"|"listProblems"|"notices"|"offerLayout"|"outline"|"panels"|"picker"
 *   |"rename"|"root"|"running"|"selection"|"session"|"statusPill"|"texts"|"undo"|"viewport", object>} Parts of the editor that it uses
 */

import { addNode, aligned, editNode, move, newId, remove, removeAndJoin, removeNode } from "../lib/operations.js";
import { readingOrder, union } from "../lib/geometry.js";
import { connectByName } from "./connecting.js";
import { typeAhead } from "./keyboard.js";

const PADDING = { side: 16, top: 56 };
/** How soon, in ms, a nudge must follow another to belong to it. */
const RUN_MS = 1_000;

export class Commands {
  #parts;
  #nudged = { what: "", at: -Infinity, step: "" };
  #told = () => this.#saved();
  /** What moves the view, as the reader asks for. */
  #views = {
    fit: () => this.#parts.viewport.fit(this.#box(this.#parts.graph.visibleNodes())),
    "fit-selection": () => this.#parts.viewport.fit(this.#box(this.#chosen), { most: 1.5 }),
    "zoom-in": () => this.#zoom(1.25),
    "zoom-out": () => this.#zoom(0.8),
    "zoom-reset": () => this.#parts.viewport.zoomTo(1, undefined, { glide: true }),
    pan: ([dx, dy]) => this.#parts.viewport.pan(dx, dy),
  };
  #free = {
    open: (id) => this.#open(id),
    "select-all": () => this.#parts.selection.set({ nodes: Array.from(this.#parts.graph.visibleNodes(), (node) => node.id) }),
    "select-none": () => this.#parts.selection.clear(),
    walk: (direction) => this.#walk(direction),
    lock: () => this.#lock(),
    outline: () => this.#parts.outline(),
    run: () => this.#parts.running.start(),
    runs: () => this.#parts.running.list(),
    edit: () => this.#parts.running.close(),
    settings: () => this.#settings(),
    problems: () => this.#parts.listProblems(),
    help: () => this.#parts.root.querySelector("[data-help]")?.showModal(),
    copy: () => this.#parts.clipboard.copy(),
    export: () => this.#parts.files.export(),
    "import-report": () => this.#parts.files.report(),
    commands: () => this.#parts.finding.commands(),
    find: () => this.#parts.finding.find(),
    saved: () => this.#saved(),
  };
  #edits = {
    undo: () => this.#parts.undo.run("undo"),
    redo: () => this.#parts.undo.run("redo"),
    add: () => this.#parts.picker.addAfter(),
    "add-first": () => this.#parts.picker.add(),
    rename: (id) => this.#rename(id),
    delete: () => this.#remove(),
    // All that was copied goes, what is inside a group before the group.
    cut: () => this.#remove([...this.#parts.graph.withMembers(this.#parts.selection.nodes)].reverse()),
    "delete-join": () => this.#removeAndJoin(),
    duplicate: () => this.#parts.clipboard.duplicate(this.#roots),
    import: () => this.#parts.files.choose(),
    "import-file": (file) => this.#parts.files.add(file),
    paste: (at) => this.#parts.clipboard.paste(at),
    nudge: (by) => this.#nudge(by),
    align: (side) => this.#align(side),
    arrange: (way) => this.#arrange(way),
    connect: (id) => this.#connect(id),
    group: () => this.#group(),
    ungroup: () => this.#ungroup(),
    enable: () => this.#toggle(),
    collapse: (id) => this.#collapse(id),
    insert: (edge, event) => this.#parts.picker.add({ into: edge, event }),
    "write-note": (id) => this.#writeNote(id),
    extend: (output, event) => this.#parts.picker.add({ after: output, event, fits: ({ inputs }) => inputs.length > 0 }),
    layout: () => this.#parts.act("auto-layout", { nodes: [...this.#parts.selection.nodes] }),
  };

  /** @param {Parts} parts `connectFrom`: begins a connection at a port; `rename`: opens the field of a node's label */
  constructor(parts) {
    this.#parts = parts;
    const { clipboard } = parts;
    clipboard.addEventListener("cut", () => this.run("cut"));
    clipboard.addEventListener("pasted", ({ detail }) => this.#parts.offerLayout(detail));
    clipboard.addEventListener("foreign", ({ detail }) => this.run("import-file", detail));
  }

  /** Run a command; `event`: the pointer that asked for it. @returns {boolean} whether there is such a command and it may be run now */
  run(name, argument, event) {
    const isAllowed = this.may(name);
    if (isAllowed) (this.#views[name] ?? this.#free[name] ?? this.#edits[name])(argument, event);
    if (name in this.#views) this.#parts.viewport.steered();
    return isAllowed;
  }

  /** Whether there is such a command and this person may run it now. */
  may(name) {
    const { editing: { mayEdit }, session } = this.#parts;
    // What is locked can run: that changes nothing of it.
    if (name === "run") return ["owner", "editor"].includes(session.role);
    // When the outbox is full, its edits can still be undone.
    return name in this.#views || name in this.#free || (name in this.#edits && (mayEdit || (name === "undo" && session.outbox.isFull)));
  }

  /** Show the flow's own form, which is there while nothing is selected. */
  #settings() {
    const { panels, selection } = this.#parts;
    selection.clear();
    panels.reveal("inspector");
  }

  get #chosen() {
    return [...this.#parts.selection.nodes].map((id) => this.#parts.graph.node(id)).filter(Boolean);
  }

  get #roots() {
    return this.#parts.graph.rootsOf(this.#parts.selection.nodes);
  }

  #box(nodes) {
    return union(Array.from(nodes, ({ id }) => this.#parts.graph.rect(id)));
  }

  #open(id = this.#parts.selection.node) {
    if (id) this.#parts.selection.set({ nodes: [id] });
    this.#parts.inspector.enter();
  }

  /** A node in its place; an edge by the label in its form. */
  #rename(id = this.#parts.selection.node) {
    if (id) this.#parts.rename(id);
    else if (this.#parts.selection.edge) this.#parts.inspector.enter();
  }

  #zoom(factor) {
    const { viewport } = this.#parts;
    viewport.zoomTo(viewport.aim * factor, undefined, { glide: true });
  }

  /** Say that nothing needs saving; if something is still on its way, once it has arrived. */
  #saved() {
    const { inspector, notices, root, session, statusPill, texts } = this.#parts;
    inspector.flush();
    statusPill.show();
    const { state } = root.querySelector("[data-sync]").dataset;
    if (state === "saving") return session.addEventListener("acked", this.#told, { once: true });
    const said = root.querySelector("[data-sync-text]").textContent;
    if (state === "read-only") return notices.toast(said);
    return notices.toast(texts.say(state === "live" ? "saved_already" : "saved_later", { state: said }), { detail: texts.say("saves_itself") });
  }

  #lock() {
    const { editing, inspector, notices, root, texts } = this.#parts;
    inspector.flush();
    const isLocked = editing.toggleLock();
    root.toggleAttribute("data-locked", isLocked);
    root.querySelector("[data-tool=lock]")?.setAttribute("aria-pressed", String(isLocked));
    notices.announce(texts.say(isLocked ? "locked" : "unlocked"));
  }

  #remove(nodes = this.#parts.selection.nodes) {
    const { selection, graph } = this.#parts;
    const had = this.#parts.focus.isInside;
    const said = this.#deleted(nodes, selection.edges);
    this.#parts.editing.submit(remove(nodes, selection.edges, (id) => graph.edgesOf(id)), { said });
    if (had) this.#parts.canvas.focus({ preventScroll: true });
  }

  /** A note is written on the note; if that cannot be loaded, in the inspector. */
  #writeNote(id) {
    typeAhead(import("../gestures/note_text.js").then(({ writeNote }) => writeNote(this.#parts, id), () => this.#open(id)));
  }

  #removeAndJoin() {
    const { editing, graph, selection } = this.#parts;
    const said = this.#deleted(selection.nodes, []);
    if (selection.nodes.size) editing.submit(removeAndJoin(selection.nodes, (id) => graph.edgesOf(id), isPlain), { said });
  }

  /** What is about to be deleted, in words. @returns {string} */
  #deleted(nodes, edges) {
    const { graph, texts } = this.#parts;
    const [[node], [edge]] = [nodes, edges].map((ids) => [...ids]);
    const [some, lines] = [[...nodes].length, [...edges].length];
    if (some + lines > 1) return texts.say(some ? "deleted_many" : "deleted_edges", { count: some || lines });
    const label = graph.node(node ?? graph.edge(edge)?.source)?.label ?? "";
    return texts.say("op_remove_node", { what: node ? label : `${label} → ${graph.node(graph.edge(edge)?.target)?.label ?? ""}` });
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
    const nodes = this.#boxes;
    if (nodes.length > 1) this.#parts.editing.submit(aligned(nodes, side, union(nodes)));
  }

  /** @param {string} way one of those of `arrange.js` */
  async #arrange(way) {
    const { editing, graph, notices, texts } = this.#parts;
    const { arranged } = await import("./arrange.js").catch(() => ({}));
    if (!arranged) return void notices.toast(texts.say("needs_connection"));
    const boxes = way === "size" ? this.#boxes.filter(({ id }) => !graph.node(id).collapsed) : this.#boxes;
    const edits = arranged(way, boxes);
    if (edits.length && editing.mayEdit) editing.submit(edits);
  }

  /** Where the selected nodes are drawn, without those that move along with a group. */
  get #boxes() {
    return this.#roots.map((id) => ({ ...this.#parts.graph.rect(id), id }));
  }

  /** By keyboard: from the selected node to one that is typed. */
  #connect(id = this.#parts.selection.node) {
    connectByName(this.#parts, id);
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
