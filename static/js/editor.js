/**
 * The editor: wires the parts together and holds what several of them need. Each part knows its own business; this one knows
 * who they are, and the few acts that belong to none of them alone.
 */

import { bundled, newId } from "./lib/edits.js";
import { union } from "./lib/geometry.js";
import { Texts } from "./lib/texts.js";
import { Patcher } from "./sync/patcher.js";
import { Presence } from "./collaborators/presence.js";
import { LiveSession } from "./sync/session.js";
import { Additions } from "./canvas/additions.js";
import { Away } from "./conflicts/conflicts.js";
import { Commands } from "./ui/commands.js";
import { Company } from "./collaborators/collaborators.js";
import { Copies } from "./ui/clipboard.js";
import { describe } from "./conflicts/describe.js";
import { blankEdge } from "./canvas/edges.js";
import { fillPorts } from "./canvas/ports.js";
import { Focus } from "./canvas/focus.js";
import { Gestures } from "./gestures/gestures.js";
import { Graph } from "./canvas/graph.js";
import { Inspector } from "./inspector/inspector.js";
import { Keyboard } from "./ui/keyboard.js";
import { Linking } from "./gestures/tap_connect.js";
import { Looks } from "./canvas/optimistic_rendering.js";
import { make } from "./lib/make.js";
import { Menu } from "./ui/menu.js";
import { Minimap } from "./canvas/minimap.js";
import { Notices } from "./ui/notices.js";
import { Overlay } from "./canvas/overlay.js";
import { Palette } from "./ui/palette.js";
import { Picker } from "./ui/picker.js";
import { Release } from "./offline/release.js";
import { Reports } from "./conflicts/reports.js";
import { Roster } from "./collaborators/avatars.js";
import { Selection } from "./canvas/selection.js";
import { Sheet, isPhone } from "./inspector/sheet.js";
import { Stage } from "./canvas/renderer.js";
import { Sync } from "./sync/status_pill.js";
import { Taps } from "./gestures/taps.js";
import { Title } from "./ui/title.js";
import { Toolbar } from "./ui/toolbar.js";
import { Undo } from "./ui/undo.js";
import { Viewport } from "./canvas/viewport.js";
import { Waiting } from "./sync/outbox_panel.js";

