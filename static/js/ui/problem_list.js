/**
 * The list of problems over the inspector's place, on a phone a sheet: by severity, the worst first. A click goes to the node or
 * edge; "Fix" does what the server proposes, and a notice offers to undo it.
 *
 * `[data-problem-list]`, in it `[data-problem-item]` with a button to go there and perhaps `[data-problem-fix]`.
 *
 * @typedef {Record<"editing"|"graph"|"notices"|"panels"|"renderer"|"root"|"selection"|"session"|"texts"|"undo"|"viewport", object>} Parts of the editor that it uses
 */

import { isPhone } from "../canvas/viewport.js";
import { centre, centred } from "../lib/geometry.js";
import { icon, make } from "../lib/make.js";

/** Opens it, in the flow's form. */
const TAB = "#inspector [data-command=problems]";

export class ProblemList {
  #parts;
  #problems;
  #button;
  #body = make("div.problem-groups");
  #told = make("p");
  /** Whether it was opened by its tab in the flow's form. */
  #isTab = false;
  #panel;

  /** @param {Parts} parts @param {EventTarget} problems what `problems.js` keeps @param {HTMLElement} button that opens it */
  constructor(parts, problems, button) {
    this.#parts = parts;
    this.#problems = problems;
    this.#button = button;
    const { editing, root, session, texts } = parts;
    const close = make("button.icon-button", { type: "button", "aria-label": texts.say("close") }, icon("x"));
    close.addEventListener("click", () => this.close());
    const head = make("header.panel-head", {}, make("div.panel-title", {}, make("h2", {}, texts.say("flow")), this.#told), close);
    this.#panel = make("section.problems", { id: "problems", role: "dialog", "aria-label": texts.say("problems"), "data-problem-list": true, tabindex: "-1", hidden: true }, head, this.#tabs(), this.#body);
    this.#panel.addEventListener("keydown", (event) => this.#key(event));
    root.append(this.#panel);
    problems.count();
    problems.addEventListener("change", () => this.#show());
    session.addEventListener("rights", () => this.#show());
    editing.addEventListener("change", () => this.#show());
  }

  toggle() {
    if (!this.#panel.hidden) return this.close();
    this.#isTab = Boolean(document.activeElement?.closest(TAB));
    this.#panel.hidden = false;
    this.#button.setAttribute("aria-expanded", "true");
    this.#show();
    this.#panel.focus();
  }

  close() {
    const hadFocus = this.#panel.contains(document.activeElement);
    this.#panel.hidden = true;
    this.#button.setAttribute("aria-expanded", "false");
    const tab = this.#isTab && this.#parts.root.querySelector(TAB);
    if (hadFocus) (tab || this.#button).focus();
  }

  /** As those of the flow's form, in whose place it stands. */
  #tabs() {
    const { panels, selection, texts } = this.#parts;
    const settings = make("button.form-tab", { type: "button" }, texts.say("settings"));
    settings.addEventListener("click", () => (selection.clear(), panels.reveal("inspector"), this.close()));
    const own = make("button.form-tab", { type: "button", "aria-current": "true" }, texts.say("problems"), " ", make("b", { "data-problem-count": "" }));
    return make("div.form-tabs", { role: "group", "aria-label": texts.say("flow") }, settings, own);
  }

  /** Show the list as it is now; the focus stays on the same problem, or on the list. */
  #show() {
    if (this.#panel.hidden) return;
    const { texts } = this.#parts;
    this.#told.textContent = this.#button.title;
    const items = this.#problems.items;
    const focused = document.activeElement?.closest?.("[data-problem-item]")?.dataset.problemItem;
    const hadFocus = this.#panel.contains(document.activeElement);
    const groups = this.#problems.severities.filter((severity) => this.#problems.counts[severity]).map((severity) => this.#group(severity, items.filter((item) => item.severity === severity)));
    this.#body.replaceChildren(...(groups.length ? groups : [make("p.problems-none", {}, icon("check"), texts.say("problems_none"))]));
    const more = Object.values(this.#problems.counts).reduce((sum, count) => sum + count, 0) - items.length;
    if (more > 0) this.#body.append(make("p.problems-none", {}, texts.say("problems_more", { count: more })));
    if (!hadFocus) return;
    const again = focused && this.#body.querySelector(`[data-problem-item="${CSS.escape(focused)}"] button`);
    (again || this.#panel).focus({ preventScroll: Boolean(again) });
  }

  #group(severity, items) {
    const { texts } = this.#parts;
    const title = texts.say(`problems_${severity}`, { count: this.#problems.counts[severity] });
    return make("section.problem-group", { "data-severity": severity }, make("h3", {}, title), make("ul", {}, ...items.map((item) => this.#row(item))));
  }

  #row(item) {
    const { editing, graph } = this.#parts;
    const name = this.#nameOf(item);
    const text = make("span.problem-text", {}, ...(name ? [make("strong", { dir: "auto" }, name)] : []), make("span", { dir: "auto" }, item.message));
    const go = make("button.problem-go", { type: "button" }, icon(this.#problems.icons[item.severity]), text);
    go.disabled = !graph.node(item.node) && !graph.edge(item.edge);
    go.addEventListener("click", () => this.#go(item));
    const row = make("li", { "data-problem-item": item.id, "data-problem-code": item.code }, go);
    if (item.fix && editing.mayEdit) {
      const fix = make("button.problem-fix", { type: "button", "data-problem-fix": true }, item.fix_title);
      fix.addEventListener("click", () => this.#fix(item));
      row.append(fix);
    }
    return row;
  }

  #nameOf({ node }) {
    const { graph } = this.#parts;
    return graph.node(node)?.label ?? "";
  }

  /** Select what it is about and put it into the middle of what can be seen. */
  #go({ node, edge }) {
    const { graph, renderer, selection, viewport } = this.#parts;
    if (isPhone()) this.close();
    const at = graph.edge(edge);
    const shown = graph.standIn(node ?? at?.source);
    if (!graph.node(shown)) return;
    selection.set(at ? { edges: [edge] } : { nodes: [shown] });
    viewport.set(centred(centre(graph.rect(shown)), viewport.size, viewport.zoom), { glide: true });
    viewport.steered();
    renderer.bring(shown);
  }

  #fix({ fix, fix_title: title }) {
    const { editing, notices, texts, undo } = this.#parts;
    if (!editing.submit([fix]).length) return;
    this.#panel.focus();
    notices.toast(title, { action: { text: texts.say("op_undo"), run: () => undo.run("undo") } });
  }

  /** Arrow keys go through the list; Escape closes it. */
  #key(event) {
    event.stopPropagation();
    if (event.key === "Escape") this.close();
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (!step) return;
    event.preventDefault();
    const rows = [...this.#body.querySelectorAll(".problem-go:not(:disabled)")];
    const at = rows.indexOf(document.activeElement?.closest("li")?.querySelector(".problem-go"));
    rows[Math.max(0, Math.min(rows.length - 1, at + step))]?.focus();
  }
}
