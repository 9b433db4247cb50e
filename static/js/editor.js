/**
 * The editor: wires the parts together and holds what several of them need. Each part knows its own business; this one knows
 * who they are, and the few acts that belong to none of them alone.
 */

import { bundled, newId } from "./lib/edits.js";
import { placed, readingOrder, union } from "./lib/geometry.js";
import { Texts } from "./lib/texts.js";
import { Identity } from "./live/identity.js";
import { Patcher, touched } from "./live/patcher.js";
import { Presence } from "./live/presence.js";
import { LiveSession } from "./live/session.js";
import { Commands } from "./elements/commands.js";
import { Company } from "./elements/company.js";
import { Connect } from "./elements/connect.js";
import { Copies } from "./elements/copies.js";
import { blankEdge } from "./elements/edges.js";
import { Gestures } from "./elements/gestures.js";
import { Graph } from "./elements/graph.js";
import { Inspector } from "./elements/inspector.js";
import { Keyboard } from "./elements/keyboard.js";
import { Linking } from "./elements/linking.js";
import { make } from "./elements/make.js";
import { Menu } from "./elements/menu.js";
import { menuItems } from "./elements/menu_items.js";
import { Minimap } from "./elements/minimap.js";
import { Notices } from "./elements/notices.js";
import { Overlay } from "./elements/overlay.js";
import { Palette } from "./elements/palette.js";
import { Picker } from "./elements/picker.js";
import { Roster } from "./elements/roster.js";
import { Selection } from "./elements/selection.js";
import { Sheet, isPhone } from "./elements/sheet.js";
import { Stage } from "./elements/stage.js";
import { Sync } from "./elements/sync.js";
import { Toolbar } from "./elements/toolbar.js";
import { Viewport } from "./elements/viewport.js";

const RETURN_MS = 140;
const REASON_MS = 4_000;

export class Editor {
  /** Where the pointer is in the world, when it is over the canvas. */
  pointer = null;
  #isLocked = false;

  /** @param {HTMLElement} root `#editor` */
  constructor(root) {
    this.root = root;
    this.canvas = root.querySelector("[data-canvas]");
    this.layers = Object.fromEntries(Array.from(root.querySelectorAll("[data-layer]"), (layer) => [layer.dataset.layer, layer]));
    this.catalogue = json("helix-catalogue");
    this.limits = json("helix-limits");
    this.texts = new Texts(json("helix-texts"));
    this.#model();
    this.#surroundings();
    this.#listen();
  }

  get mayEdit() {
    return this.session.mayEdit && !this.#isLocked;
  }

  #model() {
    const { canvas, layers, root } = this;
    const colours = Object.fromEntries(Object.entries(this.catalogue).map(([name, kind]) => [name, kind.colour]));
    this.graph = new Graph({ node: (node) => this.#freshNode(node), edge: (edge) => blankEdge(edge, this.#spoken(edge)) }, colours);
    this.viewport = new Viewport(canvas, root.querySelector("[data-world]"));
    this.patcher = new Patcher(this.graph);
    this.patcher.adopt(root.querySelector("[data-world]"));
    const blocks = make("canvas.blocks", { hidden: true });
    canvas.prepend(blocks);
    this.stage = new Stage(layers, this.graph, this.viewport, blocks);
    this.selection = new Selection(this.graph);
    this.stage.pinned = () => [...this.selection.nodes, this.focusedNode()].filter(Boolean);
    this.session = new LiveSession(root, new Identity(), this.patcher, this.limits);
    this.presence = new Presence(this.session);
  }

  #surroundings() {
    this.notices = new Notices(this);
    this.overlay = new Overlay(this);
    this.company = new Company(this);
    this.roster = new Roster(this);
    this.sync = new Sync(this);
    this.commands = new Commands(this);
    this.copies = new Copies(this);
    this.linking = new Linking();
    this.gestures = new Gestures(this);
    this.picker = new Picker(this);
    this.contextMenu = new Menu(this);
    this.palette = new Palette(this);
    this.inspector = new Inspector(this);
    this.toolbar = new Toolbar(this);
    this.sheet = new Sheet(this);
    this.keyboard = new Keyboard(this);
    this.minimap = new Minimap(this);
  }

