/**
 * The inspector: the server draws the form of what is selected (htmx loads it), a change in a field becomes one edit.
 *
 * Typing is grouped and sent after a short rest, on leaving the field, and before anything else gets selected or the page goes. What
 * others change meanwhile comes into the fields I am not in; a field with something of mine still unsent or refused stays mine.
 */

import { heightFor } from "../lib/curve.js";
import { editNode } from "../lib/edits.js";
import { NotAValue, change, read } from "../lib/values.js";

const REST_MS = 400;
const REFRESH_MS = 250;
const AT_ONCE = "select, [type=checkbox], [type=radio]";

export class Inspector {
  #editor;
  #panel;
  #url;
  #shown = "";
  #isLoading = false;
  #wantsFocus = false;
  #role;
  /** @type {Map<string, HTMLElement>} fields changed and not yet sent, by name */
  #dirty = new Map();
  /** @type {Map<number, string[]>} which fields an edit on its way came from */
  #sent = new Map();
  #rest = 0;
  #refresh = 0;

  constructor(editor) {
    this.#editor = editor;
    this.#panel = editor.root.querySelector("#inspector");
    this.#url = editor.root.dataset.inspectorUrl;
    this.#shown = this.#query();
    this.#role = editor.session.role;
    const on = (type, run) => this.#panel.addEventListener(type, run);
    on("input", ({ target }) => this.#input(target));
    on("change", ({ target }) => target.matches(AT_ONCE) && this.#input(target, true));
    on("focusout", () => this.flush());
    this.#panel.addEventListener("submit", (event) => (event.preventDefault(), event.stopPropagation(), this.flush()), true);
    addEventListener("pagehide", () => this.flush());
    editor.selection.addEventListener("change", () => this.#load());
    editor.session.addEventListener("patched", ({ detail }) => this.#concerns(detail) && this.#again());
    editor.session.addEventListener("refused", ({ detail }) => this.#refused(detail));
    editor.session.addEventListener("you", () => this.#roleOf(editor.session));
    editor.session.addEventListener("settled", () => this.#forget());
  }

  /** Go into the form, as Enter on a node does. */
  enter() {
    this.#editor.toolbar?.reveal("inspector");
    this.#wantsFocus = true;
    this.#load();
  }

  /** Send what was typed. */
  flush() {
    clearTimeout(this.#rest);
    const dirty = this.#dirty;
    this.#dirty = new Map();
    const set = {};
    const names = [];
    for (const [name, field] of dirty) {
      try {
        const { settings, ...rest } = change(name, valueOf(name, field));
        Object.assign(set, rest);
        if (settings) set.settings = { ...set.settings, ...settings };
        names.push(name);
        this.#explain(name, null);
      } catch (error) {
        if (!(error instanceof NotAValue)) throw error;
        this.#explain(name, this.#editor.texts.say("not_a_value"));
      }
    }
    if (!names.length) return;
    for (const seq of this.#editor.submit(this.#operations(set))) this.#sent.set(seq, names);
  }

  /** Nothing can be edited any more: let go of the field, and say so if something was typed in it. */
  giveUp() {
    const { session, notices, texts } = this.#editor;
    const isTyped = this.#dirty.size > 0;
    clearTimeout(this.#rest);
    this.#dirty = new Map();
    if (this.#panel.contains(document.activeElement)) document.activeElement.blur();
    for (const field of this.#panel.querySelectorAll("[data-type], [data-slider-for], [data-own-colour]")) {
      if ("readOnly" in field && /^(text|number|)$/.test(field.type.replace("textarea", ""))) field.readOnly = true;
      else field.disabled = true;
    }
    if (isTyped) notices.toast(texts.say("not_kept", { reason: texts.say("read_only") }), { tone: "danger" });
    if (!session.isOver) this.#again();
  }

  #operations(set) {
    const { node, edge, nodes } = this.#panel.querySelector("[data-inspector-form]")?.dataset ?? {};
    if (edge) return [{ kind: "edit_edge", id: edge, set }];
    const ids = node ? [node] : (nodes?.split(",") ?? []);
    return ids.length ? ids.flatMap((id) => [editNode(id, set), ...this.#grown(id, set)]) : [{ kind: "edit_flow", set }];
  }

  /** A decision grows with its branches. */
  #grown(id, { settings }) {
    const node = this.#editor.graph.node(id);
    const height = heightFor(settings?.branches ?? []);
    return settings?.branches && node?.height < height ? [{ kind: "resize_node", id, width: node.width, height }] : [];
  }

  #input(field, atOnce = false) {
    if (field.dataset.sliderFor) {
      const number = document.getElementById(field.dataset.sliderFor);
      number.value = field.value;
      return this.#input(number);
    }
    const slider = field.id && this.#panel.querySelector(`[data-slider-for="${CSS.escape(field.id)}"]`);
    if (slider) slider.value = field.value;
    const name = "ownColour" in field.dataset ? "colour" : field.name;
    const isMine = this.#editor.session.mayEdit && ("ownColour" in field.dataset || field.dataset.type);
    if (!isMine || !name || (field.matches(AT_ONCE) && !atOnce)) return undefined;
    this.#dirty.set(name, field);
    clearTimeout(this.#rest);
    if (atOnce) this.flush();
    else this.#rest = setTimeout(() => this.flush(), REST_MS);
    return undefined;
  }

  #query() {
    const { nodes, edge } = this.#editor.selection;
    if (edge) return `?edge=${encodeURIComponent(edge)}`;
    if (nodes.size > 500) return "";
    return nodes.size ? `?nodes=${[...nodes].map(encodeURIComponent).join(",")}` : "";
  }

  /** One request at a time; whatever is selected when it is done is what counts. */
  async #load() {
    this.flush();
    if (this.#isLoading || this.#editor.session.isOver) return;
    this.#isLoading = true;
    while (this.#shown !== this.#query()) {
      const query = this.#query();
      // A node of mine that the server does not know yet has no form yet.
      await this.#settled();
      if (query !== this.#query()) continue;
      // A field that was stretched by hand has a style of its own, which htmx would copy and the content policy would report.
      for (const field of this.#panel.querySelectorAll("[style]")) field.removeAttribute("style");
      await htmx.ajax("GET", `${this.#url}${query}`, { target: "#inspector", swap: "innerHTML" }).catch(() => {});
      this.#shown = query;
      this.#editor.toolbar.preferences();
    }
    this.#isLoading = false;
    if (this.#wantsFocus) this.#panel.querySelector("[data-inspector-form] [name]:not([type=hidden])")?.focus();
    this.#wantsFocus = false;
  }

  #settled() {
    const { graph, selection, session } = this.#editor;
    const isFresh = () => [...selection.nodes].some((id) => graph.nodes.get(id)?.isMine) || graph.edges.get(selection.edge)?.isMine;
    if (!isFresh()) return Promise.resolve();
    return new Promise((resolve) => {
      const check = () => {
        if (isFresh()) return;
        for (const [source, type] of [[session, "settled"], [selection, "change"]]) source.removeEventListener(type, check);
        resolve();
      };
      for (const [source, type] of [[session, "settled"], [selection, "change"]]) source.addEventListener(type, check);
    });
  }

  #concerns(frame) {
    const { selection } = this.#editor;
    if (!frame) return true;
    if (selection.isEmpty) return frame.html?.includes("<helix-flow");
    return [...selection.nodes, ...selection.edges].some((id) => frame.html?.includes(`-id="${id}"`));
  }

  #roleOf({ role }) {
    if (role !== this.#role) this.#again();
    this.#role = role;
  }

  #again() {
    clearTimeout(this.#refresh);
    this.#refresh = setTimeout(() => this.#merge(), REFRESH_MS);
  }

  async #merge() {
    const query = this.#query();
    if (this.#isLoading || query !== this.#shown || this.#editor.session.isOver) return;
    const answer = await fetch(`${this.#url}${query}`, { headers: { "HX-Request": "true" } }).catch(() => null);
    if (!answer?.ok || query !== this.#query() || this.#isLoading) return;
    const fresh = this.#editor.patcher.parse(await answer.text());
    const names = (form) => Array.from(form.querySelectorAll("[name]"), (field) => `${field.name} ${field.type}`).join();
    if (names(fresh) === names(this.#panel)) this.#adopt(fresh);
    else if (!this.#panel.contains(document.activeElement)) {
      this.#panel.replaceChildren(fresh);
      htmx.process(this.#panel);
    }
  }

  #adopt(fresh) {
    const now = this.#panel.querySelectorAll("[data-type], [data-slider-for], [data-own-colour]");
    fresh.querySelectorAll("[data-type], [data-slider-for], [data-own-colour]").forEach((field, index) => {
      const mine = now[index];
      if (mine === document.activeElement || this.#dirty.has(mine.name) || mine.getAttribute("aria-invalid") === "true") return;
      if (mine.value !== field.value) mine.value = field.value;
      if (mine.checked !== field.checked) mine.checked = field.checked;
      for (const state of ["disabled", "readOnly"]) if (state in mine) mine[state] = field[state];
    });
    const [title, words] = [this.#panel.querySelector(".panel-title"), fresh.querySelector(".panel-title")];
    if (title && words) title.replaceWith(words);
  }

  /** Whether an edit came from a field here: then the reason is said there. */
  owns(seq) {
    return this.#sent.has(seq);
  }

  #forget() {
    for (const seq of this.#sent.keys()) if (!this.#editor.session.outbox.has(seq)) this.#sent.delete(seq);
  }

  #refused({ entry, frame }) {
    const names = this.#sent.get(entry.seq) ?? [];
    for (const name of names) this.#explain(name, frame.message);
  }

  /** @param {string|null} text */
  #explain(name, text) {
    const field = this.#panel.querySelector(`[data-field="${CSS.escape(name)}"]`);
    const error = field?.querySelector("[data-field-error]");
    if (!error) return;
    error.textContent = text ?? "";
    error.hidden = !text;
    const input = field.querySelector("[data-type]");
    if (text) input?.setAttribute("aria-invalid", "true");
    else input?.removeAttribute("aria-invalid");
  }
}

/** What a field says, as JSON; an emptied setting is unset. */
function valueOf(name, field) {
  if (field.type === "checkbox") return field.checked;
  const value = read(field.dataset.type ?? "string", field.value);
  return name.startsWith("settings.") && (value === "" || (Array.isArray(value) && !value.length)) ? null : value;
}
