/**
 * What the server does to the flow on request: asks for parameters, sends the request in its turn among my edits, shows how far
 * a long one is, and lets nodes glide to where they were laid out. Loaded when it is first used.
 *
 * @typedef {Record<"editing"|"graph"|"notices"|"renderer"|"root"|"session"|"texts"|"viewport", object>} Parts of the editor that it uses
 * @typedef {{id: string, title: string, description: string, parameters: object[], asks: boolean}} Action as the server lists it
 */

import { csrfToken } from "../lib/csrf.js";
import { make } from "../lib/make.js";

const GLIDE_MS = 150;
const MAX_GLIDING = 400;
const MAX_NAMED = 3;

export class Actions {
  #parts;
  /** What I asked for and is not answered, by sequence number. @type {Map<number, {action: Action, before: Map<string, object>|null}>} */
  #asked = new Map();
  /** Shown jobs, by id. @type {Map<string, {toast: HTMLElement, close: () => void}>} */
  #jobs = new Map();

  /** @param {Parts} parts */
  constructor(parts) {
    this.#parts = parts;
    const { session } = parts;
    session.addEventListener("acked", ({ detail }) => this.#acked(detail));
    session.addEventListener("refused", ({ detail: { entry } }) => this.#asked.delete(entry.seq));
    session.addEventListener("patched", ({ detail }) => this.#arrived(detail));
    session.addEventListener("connection", () => session.connection === "live" || this.#forget());
  }

  /** Run an action; one that asks shows its form first. @param {string} id @param {{nodes: string[], parameters?: object}} about */
  run(id, { nodes, parameters = {} }) {
    const { editing, notices, session, texts } = this.#parts;
    const action = session.actions.find((one) => one.id === id);
    if (!action || !editing.mayEdit) return;
    if (session.connection !== "live") notices.toast(texts.say("needs_connection"));
    else if (action.asks) this.#ask(action, nodes);
    else this.#send(action, nodes, parameters);
  }

  #send(action, nodes, parameters) {
    const { session } = this.#parts;
    const about = action.on === "node" ? { node: nodes[0] } : nodes.length ? { nodes } : {};
    const before = action.id === "auto-layout" ? this.#places() : null;
    const seq = session.submit({ kind: "execute_action", action: action.id, ...about, parameters });
    if (seq !== null) this.#asked.set(seq, { action, before });
  }

  /** Ask for parameters in a small form. @param {Action} action @param {string[]} nodes */
  #ask(action, nodes) {
    const { root, texts } = this.#parts;
    const fields = action.parameters.map((parameter) => [parameter, field(parameter, texts)]);
    const cancel = make("button.button", { type: "button" }, texts.say("action_cancel"));
    const form = make("form.action-form", { method: "dialog" }, make("h2.section-title", { id: "action-title" }, action.title.replace(/…$/, "")), make("p", {}, action.description),
      ...fields.map(([, { row }]) => row), make("footer", {}, cancel, make("button.button.primary", {}, texts.say("action_run"))));
    const dialog = make("dialog.dialog", { "aria-labelledby": "action-title", "data-action-form": action.id }, form);
    cancel.addEventListener("click", () => dialog.close());
    dialog.addEventListener("keydown", (event) => event.stopPropagation());
    dialog.addEventListener("close", () => dialog.remove());
    form.addEventListener("submit", () => this.#send(action, nodes, Object.fromEntries(fields.map(([{ name }, { value }]) => [name, value()]))));
    root.append(dialog);
    dialog.showModal();
    form.querySelector("input:not([type=checkbox])")?.select();
  }

  #acked({ entry, frame }) {
    if (entry.operation.kind !== "execute_action" || entry.client !== this.#parts.session.client) return;
    const { notices, session, texts } = this.#parts;
    const asked = this.#asked.get(entry.seq);
    if (!asked) return;
    const { action } = asked;
    if (frame.version <= session.version) this.#asked.delete(entry.seq);
    else asked.isAcked = true;
    notices.announce(texts.say("action_done", { action: plain(action) }));
    if (frame.left?.length) notices.toast(texts.say("action_left", { what: this.#named(frame.left) }));
  }

  #named(left) {
    const { graph, texts } = this.#parts;
    const name = ({ node, edge }) => graph.nodes.get(node)?.label ?? (edge ? texts.say("an_edge") : texts.say("a_deleted_node"));
    const names = [...new Set(left.map(name))];
    return names.length > MAX_NAMED ? `${names.slice(0, MAX_NAMED).join(", ")}, +${names.length - MAX_NAMED}` : names.join(", ");
  }

  /** What I asked for is here: let the nodes glide from where they were. */
  #arrived(frame) {
    const { client } = this.#parts.session;
    for (const change of frame?.changes ?? []) {
      const asked = change.client === client && this.#asked.get(change.seq);
      if (!asked) continue;
      if (asked.isAcked) this.#asked.delete(change.seq);
      if (asked.before) this.#glide(asked.before);
    }
    if (!frame) this.#asked.clear();
  }

  /** Where the nodes in view are, unless they should not glide or are too many. @returns {Map<string, {x: number, y: number}>|null} */
  #places() {
    const { graph, viewport } = this.#parts;
    if (matchMedia("(prefers-reduced-motion: reduce)").matches) return null;
    const view = viewport.visibleRect();
    const isSeen = ({ x, y, width, height }) => x < view.x + view.width && y < view.y + view.height && x + width > view.x && y + height > view.y;
    const seen = [...graph.visibleNodes()].filter((node) => isSeen(graph.rect(node.id)));
    return seen.length > MAX_GLIDING ? null : new Map(seen.map(({ id }) => [id, { x: graph.rect(id).x, y: graph.rect(id).y }]));
  }

  #glide(before) {
    const { graph, renderer, root } = this.#parts;
    renderer.flush();
    for (const [id, { x, y }] of before) {
      const node = graph.nodes.get(id);
      if (!node?.element.isConnected || (node.x === x && node.y === y)) continue;
      node.element.animate({ translate: [`${x - node.x}px ${y - node.y}px`, "0 0"] }, { duration: GLIDE_MS, easing: "ease-out" });
    }
    for (const layer of root.querySelectorAll("[data-layer=edges], [data-layer=labels]")) layer.animate({ opacity: [0, 1] }, { duration: GLIDE_MS, easing: "ease-in" });
  }

  /** Show how far a long action is, mine with a way to cancel it. @param {{id: string, action: string, state: string, progress: number, message: string}} job */
  show(job) {
    const { notices, texts } = this.#parts;
    const action = plain(this.#parts.session.actions.find(({ id }) => id === job.action) ?? { title: job.action });
    const shown = this.#jobs.get(job.id);
    if (job.state === "running") return this.#progress(job, action, shown);
    shown?.close();
    this.#jobs.delete(job.id);
    if (job.state === "done") notices.announce(texts.say("action_done", { action }));
    else if (!this.#isMine(job) || job.state === "cancelled") notices.toast(texts.say("action_failed", { action, reason: job.message }));
  }

  #progress(job, action, shown) {
    const { notices, texts } = this.#parts;
    const percent = Math.round(job.progress * 100);
    const text = texts.say("action_running", { action, percent });
    if (!shown) {
      const cancel = this.#isMine(job) ? { text: texts.say("action_cancel"), run: () => this.#cancel(job.id) } : undefined;
      const close = notices.toast(text, { stays: true, action: cancel });
      const toast = document.querySelector("[data-toasts]").lastElementChild;
      toast.dataset.job = job.id;
      toast.querySelector("p").after(make("progress", { max: "100", "aria-label": action }));
      shown = { toast, close };
      this.#jobs.set(job.id, shown);
      notices.announce(text);
    }
    shown.toast.querySelector("strong").textContent = text;
    shown.toast.querySelector("progress").value = percent;
  }

  /** Whether a job is of an action that I wait for. */
  #isMine(job) {
    return [...this.#asked.values()].some(({ action }) => action.id === job.action);
  }

  /** Forget the jobs that are shown: how they end may not be heard; one that still runs shows itself again. */
  #forget() {
    for (const { close } of this.#jobs.values()) close();
    this.#jobs.clear();
  }

  async #cancel(id) {
    await fetch(`/api/v1/jobs/${id}?flow=${this.#parts.root.dataset.flow}`, { method: "DELETE", headers: { "X-CSRFToken": csrfToken() } }).catch(() => this.#parts.notices.toast(this.#parts.texts.say("needs_connection")));
  }
}

const plain = ({ title }) => title.replace(/…$/, "");

/** A field for a parameter. @returns {{row: HTMLElement, value: () => unknown}} */
function field(parameter, texts) {
  const { title, type } = parameter;
  const { input, value, help } = inputs[type]?.(parameter, texts) ?? inputs.text(parameter, texts);
  input.id = `action-${parameter.name}`;
  input.name = parameter.name;
  const label = make("label.field-label", { for: input.id }, title);
  return { row: make("div.field", {}, label, input, ...(help ? [make("small.field-help", {}, help)] : [])), value };
}

const inputs = {
  integer: ({ default: given, minimum, maximum }) => {
    const input = make("input.input", { type: "number", min: minimum ?? null, max: maximum ?? null, step: "1", required: true, value: String(given), autofocus: true });
    return { input, value: () => input.valueAsNumber };
  },
  number: ({ default: given, minimum, maximum }) => {
    const input = make("input.input", { type: "number", min: minimum ?? null, max: maximum ?? null, step: "any", required: true, value: String(given) });
    return { input, value: () => input.valueAsNumber };
  },
  choice: ({ default: given, choices, choice_titles: titles }) => {
    const input = make("select.select", {}, ...choices.map((value, at) => make("option", { value, selected: value === given }, titles[at])));
    return { input, value: () => input.value };
  },
  boolean: ({ default: given }) => {
    const input = make("input", { type: "checkbox", checked: given });
    return { input, value: () => input.checked };
  },
  names: (parameter, texts) => {
    const input = make("textarea.textarea", { rows: "3" });
    const lines = () => [...new Set(input.value.split("\n").map((line) => line.trim()).filter(Boolean))];
    return { input, value: () => (lines().length ? lines() : null), help: `${texts.say("one_a_line")}. ${texts.say("optional_names")}.` };
  },
  text: ({ default: given }) => {
    const input = make("input.input", { type: "text", value: String(given ?? ""), dir: "auto", autocomplete: "off" });
    return { input, value: () => input.value };
  },
};