const READABLE = 0.75;

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
    this.additions = new Additions(this);
    this.graph = new Graph({ node: (node) => this.additions.element(node), edge: blankEdge }, new Looks(this.catalogue, this.texts));
    this.viewport = new Viewport(canvas, root.querySelector("[data-world]"));
    this.patcher = new Patcher(this.graph);
    this.patcher.adopt(root.querySelector("[data-world]"));
    const blocks = make("canvas.blocks", { hidden: true });
    canvas.prepend(blocks);
    this.stage = new Stage(layers, this.graph, this.viewport, blocks);
    this.selection = new Selection(this.graph);
    this.focus = new Focus(this);
    this.stage.pinned = () => [...this.selection.nodes, this.focus.current].filter(Boolean);
    this.session = new LiveSession(root, this.patcher, { limits: this.limits, isPartial: "partial" in this.canvas.dataset });
    this.presence = new Presence(this.session);
  }

  #surroundings() {
    this.notices = new Notices(this);
    this.overlay = new Overlay(this);
    this.company = new Company(this);
    this.roster = new Roster(this);
    this.away = new Away(this);
    this.waiting = new Waiting(this);
    this.sync = new Sync(this);
    this.commands = new Commands(this);
    this.copies = new Copies(this);
    this.undo = new Undo(this);
    this.linking = new Linking();
    this.taps = new Taps(this);
    this.gestures = new Gestures(this);
    this.picker = new Picker(this);
    this.contextMenu = new Menu(this);
    this.palette = new Palette(this);
    this.inspector = new Inspector(this);
    this.toolbar = new Toolbar(this);
    this.title = new Title(this);
    this.sheet = new Sheet(this);
    this.keyboard = new Keyboard(this);
    this.minimap = new Minimap(this);
    this.reports = new Reports(this);
    this.release = new Release(this);
  }

  #listen() {
    const { session, graph, selection, viewport, canvas } = this;
    session.addEventListener("settled", () => graph.lay(session.outbox.operations()));
    selection.addEventListener("change", () => this.presence.selection([...selection.nodes]));
    viewport.addEventListener("change", () => this.presence.viewport(viewport.centre, viewport.zoom));
    this.stage.addEventListener("drawn", ({ detail }) => this.#dress(detail));
    canvas.addEventListener("pointermove", (event) => this.#point(event));
    canvas.addEventListener("pointerleave", () => ((this.pointer = null), this.presence.cursor(null)));
  }

  /** Come to life: the first view, then the socket. */
  start() {
    const all = union(this.graph.visibleNodes());
    const { x, y, zoom } = currentView(this.root.querySelector("[data-world]"));
    this.viewport.set({ x, y, zoom });
    if (all) this.#firstView(all);
    const { node, nodes, edge } = this.root.querySelector("[data-inspector-form]")?.dataset ?? {};
    if (node || nodes || edge) this.selection.set({ nodes: (node ?? nodes)?.split(","), edges: edge ? [edge] : [] });
    this.#dress({ nodes: this.graph.nodes.keys(), edges: [] });
    this.focus.start();
    this.session.start();
  }

  /** Keep what the server's sheet shows if it shows everything. */
  #firstView(all) {
    const seen = this.viewport.seen();
    const isWhole = all.x >= seen.x && all.y >= seen.y && all.x + all.width <= seen.x + seen.width && all.y + all.height <= seen.y + seen.height;
    if (isWhole) return;
    this.viewport.fit(all, { glide: false });
    // On a phone the whole would be too small to read: begin where the flow begins.
    const zoom = READABLE;
    if (isPhone() && this.viewport.zoom < zoom) this.viewport.set({ x: 16 - all.x * zoom, y: this.viewport.size.height / 2 - (all.y + all.height / 2) * zoom, zoom });
  }

  /**
   * Submit edits, as one version if they fit into a frame, as one step of undo in any case.
   * @param {object[]} operations
   * @param {{step?: string, draft?: string}} [options] the step they go on with, the draft they finish
   * @returns {number[]} sequence numbers
   */
  submit(operations, { step, draft } = {}) {
    if (!this.session.mayEdit) return [];
    const bundles = this.#bundled(operations);
    if (bundles.length > this.session.outbox.room) {
      this.notices.toast(this.texts.say("no_room"), { tone: "danger" });
      return [];
    }
    const name = step ?? (bundles.length > 1 ? newId("s") : undefined);
    return bundles.map((operation) => this.session.submit(operation, { step: name, draft, words: this.#words(operation) })).filter((seq) => seq !== null);
  }

  /** Keep on this device what would be sent if the page died now. @param {string} key @param {object[]|null} operations */
  draft(key, operations, { step } = {}) {
    const operation = operations && (this.#bundled(operations)[0] ?? null);
    this.session.draft(key, operation, { step, words: operation && this.#words(operation) });
  }

  /** How to tell of an edit, and at which version it was made. */
  #words(operation) {
    return { ...describe(operation, this), since: this.session.version };
  }

  #bundled(operations) {
    return bundled(operations, this.limits.batch, this.limits.frame_bytes);
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

  /** Ports show what they carry; an empty flow says how to begin. */
  #dress(changed) {
    fillPorts(this.graph, changed);
    const empty = this.root.querySelector("[data-empty]");
    const isEmpty = !this.graph.visibleNodes().next().value;
    if (empty && empty.hidden === isEmpty) empty.hidden = !isEmpty;
  }

  searchPalette() {
    this.toolbar.reveal("palette");
    const field = this.root.querySelector("[data-palette-search]");
    field?.focus();
    return Boolean(field);
  }

  #point(event) {
    this.pointer = this.viewport.world(event);
    if (event.pointerType !== "touch") this.presence.cursor(this.pointer);
    this.linking.move(event);
  }
}

const json = (id) => JSON.parse(document.getElementById(id)?.textContent ?? "{}");

/** The transform that the server's sheet gave the world. */
function currentView(world) {
  const { e, f, a } = new DOMMatrix(getComputedStyle(world).transform);
  return { x: Math.round(e), y: Math.round(f), zoom: a };
}
