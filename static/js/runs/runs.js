/**
 * Runs in the editor: the list, the run that is shown, and starting one. Loaded when there is a run, or when it is asked for.
 *
 * `[data-command=run]` starts, `[data-command=runs]` opens the list `[data-runs-panel]`, whose items are `[data-run=ID]`, and
 * `[data-command=edit]` closes it; that of the two which is chosen has `aria-current`. A run that somebody else starts shows on
 * the canvas with its drawer folded; one that was closed stays closed. A run of another version than the page's is drawn on a
 * page of its own.
 *
 * @typedef {Record<"canvas"|"focus"|"graph"|"inspector"|"notices"|"renderer"|"root"|"selection"|"session"|"viewport", object>} Parts of the editor that it uses
 */

import { isPhone } from "../canvas/viewport.js";
import { encloses, union } from "../lib/geometry.js";
import { Texts } from "../lib/texts.js";
import { goTo } from "../ui/jump.js";
import { firstShown } from "./board.js";
import { fragment, localise, put } from "./fetching.js";
import { RunView } from "./run_view.js";
import { allSent } from "./sending.js";

const LIST_MS = 1_000;

export class Runs {
  #parts;
  #flow;
  /** @type {Texts} */
  #texts;
  /** @type {RunView} */
  #view;
  #panel;
  #button;
  #editButton;
  /** What is known of each run. @type {Map<string, {state: string, version: number|null}>} */
  #known = new Map();
  #closed = new Set();
  #listing = 0;
  #isStarting = false;
  /** The run that I started and that no frame has told of yet. */
  #mine = "";

