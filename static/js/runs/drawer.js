/**
 * The drawer below the canvas: a run's timeline, log and output, drawn by the server, and what can be done with it. Bars grow here
 * between two answers.
 *
 * `[data-run-drawer]`, in it `[data-run-view=RUN]`. Events: `go` (detail: {node}), `fold` (its height is another), `told` (detail:
 * {rows}: what the timeline says of each node), `steered` (detail: {run?}: another that was started), `close`.
 */

import { make } from "../lib/make.js";
import { fragment, localise, post, put } from "./fetching.js";
import { axis, lengthText, tickText } from "./ticks.js";

const SOON_MS = 350;
const GROW_MS = 200;
const AGAIN_MS = 5_000;
const TABS = ["timeline", "log", "output"];

export class RunDrawer extends EventTarget {
  #element;
  #flow;
  #say;
  #texts;
  #run = null;
  #tab = "timeline";
  #asking = 0;
  #timer = 0;
  #growing = 0;
  #html = "";
  /** Whether it was said that nothing comes. */
  #isMissed = false;
  /** When the length that the server told was so. */
  #at = 0;
  #notBefore = 0;

  /** @param {HTMLElement} element @param {string} flow @param {(message: string, detail?: string) => void} say tells a person that something did not work @param {import("../lib/texts.js").Texts} texts */
  constructor(element, flow, say, texts) {
    super();
    this.#element = element;
    this.#flow = flow;
    this.#say = say;
    this.#texts = texts;
    element.addEventListener("click", (event) => this.#click(event));
    element.addEventListener("keydown", (event) => this.#key(event));
    const given = element.querySelector("[data-run-view]");
    if (given) {
      this.#run = given.dataset.runView;
      this.#shown();
    }
  }

  get isFolded() {
    return this.#element.hasAttribute("data-folded");
  }

  /** Show a run. @param {string} run @param {{folded?: boolean}} [options] */
  open(run, { folded = false } = {}) {
    this.#run = run;
    if (this.#element.querySelector("[data-run-view]")?.dataset.runView !== run) this.#empty();
    this.fold(folded);
    return this.#ask();
  }

  close() {
    this.#run = null;
    clearTimeout(this.#timer);
    this.#timer = 0;
    this.#element.hidden = true;
    this.#empty();
  }

  /** Of another run nothing stays: its buttons would steer this one. */
  #empty() {
    clearInterval(this.#growing);
    this.#html = "";
    this.#isMissed = false;
    this.#element.replaceChildren();
  }

  fold(isFolded) {
    this.#element.toggleAttribute("data-folded", isFolded);
    this.#element.querySelector("[data-drawer-fold]")?.setAttribute("aria-expanded", String(!isFolded));
    this.dispatchEvent(new Event("fold"));
    if (!isFolded) this.refresh();
  }

  /** Something happened: ask again soon, not more often than the server has answers for. */
  refresh() {
    if (!this.#run || this.#timer) return;
    this.#timer = setTimeout(() => ((this.#timer = 0), this.#ask()), Math.max(SOON_MS, this.#notBefore - performance.now()));
  }

  async #ask() {
    const [run, tab, number, begun] = [this.#run, this.#tab, (this.#asking += 1), performance.now()];
    const spare = () => (this.#notBefore = performance.now() + 2 * (performance.now() - begun));
    const html = await fragment(`/flows/${this.#flow}/runs/${run}/drawer?tab=${tab}`, spare).catch(() => (spare(), null));
    if (number !== this.#asking || run !== this.#run) return;
    if (html === null) return void this.#missed();
    this.#isMissed = false;
    if (html === this.#html) return;
    this.#html = html;
    put(this.#element, html);
    const wasHidden = this.#element.hidden;
    this.#element.hidden = false;
    if (wasHidden) this.dispatchEvent(new Event("fold"));
    this.#shown();
  }

  /** Nothing came: say so once, select what is still shown, and ask again. */
  #missed() {
    if (!this.#isMissed) this.#say("needs_connection");
    this.#isMissed = true;
    const shown = this.#element.querySelector("[data-run-pane]")?.dataset.runPane;
    if (shown) this.#select((this.#tab = shown));
    this.#notBefore = performance.now() + AGAIN_MS;
    this.refresh();
  }

  #shown() {
    this.#at = performance.now();
    const view = this.#element.querySelector("[data-run-view]");
    this.#element.querySelector("[data-drawer-fold]")?.setAttribute("aria-expanded", String(!this.isFolded));
    localise(this.#element);
    this.#grow();
    clearInterval(this.#growing);
    if (!("over" in view.dataset)) this.#growing = setInterval(() => this.#grow(), GROW_MS);
    const rows = new Map(Array.from(view.querySelectorAll("[data-run-row]"), ({ dataset }) => [dataset.runRow, { ...dataset }]));
    if (rows.size) this.dispatchEvent(new CustomEvent("told", { detail: { rows } }));
  }

  /** Put everything where it belongs at this moment. */
  #grow() {
    const view = this.#element.querySelector("[data-run-view]");
    if (!view || (document.hidden && this.#at)) return;
    const passed = "over" in view.dataset ? 0 : performance.now() - this.#at;
    const length = Number(view.dataset.length) + passed;
    const timeline = view.querySelector("[data-timeline]");
    if (passed) view.querySelector("[data-run-clock]").textContent = lengthText(length, this.#texts);
    if (timeline && !this.isFolded) place(timeline, length, passed > 0, this.#texts);
  }

  #click({ target }) {
    const at = (name) => target.closest(`[data-${name}]`);
    const tab = at("run-tab");
    if (tab) return this.#turn(tab.dataset.runTab);
    if (at("drawer-fold")) return this.fold(!this.isFolded);
    if (at("drawer-close")) return this.dispatchEvent(new Event("close"));
    const go = at("run-row")?.dataset.runRow ?? at("run-go")?.dataset.runGo;
    if (go) return this.dispatchEvent(new CustomEvent("go", { detail: { node: go } }));
    if (at("run-do")) return this.steer(at("run-do"));
    const older = at("log-before");
    if (older) return this.#older(older);
    return undefined;
  }

  async #turn(tab, hasFocus = false) {
    this.#tab = tab;
    this.#select(tab, hasFocus);
    if (this.isFolded) this.fold(false);
    await this.#ask();
  }

  #select(tab, hasFocus = false) {
    for (const one of this.#element.querySelectorAll("[data-run-tab]")) {
      one.setAttribute("aria-selected", String(one.dataset.runTab === tab));
      one.tabIndex = one.dataset.runTab === tab ? 0 : -1;
      if (hasFocus && one.dataset.runTab === tab) one.focus();
    }
  }

  #key(event) {
    const tab = event.target.closest("[data-run-tab]");
    const row = event.target.closest("[data-run-row]");
    const step = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 }[event.key];
    if (event.key === "Escape") this.dispatchEvent(new Event("close"));
    else if (tab && step) this.#turn(TABS.at((TABS.indexOf(tab.dataset.runTab) + step) % TABS.length), true);
    else if (row && (event.key === "ArrowDown" || event.key === "ArrowUp")) {
      const rows = [...this.#element.querySelectorAll("[data-run-row]")];
      rows.at((rows.indexOf(row) + step) % rows.length).focus();
    } else return;
    event.preventDefault();
    event.stopPropagation();
  }

  async #older(button) {
    const html = await fragment(`/flows/${this.#flow}/runs/${this.#run}/drawer?tab=log&before=${button.dataset.logBefore}`).catch(() => null);
    const more = html && new DOMParser().parseFromString(html, "text/html");
    if (!button.isConnected) return undefined;
    if (!more) return this.#say("needs_connection");
    this.#element.querySelector("[data-run-log]").append(...more.querySelectorAll("[data-event]"));
    const next = more.querySelector("[data-log-before]");
    if (next) button.replaceWith(next);
    else button.remove();
    return localise(this.#element);
  }

  /** Do what a button says, for the drawer or the panel of a node. @param {HTMLButtonElement} button */
  async steer(button) {
    const { runDo, task, checkpoint, node, runVersion } = button.dataset;
    const body = new URLSearchParams({ do: runDo, key: crypto.randomUUID(), ...(task && { task }), ...(checkpoint && { checkpoint }), ...(node && { node }), ...(runVersion && { version: runVersion }) });
    if (button.getAttribute("aria-disabled")) return undefined;
    button.setAttribute("aria-disabled", "true"); // one that is disabled would lose the focus
    const answer = await post(`/flows/${this.#flow}/runs/${this.#run}/steer`, body).catch(() => null);
    button.removeAttribute("aria-disabled");
    if (!answer) return this.#say("needs_connection");
    if (!answer.ok) return this.#say("failed_call", answer.headers.get("Content-Type")?.startsWith("text/plain") ? await answer.text() : "");
    this.#html = "";
    this.refresh();
    return this.dispatchEvent(new CustomEvent("steered", { detail: { run: answer.headers.get("X-Helix-Run") } }));
  }
}

/** Put bars, marks, notes and the axis in place. @param {HTMLElement} timeline @param {number} length ms since the start */
function place(timeline, length, isGrowing, texts) {
  const axisOf = timeline.querySelector("[data-ticks]");
  const { span, step, ticks } = axis(length, axisOf.clientWidth);
  const at = (ms) => `${(100 * ms) / span}%`;
  for (const bar of timeline.querySelectorAll("[data-bar]")) {
    const end = "end" in bar.dataset ? Number(bar.dataset.end) : length;
    bar.style.left = at(Number(bar.dataset.start));
    bar.style.width = at(Math.max(0, end - Number(bar.dataset.start)));
  }
  for (const mark of timeline.querySelectorAll("[data-mark]")) mark.style.left = at(Number(mark.dataset.start));
  for (const note of timeline.querySelectorAll("[data-note]")) {
    const ends = Array.from(note.parentElement.querySelectorAll("[data-bar]"), (bar) => ("end" in bar.dataset ? Number(bar.dataset.end) : length));
    note.style.left = at(ends.length ? Math.max(...ends) : isGrowing ? length : 0);
  }
  if (axisOf.dataset.step !== String(step) || axisOf.childElementCount !== ticks.length) {
    axisOf.dataset.step = step;
    axisOf.replaceChildren(...ticks.map((ms) => make("span", {}, tickText(ms, step, texts))));
  }
  Array.from(axisOf.children).forEach((tick, number) => (tick.style.left = at(ticks[number])));
  const now = timeline.querySelector("[data-now]");
  now.hidden = !isGrowing;
  now.style.setProperty("--at", `${length / span}`);
}