  #listen() {
    const { session, graph, selection, viewport, canvas } = this;
    session.addEventListener("settled", () => graph.lay(session.outbox.operations()));
    session.addEventListener("refused", ({ detail }) => this.#snapBack(detail));
    session.addEventListener("patched", ({ detail }) => this.#announce(detail));
    session.addEventListener("notice", ({ detail }) => this.notices.toast(detail.message ?? this.texts.say(detail.code), { tone: "danger" }));
    session.addEventListener("status", () => this.#stopped());
    session.addEventListener("you", () => this.#role());
    selection.addEventListener("change", () => this.presence.selection([...selection.nodes]));
    viewport.addEventListener("change", () => this.presence.viewport(viewport.centre, viewport.zoom));
    this.stage.addEventListener("drawn", ({ detail }) => this.#drawn(detail));
    canvas.addEventListener("pointermove", (event) => this.#point(event));
    canvas.addEventListener("pointerleave", () => ((this.pointer = null), this.presence.cursor(null)));
    canvas.addEventListener("contextmenu", (event) => (event.preventDefault(), this.menu(event)));
    canvas.addEventListener("focusin", ({ target }) => this.#rove(target.closest("[data-node-id]")));
  }

  /** Come to life: the first view, then the socket. */
  start() {
    const all = union(this.graph.visibleNodes());
    const { x, y, zoom } = currentView(this.root.querySelector("[data-world]"));
    this.viewport.set({ x, y, zoom });
    if (all) this.#firstView(all);
    const { node, nodes } = this.root.querySelector("[data-inspector-form]")?.dataset ?? {};
    if (node || nodes) this.selection.set({ nodes: (node ?? nodes).split(",") });
    this.#drawn({ nodes: this.graph.nodes, edges: new Set(this.graph.edges.keys()) });
    this.#rove(null);
    this.session.start("partial" in this.canvas.dataset);
  }

  /** Keep what the server's sheet shows if it shows everything. */
  #firstView(all) {
    const seen = this.viewport.seen();
    const isWhole = all.x >= seen.x && all.y >= seen.y && all.x + all.width <= seen.x + seen.width && all.y + all.height <= seen.y + seen.height;
    if (isWhole) return;
    this.viewport.fit(all, { glide: false });
    // On a phone the whole would be too small to read: begin where the flow begins.
    const zoom = 0.75;
    if (isPhone() && this.viewport.zoom < zoom) this.viewport.set({ x: 16 - all.x * zoom, y: this.viewport.size.height / 2 - (all.y + all.height / 2) * zoom, zoom });
  }

  /** Submit edits, as one version. @param {object[]} operations @returns {number[]} sequence numbers */
  submit(operations) {
    if (!this.mayEdit) return [];
    return bundled(operations, this.limits.batch).map((operation) => this.session.submit(operation)).filter((seq) => seq !== null);
  }

  /** Add a node of a kind, beside the selection, at a point or in the middle, with edges that `link` makes. */
  addNode(kind, { at, link } = {}) {
    const { width, height } = this.catalogue[kind];
    const where = at ? placed(at, width, height) : this.#room(width, height);
    const node = { id: newId("n"), kind, ...where };
    const operations = [{ kind: "add_node", node }, ...(link?.(node) ?? [])];
    if (!this.submit(operations).length) return;
    this.selection.set({ nodes: [node.id] });
    this.stage.flush();
    this.viewport.reveal({ ...where, width, height });
    if (!isPhone()) this.focusNode(node.id);
  }

  /** Free room right of the selection, else in the middle of the view; one below the other. */
  #room(width, height) {
    const beside = this.graph.node(this.selection.node);
    const { x, y } = this.viewport.centre;
    const place = beside ? { x: beside.x + beside.width + 56, y: beside.y } : placed({ x, y }, width, height);
    const taken = (rect) => [...this.graph.visibleNodes()].some((node) => node.kind !== "group" && node.x < rect.x + width && rect.x < node.x + node.width && node.y < rect.y + height && rect.y < node.y + node.height);
    for (let tries = 0; tries < 40 && taken(place); tries += 1) place.y += 24;
    return place;
  }

  /** A fresh node as the server would draw it. @returns {HTMLElement} */
  blankNode(kind) {
    return document.querySelector(`template[data-blank-kind="${kind}"]`).content.firstElementChild.cloneNode(true);
  }

  #freshNode(node) {
    const { id, kind, x, y, label, parent } = node;
    const { width, height, title } = this.catalogue[kind];
    const element = this.blankNode(kind);
    const shown = label ?? title;
    element.id = `n-${id}`;
    Object.assign(element.dataset, { nodeId: id, kind, x, y, width: node.width ?? width, height: node.height ?? height, parent: parent ?? "", label: shown });
    element.setAttribute("aria-label", `${shown}, ${title}`);
    const name = element.querySelector("[data-node-label]");
    if (name) name.textContent = shown;
    return element;
  }

  #spoken({ source, target }) {
    return [source, target].map((id) => this.graph.nodes.get(id)?.label ?? "").join(" → ");
  }

  /** A press that did not become a drag. @param {PointerEvent} event */
  tap(event, hit) {
    const { selection, linking } = this;
    if (linking.tap(event, hit)) return;
    if (event.button !== 0) return;
    if (hit.port && this.mayEdit) linking.begin(new Connect(this, { id: hit.node, port: hit.port, direction: hit.direction }));
    else if (hit.node) this.#choose("nodes", hit.node, event);
    else if (hit.edge) this.#choose("edges", hit.edge, event);
    else if (!hit.handle && !hit.end && !event.shiftKey) selection.clear();
  }

  #choose(what, id, event) {
    if (event.shiftKey) this.selection.toggle(what, id);
    else this.selection.set({ [what]: [id] });
    if (what === "nodes") this.focusNode(id);
  }

  /** The menu for what is under the pointer. @param {HTMLElement} [below] open it below this button instead */
  menu(event, hit = hitAt(event), below = null) {
    if (hit.node && !this.selection.nodes.has(hit.node)) this.selection.set({ nodes: [hit.node] });
    if (hit.edge && !hit.node) this.selection.set({ edges: [hit.edge] });
    const box = below?.getBoundingClientRect();
    this.contextMenu.open(box ? { x: box.left, y: box.bottom + 4 } : { x: event.clientX, y: event.clientY }, menuItems(this, hit, event));
  }

  /** Lock the canvas against my own hand: a matter of this page alone. */
  lock() {
    this.#isLocked = !this.#isLocked;
    this.root.toggleAttribute("data-locked", this.#isLocked);
    this.root.querySelector("[data-tool=lock]")?.setAttribute("aria-pressed", String(this.#isLocked));
    this.overlay.draw();
    this.notices.announce(this.texts.say(this.#isLocked ? "locked" : "unlocked"));
  }

  /** My own hand moved the view: nobody is followed any more. */
  moved() {
    this.roster.stop();
  }

  /** @returns {string|null} the node that has the focus */
  focusedNode() {
    return document.activeElement?.closest?.("[data-node-id]")?.dataset.nodeId ?? null;
  }

  /** @param {string|undefined} id @param {boolean} [selects] */
  focusNode(id, selects = false) {
    const record = this.graph.node(id);
    if (!record) return;
    if (selects) {
      this.selection.set({ nodes: [id] });
      this.viewport.reveal(this.graph.rect(id));
    }
    this.stage.flush();
    record.element.focus({ preventScroll: true });
  }

  /** The next node as one reads. @param {1|-1} step @returns {boolean} false at the end: the focus may leave */
  focusNext(step) {
    const from = this.focusedNode();
    const order = readingOrder(this.graph.visibleNodes());
    const at = order.findIndex(({ id }) => id === from);
    const next = from ? order[at + step] : step === 1 && document.activeElement === this.canvas ? order[0] : null;
    if (!next) return false;
    this.focusNode(next.id);
    this.viewport.reveal(this.graph.rect(next.id));
    return true;
  }

  searchPalette() {
    this.toolbar.reveal("palette");
    const field = this.root.querySelector("[data-palette-search]");
    field?.focus();
    return Boolean(field);
  }

  /** One node at a time can be reached by Tab. */
  #rove(element) {
    const next = element ?? this.graph.node(readingOrder([...this.graph.visibleNodes()].slice(0, 600))[0]?.id)?.element;
    for (const other of this.root.querySelectorAll("helix-node[tabindex='0']")) if (other !== next) other.tabIndex = -1;
    if (next) next.tabIndex = 0;
  }

  #point(event) {
    this.pointer = this.viewport.world(event);
    if (event.pointerType !== "touch") this.presence.cursor(this.pointer);
    this.linking.move(event);
  }

  /** Ports that carry an edge are filled; an empty flow says how to begin. */
  #drawn({ nodes, edges }) {
    const changed = new Set(nodes instanceof Map ? nodes.keys() : nodes);
    for (const id of edges) for (const end of ["source", "target"]) changed.add(this.graph.edges.get(id)?.[end]);
    for (const id of changed) this.#fill(id);
    const empty = this.root.querySelector("[data-empty]");
    const isEmpty = !this.graph.visibleNodes().next().value;
    if (empty && empty.hidden === isEmpty) empty.hidden = !isEmpty;
  }

  #fill(id) {
    const record = this.graph.nodes.get(id);
    if (!record) return;
    const used = new Set(this.graph.edgesOf(id).map((edge) => (edge.source === id ? `out ${edge.sourcePort}` : `in ${edge.targetPort}`)));
    for (const port of record.element.querySelectorAll("[data-port]")) port.toggleAttribute("data-connected", used.has(`${port.dataset.direction} ${port.dataset.port}`));
  }

  /** A refused edit: back it goes, with the reason, for the eye and the ear. */
  #snapBack({ entry, frame }) {
    const { nodes, edges } = touched(entry.operation);
    const text = frame.message ?? frame.code;
    for (const [ids, records] of [[nodes, this.graph.nodes], [edges, this.graph.edges]]) for (const id of ids) flash(records.get(id)?.element);
    const [first] = nodes;
    if (this.inspector.owns(entry.seq)) return;
    if (this.graph.nodes.has(first)) this.overlay.reason(first, text, { stays: false });
    else this.notices.toast(this.texts.say("refused", { reason: text }), { tone: "danger" });
    this.notices.announce(this.texts.say("refused", { reason: text }));
  }

  #announce(frame) {
    const { you } = this.session;
    const names = new Map([...this.company.people.values()].map((person) => [person.id, person.name]));
    const others = new Set((frame?.changes ?? []).map((change) => change.actor?.id ?? change.actor).filter((actor) => actor !== you?.id));
    for (const actor of others) this.notices.announce(this.texts.say("changed_by", { name: names.get(actor) ?? this.texts.say("somebody") }));
  }