  /** @param {Parts} parts */
  constructor(parts) {
    this.#parts = parts;
    const { root, selection, session } = parts;
    this.#flow = root.dataset.flow;
    this.#button = root.querySelector("[data-command=runs]");
    this.#editButton = root.querySelector("[data-command=edit]");
    document.body.addEventListener("run-started", ({ detail }) => this.#started(detail.run));
    document.getElementById("dialog").addEventListener("click", ({ target }) => this.#goToProblem(target.closest("[data-problem-node]")));
    selection.addEventListener("change", () => this.#view?.follow(selection.node));
    session.addEventListener("connection", () => session.socket.state === "open" && this.#view?.catchUp());
  }

  /** Load what the server draws of it. @param {Parts} parts @param {Promise<Response>} drawn by the server */
  static async load(parts, drawn) {
    const answer = await drawn;
    if (!answer.ok) throw new Error(`${answer.status}`);
    const runs = new Runs(parts);
    await runs.#draw(await answer.text());
    return runs;
  }

  /** Take the last runs, the newest first. @param {{id: string, version: number, state: string}[]} entries */
  welcome(entries) {
    for (const { id, state, version } of entries) this.#known.set(id, { state, version });
    const first = firstShown(entries.filter(({ id }) => !this.#closed.has(id)));
    if (this.#view.board) this.#view.catchUp();
    else if (first) this.#view.show(first.id, { state: first.state, folded: true });
    this.#listSoon();
  }

  /** Take a `run` frame. */
  take(frame) {
    const { run, state, previous } = frame;
    const isNew = !this.#known.has(run);
    const before = this.#known.get(run);
    this.#known.set(run, { version: before?.version ?? null, state });
    if (isNew && previous === 0) this.#arrived(run, state);
    this.#view.take(frame);
    if (before?.state !== state) this.#listSoon();
  }

  /** Take a `run_text` frame. */
  say(frame) {
    this.#view.say(frame);
  }

  /** Start a run: at once, or with the form of its inputs. */
  async start() {
    if (this.#isStarting) return;
    this.#isStarting = true;
    await this.#ask().finally(() => (this.#isStarting = false));
  }

  /** Ask for a run of what I see: edits of mine go first. */
  async #ask() {
    const { inspector, notices, session } = this.#parts;
    inspector.flush();
    if (!(await allSent(session.outbox))) return void notices.toast(this.#texts.say("needs_connection"), { tone: "danger" });
    const values = { ask: "1", key: crypto.randomUUID() };
    await globalThis.htmx.ajax("POST", `/flows/${this.#flow}/runs/start`, { source: document.body, target: "#dialog", swap: "innerHTML", values }).catch(() => {});
  }

  /** Show or hide the list. */
  toggle() {
    const isHidden = this.#panel.hidden;
    this.#panel.hidden = !isHidden;
    this.#button?.setAttribute("aria-expanded", String(isHidden));
    this.#choose(isHidden ? this.#button : this.#editButton);
    if (isHidden) {
      this.#list();
      this.#panel.focus({ preventScroll: true });
    } else if (document.activeElement === document.body || this.#panel.contains(document.activeElement)) this.#button?.focus();
  }

  /** Hide the list, if it is shown. */
  close() {
    if (!this.#panel.hidden) this.toggle();
  }

  /** Mark the view in the bar that is chosen. */
  #choose(button) {
    for (const one of [this.#editButton, this.#button]) {
      if (one && one === button) one.setAttribute("aria-current", "true");
      else one?.removeAttribute("aria-current");
    }
  }

  async #draw(html) {
    const { root } = this.#parts;
    const given = new DOMParser().parseFromString(html, "text/html");
    const sheet = given.querySelector("link[rel=stylesheet]");
    const styled = new Promise((done) => Object.assign(sheet, { onload: done, onerror: done }));
    document.head.append(sheet);
    this.#texts = new Texts(JSON.parse(given.getElementById("helix-run-texts").textContent));
    root.append(...given.querySelectorAll("[data-runs-panel], [data-run-drawer], [data-run-node]"));
    await styled;
    this.#panel = root.querySelector("[data-runs-panel]");
    localise(this.#panel);
    this.#panel.addEventListener("click", (event) => this.#press(event));
    this.#panel.addEventListener("change", ({ target }) => target.matches("[data-runs-show]") && this.#list());
    this.#panel.addEventListener("keydown", (event) => event.key === "Escape" && (event.stopPropagation(), this.toggle()));
    this.#view = new RunView(this.#parts, this.#page());
    this.#view.addEventListener("change", () => this.#show());
    this.#view.addEventListener("close", () => this.#close());
    this.#view.addEventListener("steered", ({ detail }) => detail.run && this.#started(detail.run));
    this.#view.addEventListener("go", ({ detail }) => this.#go(detail.node));
  }

  #page() {
    const { notices, session } = this.#parts;
    const follow = (run, since) => session.socket.send({ type: "run_follow", run, since });
    return { flow: this.#flow, texts: this.#texts, follow, announce: (text) => notices.announce(text), toast: (text, detail) => notices.toast(text, { tone: "danger", detail }) };
  }

  /** I started a run: it shows, with its drawer open. */
  #started(run) {
    this.#mine = run;
    if (!this.#known.has(run)) this.#known.set(run, { state: "running", version: null });
    this.#view.show(run);
    this.#parts.notices.announce(this.#texts.say("started"));
    this.#listSoon();
  }

  /** Somebody started a run: it shows, unless another is being watched. */
  #arrived(run, state) {
    if (run === this.#mine || (this.#view.board && !this.#view.board.isOver)) return;
    this.#view.show(run, { state, folded: true });
  }

  #close() {
    if (this.#view.board) this.#closed.add(this.#view.board.id);
    this.#view.hide();
    this.#parts.root.querySelector("[data-canvas]").focus({ preventScroll: true });
  }

  /** Say in the bar how far the run is that is shown, and mark it in the list. */
  #show() {
    const { board } = this.#view;
    this.#room(Boolean(board));
    for (const item of this.#panel.querySelectorAll("[data-run]")) {
      if (item.dataset.run === board?.id) item.querySelector("a").setAttribute("aria-current", "true");
      else item.querySelector("a").removeAttribute("aria-current");
    }
    if (!this.#button) return;
    const isGoing = board && !board.isOver;
    this.#button.toggleAttribute("data-running", Boolean(isGoing && board.state === "running"));
    const word = isGoing ? this.#texts.say(`state_${board.state}`) : this.#button.dataset.title;
    const part = this.#button.querySelector("[data-runs-text]");
    if (part.textContent !== word) part.textContent = word;
  }

  /** Show where a node is; on a phone its sheet would lie over what is asked for. */
  #go(node) {
    const { graph, selection, viewport } = this.#parts;
    if (!graph.node(node)) return;
    const shown = graph.standIn(node);
    if (!isPhone()) selection.set({ nodes: [shown] });
    viewport.reveal(graph.rect(shown));
  }

  /** The drawer takes from the canvas: what was in its middle stays there, and a flow that was seen whole is seen whole. */
  #room(isTaken) {
    const { canvas, graph, root, viewport } = this.#parts;
    const before = viewport.size.height;
    const all = union(Array.from(graph.visibleNodes(), ({ id }) => graph.rect(id)));
    const wasWhole = all && encloses(viewport.visibleRect(), all);
    root.toggleAttribute("data-drawer", isTaken);
    const after = canvas.clientHeight;
    if (after === before) return;
    viewport.measure();
    viewport.pan(0, (after - before) / 2);
    if (wasWhole && !encloses(viewport.visibleRect(), all)) viewport.fit(all, { most: viewport.zoom });
  }

  #press(event) {
    const at = (name) => event.target.closest(`[data-${name}]`);
    if (at("runs-close")) return this.toggle();
    const more = at("runs-more");
    if (more) return event.preventDefault(), this.#more(more);
    const item = at("run");
    if (!item || event.ctrlKey || event.metaKey) return undefined;
    const { run, state, version } = item.dataset;
    if (Number(version) !== this.#parts.session.version) return undefined; // its own page draws it on its own version
    event.preventDefault();
    this.#closed.delete(run);
    return this.#view.show(run, { state });
  }

  #listSoon() {
    if (!this.#panel.hidden) this.#listing ||= setTimeout(() => this.#list(), LIST_MS);
  }

  async #list() {
    clearTimeout(this.#listing);
    this.#listing = 0;
    const shown = this.#panel.querySelector("[data-runs-show]").value;
    const html = await fragment(`/flows/${this.#flow}/runs/list?show=${shown}`).catch(() => null);
    if (html === null) return;
    const place = this.#panel.querySelector("[data-runs-list]");
    const focused = document.activeElement?.closest?.("[data-run]")?.dataset.run;
    put(place, html);
    if (focused) place.querySelector(`[data-run="${focused}"] a`)?.focus({ preventScroll: true });
    this.#show();
  }

  async #more(link) {
    const html = await fragment(link.href).catch(() => null);
    if (html === null) return;
    const given = new DOMParser().parseFromString(html, "text/html");
    this.#panel.querySelector(".runs-items").append(...given.querySelectorAll("[data-run]"));
    const next = given.querySelector("[data-runs-more]");
    if (next) link.replaceWith(next);
    else link.remove();
    localise(this.#panel);
  }

  #goToProblem(button) {
    if (!button) return;
    const { problemNode: node, problemEdge: edge } = button.dataset;
    document.getElementById("dialog").close();
    goTo(this.#parts, { nodes: node ? [node] : [], edges: edge ? [edge] : [] }, { focus: true });
  }
}
