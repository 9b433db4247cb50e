/**
 * One node of a run, over the inspector's place; on a phone a sheet. Its values, tries and checkpoints are drawn by the server; words
 * of an agent are added as they come. A question is answered here.
 *
 * Events: `steer` (detail: {button}), `answered`, `close`.
 */

import { fragment, post, put } from "./fetching.js";

const SOON_MS = 400;

export class NodePanel extends EventTarget {
  #element;
  #flow;
  #say;
  #said;
  #run = "";
  #node = "";
  /** @type {string|null} */
  #path = null;
  #back = null;
  /** What is asked for now; another ask waits for its answer. @type {Promise<void>|null} */
  #asking = null;
  #isAskedAgain = false;
  #timer = 0;
  #html = "";

  /** @param {HTMLElement} element @param {string} flow @param {(message: string, detail?: string) => void} say @param {(node: string) => string} said an agent's words so far */
  constructor(element, flow, say, said) {
    super();
    this.#element = element;
    this.#flow = flow;
    this.#say = say;
    this.#said = said;
    element.addEventListener("click", (event) => this.#click(event));
    element.addEventListener("change", ({ target }) => target.matches("[data-run-path]") && this.#turn(target.value));
    element.addEventListener("submit", (event) => this.#answer(event));
    element.addEventListener("keydown", (event) => event.key === "Escape" && (event.stopPropagation(), this.close()));
  }

  get node() {
    return this.#element.hidden ? null : this.#node;
  }

  /** @param {string} run @param {string} node @param {{focus?: boolean}} [options] */
  async open(run, node, { focus = true } = {}) {
    if (run !== this.#run || node !== this.#node) [this.#path, this.#html] = [null, ""];
    if (this.#element.hidden) this.#back = document.activeElement;
    [this.#run, this.#node] = [run, node];
    await this.#ask();
    if (run !== this.#run || node !== this.#node || !this.#html) return;
    this.#element.hidden = false;
    if (focus) this.#element.focus({ preventScroll: true });
  }

  close() {
    clearTimeout(this.#timer);
    [this.#timer, this.#node, this.#html] = [0, "", ""];
    if (this.#element.hidden) return;
    const hadFocus = this.#element.contains(document.activeElement);
    this.#element.hidden = true;
    if (hadFocus) this.#back?.focus?.({ preventScroll: true });
    this.dispatchEvent(new Event("close"));
  }

  /** Something happened to nodes. @param {string[]} nodes */
  refresh(nodes) {
    if (!this.node || !nodes.includes(this.#node) || this.#timer) return;
    this.#timer = setTimeout(() => ((this.#timer = 0), this.#ask()), SOON_MS);
  }

  /** Words of an agent came. */
  say(node) {
    if (node === this.node) this.#words();
  }

  #words() {
    const [section, place] = [this.#element.querySelector("[data-run-said-section]"), this.#element.querySelector("[data-run-said]")];
    if (!place) return;
    const said = this.#said(this.#node);
    place.textContent = said;
    if (!said) section.hidden = true;
    else if (this.#element.querySelector("[data-state=running]")) section.hidden = false;
  }

  /** Ask for the node; while an answer is awaited, once more after it. @returns {Promise<void>} when what was asked for last is shown */
  #ask() {
    this.#isAskedAgain = Boolean(this.#asking);
    this.#asking ??= this.#askAll();
    return this.#asking;
  }

  async #askAll() {
    try {
      do {
        this.#isAskedAgain = false;
        await this.#askOnce();
      } while (this.#isAskedAgain);
    } finally {
      this.#asking = null;
    }
  }

  async #askOnce() {
    const [run, node, asked] = [this.#run, this.#node, this.#path];
    if (!node) return;
    const path = asked === null ? "" : `?path=${encodeURIComponent(asked)}`;
    const html = await fragment(`/flows/${this.#flow}/runs/${run}/nodes/${node}${path}`).catch(() => null);
    if (run !== this.#run || node !== this.#node || asked !== this.#path) return;
    if (html === null) return void this.#missed(node);
    if (html !== this.#html && !this.#isTypedInto(html)) {
      this.#html = html;
      put(this.#element, html);
    }
    this.#path ??= this.#element.querySelector("[data-run-node-view]")?.dataset.path || null;
    this.#words();
  }

  /** Nothing came: say so; another node than the one that was asked for does not stay. */
  #missed(node) {
    this.#say("needs_connection");
    if (this.#element.querySelector("[data-run-node-view]")?.dataset.runNodeView !== node) this.close();
  }

  /** Whether somebody has begun to answer the question that this would draw anew. @param {string} html */
  #isTypedInto(html) {
    const form = this.#element.querySelector(`[data-run-node-view="${CSS.escape(this.#node)}"] [data-run-answer]`);
    if (!this.#html || !form || !(form.querySelector(".field-error") || Array.from(form.elements).some(isTyped))) return false;
    const given = new DOMParser().parseFromString(html, "text/html").querySelector("[data-run-answer]");
    const asked = (one) => one.querySelector(".run-question-text").textContent;
    return given?.dataset.runAnswer === form.dataset.runAnswer && asked(given) === asked(form);
  }

  #turn(path) {
    this.#path = path;
    return this.#ask();
  }

  #click({ target }) {
    if (target.closest("[data-node-close]")) return this.close();
    const button = target.closest("[data-run-do]");
    return button && this.dispatchEvent(new CustomEvent("steer", { detail: { button } }));
  }

  async #answer(event) {
    const form = event.target.closest("[data-run-answer]");
    if (!form) return;
    event.preventDefault();
    const answer = await post(form.action, new FormData(form, event.submitter)).catch(() => null);
    if (!answer) return void this.#say("needs_connection");
    if (answer.ok) {
      document.activeElement?.blur?.();
      this.#element.focus({ preventScroll: true });
      this.#html = "";
      this.dispatchEvent(new Event("answered"));
      return void this.#ask();
    }
    const words = await answer.text();
    if (answer.headers.get("Content-Type")?.startsWith("text/html") && answer.status === 422) form.outerHTML = words;
    else this.#say("failed_call", answer.headers.get("Content-Type")?.startsWith("text/plain") ? words : "");
  }
}

/** Whether a field holds another value than the one that it was drawn with. @param {HTMLInputElement|HTMLTextAreaElement|HTMLSelectElement} field */
function isTyped(field) {
  if (field.matches("select")) return field.selectedIndex !== Math.max(0, Array.from(field.options).findIndex((option) => option.defaultSelected));
  if (field.type === "checkbox") return field.checked !== field.defaultChecked;
  return field.matches("input:not([type=hidden]), textarea") && field.value !== field.defaultValue;
}
