/**
 * Everything that can be asked for by key, menu or button, under one name each. Whether it may be done is asked here once:
 * commands that edit are silent for whoever may not.
 */

import { aligned, addEdge, editNode, move, newId, remove, removeAndJoin } from "../lib/edits.js";
import { readingOrder, union } from "../lib/geometry.js";
import { Connect } from "../gestures/connect.js";
import { rootsOf } from "../gestures/drag.js";
import { rename } from "../gestures/rename.js";

const PADDING = { side: 16, top: 56 };
/** How soon, in ms, a nudge has to follow another to belong to it. */
const RUN_MS = 1_000;

export class Commands {
  #editor;
  #nudged = { what: "", at: -Infinity, step: "" };
  #free = {
    open: (id) => this.#open(id),
    fit: () => this.#editor.viewport.fit(this.#box(this.#editor.graph.visibleNodes())),
    "fit-selection": () => this.#editor.viewport.fit(this.#box(this.#chosen), { most: 1.5 }),
    "zoom-in": () => this.#zoom(1.25),
    "zoom-out": () => this.#zoom(0.8),
    "zoom-reset": () => this.#editor.viewport.zoomTo(1, undefined, { glide: true }),
    "select-all": () => this.#editor.selection.set({ nodes: Array.from(this.#editor.graph.visibleNodes(), (node) => node.id) }),
    "select-none": () => this.#editor.selection.clear(),
    walk: (direction) => this.#walk(direction),
    lock: () => this.#editor.lock(),
    help: () => this.#editor.root.querySelector("[data-help]")?.showModal(),
  };
  #edits = {
    undo: () => this.#editor.undo.run("undo"),
    redo: () => this.#editor.undo.run("redo"),
    add: () => this.#editor.picker.add(),
    "add-first": () => this.#editor.picker.add(),
    rename: (id) => rename(this.#editor, id ?? this.#editor.selection.node),
    delete: () => this.#remove(),
    "delete-join": () => this.#editor.submit(removeAndJoin(this.#editor.selection.nodes, (id) => this.#editor.graph.edgesOf(id))),
    duplicate: () => this.#editor.copies.duplicate(this.#roots, { x: 32, y: 32 }),
    nudge: (by) => this.#nudge(by),
    align: (side) => this.#align(side),
    connect: (id) => this.#connect(id),
    group: () => this.#group(),
    ungroup: () => this.#ungroup(),
    enable: () => this.#toggle(),
    insert: (edge) => this.#insert(edge),
  };

  constructor(editor) {
    this.#editor = editor;
  }

  /** @returns {boolean} whether there is such a command and it may be run now */
  run(name, argument) {
    const { mayEdit, session } = this.#editor;
    // Where nothing more can wait, what waits can still be taken back.
    const isAllowed = mayEdit || (name === "undo" && session.outbox.isFull);
    const command = this.#free[name] ?? (isAllowed ? this.#edits[name] : undefined);
    command?.(argument);
    return Boolean(command);
  }

  get #chosen() {
    return [...this.#editor.selection.nodes].map((id) => this.#editor.graph.node(id)).filter(Boolean);
  }

  get #roots() {
    return rootsOf(this.#editor.graph, this.#editor.selection.nodes);
  }

  #box(nodes) {
    return union(Array.from(nodes, ({ id }) => this.#editor.graph.rect(id)));
  }

  #open(id = this.#editor.selection.node) {
    if (id) this.#editor.selection.set({ nodes: [id] });
    this.#editor.inspector.enter();
  }

  #zoom(factor) {
    const { viewport } = this.#editor;
    viewport.zoomTo(viewport.zoom * factor, undefined, { glide: true });
    this.#editor.moved();
  }

  #remove() {
    const { selection, graph } = this.#editor;
    const had = this.#editor.focus.current;
    this.#editor.submit(remove(selection.nodes, selection.edges, (id) => graph.edgesOf(id)));
    if (had) this.#editor.canvas.focus({ preventScroll: true });
  }

  #nudge([dx, dy]) {
    const roots = this.#roots;
    const moves = roots.map((id) => this.#editor.graph.node(id)).map(({ id, x, y }) => move(id, { x: x + dx, y: y + dy }));
    this.#editor.submit(moves, { step: this.#run(roots.join()) });
  }

  /** Nudges that follow each other are one step of undo. @returns {string} its name */
  #run(what) {
    const now = performance.now();
    const goesOn = this.#nudged.what === what && now - this.#nudged.at < RUN_MS;
    this.#nudged = { what, at: now, step: goesOn ? this.#nudged.step : newId("s") };
    return this.#nudged.step;
  }

  #align(side) {
    const nodes = this.#roots.map((id) => this.#editor.graph.node(id));
    if (nodes.length > 1) this.#editor.submit(aligned(nodes, side, union(nodes)));
  }

  /** By keyboard: from the selected node to one that is typed. */
  #connect(id = this.#editor.selection.node) {
    const node = this.#editor.graph.node(id);
    const port = node && (node.outputs.includes("default") && node.outputs.length === 1 ? "default" : node.outputs[0]);
    if (!port) return;
    const connect = new Connect(this.#editor, { id, port, direction: "out" });
    this.#editor.picker.node(readingOrder(connect.targets()), this.#editor.texts.say("connect"), (target) => connect.to(target));
  }

  #group() {
    const { graph } = this.#editor;
    const roots = this.#roots;
    const box = this.#box(roots.map((id) => graph.node(id)));
    if (!box) return;
    const { side, top } = PADDING;
    const id = newId("n");
    const parents = new Set(roots.map((root) => graph.node(root).parent));
    const frame = { x: box.x - side, y: box.y - top, width: box.width + 2 * side, height: box.height + side + top };
    const node = { id, kind: "group", ...frame, parent: parents.size === 1 ? [...parents][0] : null };
    this.#editor.submit([{ kind: "add_node", node }, ...roots.map((root) => editNode(root, { parent: id }))]);
    this.#editor.selection.set({ nodes: [id] });
  }

  #ungroup() {
    const groups = this.#chosen.filter((node) => node.kind === "group");
    const members = groups.flatMap(({ id, parent }) => this.#editor.graph.membersOf(id).map((node) => ({ id: node.id, parent })));
    const kept = members.filter(({ parent }) => parent).map(({ id, parent }) => editNode(id, { parent }));
    this.#editor.submit([...kept, ...groups.map(({ id }) => ({ kind: "remove_node", id }))]);
    this.#editor.selection.set({ nodes: members.map(({ id }) => id) });
  }

  #toggle() {
    const enabled = this.#chosen.some(({ element }) => element.hasAttribute("data-disabled"));
    this.#editor.submit(this.#chosen.map(({ id }) => editNode(id, { enabled })));
  }

  /** Ask which node goes into an edge. */
  #insert(id) {
    const edge = this.#editor.graph.edge(id);
    if (!edge) return;
    const middle = union([this.#editor.graph.rect(edge.source), this.#editor.graph.rect(edge.target)]);
    const at = { x: middle.x + middle.width / 2, y: middle.y + middle.height / 2 };
    const { catalogue } = this.#editor;
    const link = ({ id: added, kind }) => {
      const { inputs: [into], outputs: [out] } = catalogue[kind];
      if (!into || !out) return [];
      return [{ kind: "remove_edge", id: edge.id }, addEdge(edge.source, edge.sourcePort, added, into), addEdge(added, out, edge.target, edge.targetPort)];
    };
    this.#editor.picker.add({ at, link, isCentre: true });
  }

  /** Along the edges with left and right, among siblings with up and down. */
  #walk(direction) {
    const { graph, selection } = this.#editor;
    const from = selection.node ?? this.#editor.focus.current;
    if (!from) return this.#editor.focus.node(readingOrder(graph.visibleNodes())[0]?.id, true);
    const along = (id, ahead) => graph.edgesOf(id).filter((edge) => (ahead ? edge.source : edge.target) === id).map((edge) => (ahead ? edge.target : edge.source));
    const step = { right: () => along(from, true), left: () => along(from, false) }[direction];
    if (step) return this.#editor.focus.node(step()[0], true);
    const beside = new Set([...along(from, false).flatMap((id) => along(id, true)), ...along(from, true).flatMap((id) => along(id, false)), from]);
    const column = [...beside].map((id) => graph.node(id)).sort((a, b) => a.y - b.y);
    const at = column.findIndex(({ id }) => id === from);
    return this.#editor.focus.node(column[at + (direction === "down" ? 1 : -1)]?.id, true);
  }
}