  #stopped() {
    const { socket } = this.session;
    if (socket.state !== "stopped") return;
    const name = { 4401: "logged_out", 4403: "removed", 4404: "deleted", 4409: "replaced" }[socket.code] ?? "stopped";
    const action = socket.code === 4403 || socket.code === 4404 ? undefined : { text: this.texts.say("reload"), run: () => location.reload() };
    this.notices.toast(this.texts.say(name), { tone: "danger", stays: true, action });
  }

  #role() {
    const { root, session } = this;
    root.toggleAttribute("data-read-only", !session.mayEdit);
    if (root.dataset.role !== session.role) this.notices.toast(this.texts.say("role_changed", { role: session.role }));
    root.dataset.role = session.role;
    for (const item of root.querySelectorAll("[data-palette-kind]")) item.disabled = !session.mayEdit;
    if (!session.mayEdit) this.gestures.cancel();
    this.overlay.draw();
  }
}

const json = (id) => JSON.parse(document.getElementById(id)?.textContent ?? "{}");

/** The transform that the server's sheet gave the world. */
function currentView(world) {
  const { e, f, a } = new DOMMatrix(getComputedStyle(world).transform);
  return { x: Math.round(e), y: Math.round(f), zoom: a };
}

const hitAt = ({ target }) => ({ node: target.closest("[data-node-id]")?.dataset.nodeId, edge: target.closest("[data-edge-id]")?.dataset.edgeId });

function flash(element) {
  if (!element) return;
  element.toggleAttribute("data-returning", true);
  element.toggleAttribute("data-refused", true);
  setTimeout(() => element.removeAttribute("data-returning"), RETURN_MS);
  setTimeout(() => element.removeAttribute("data-refused"), REASON_MS);
}
