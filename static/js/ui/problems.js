/**
 * What is wrong with the flow, as the server finds it: a count in the bar, a badge on each node, and a list that loads when it is
 * first opened.
 *
 * `[data-problems]` is the button in the bar, `[data-problem-count]` where else their number stands. A node with a problem that is more than a hint has `data-problem` (its worst
 * severity), and the words as its title, which a screen reader says too. Event `change` when the list is another.
 *
 * @typedef {Record<"graph"|"inspector"|"renderer"|"root"|"session"|"texts", object>} Parts of the editor that it uses; the list uses more
 * @typedef {{id: string, severity: "error"|"warning"|"hint", code: string, message: string, path: string, node?: string, edge?: string, fix?: object, fix_title?: string}} Problem
 */

import { icon } from "../lib/make.js";

const SEVERITIES = ["error", "warning", "hint"];
const ICONS = { error: "circle-x", warning: "triangle-alert", hint: "info" };
/** How long after a connection an old list stays: a server that finds nothing says nothing. */
const STALE_MS = 3_000;
const MAX_WORDS = 3;

export class Problems extends EventTarget {
  #parts;
  #button;
  /** @type {Map<string, Problem>} */
  #all = new Map();
  severities = SEVERITIES;
  icons = ICONS;
  counts = { error: 0, warning: 0, hint: 0 };
  /** @type {Map<string, Problem[]>} */
  #byNode = new Map();
  #list;
  #isLoading = false;
  #stale = 0;

  /** @param {Parts} parts */
  constructor(parts) {
    super();
    this.#parts = parts;
    const { inspector, renderer, root, session } = parts;
    this.#button = root.querySelector("[data-problems]");
    this.#button.hidden = false;
    this.#button.addEventListener("click", () => this.toggle());
    inspector.addEventListener("form", () => this.count());
    session.addEventListener("welcome", () => this.#await());
    renderer.addEventListener("drawn", ({ detail }) => this.#mark(detail.nodes));
    this.#show();
  }

  /** Every problem, the worst first. @returns {Problem[]} */
  get items() {
    return [...this.#all.values()].sort(order);
  }

  /** Take a `problems` frame: the whole list, or what came and went. */
  take({ items, add = [], remove = [], counts }) {
    clearTimeout(this.#stale);
    if (items) this.#all.clear();
    for (const id of remove) this.#all.delete(id);
    for (const item of items ?? add) this.#all.set(item.id, item);
    this.counts = counts;
    this.#changed();
  }

  #await() {
    clearTimeout(this.#stale);
    this.#stale = setTimeout(() => this.take({ items: [], counts: { error: 0, warning: 0, hint: 0 } }), STALE_MS);
  }

  #changed() {
    const before = [...this.#byNode.keys()];
    this.#byNode = Map.groupBy(this.items.filter(({ node, severity }) => node && severity !== "hint"), ({ node }) => node);
    this.#mark([...before, ...this.#byNode.keys()]);
    this.#show();
    this.dispatchEvent(new Event("change"));
  }

  /** Put badges on nodes, also on those that were drawn anew. @param {Iterable<string>} ids */
  #mark(ids) {
    const { graph } = this.#parts;
    for (const id of new Set(ids)) {
      const element = graph.nodes.get(id)?.element;
      const found = this.#byNode.get(id);
      if (!element || (!found && !element.dataset.problem)) continue;
      if (found) {
        element.dataset.problem = found[0].severity;
        element.title = found.slice(0, MAX_WORDS).map(({ message }) => message).join("\n");
      } else {
        delete element.dataset.problem;
        element.removeAttribute("title");
      }
    }
  }

  #show() {
    const { texts } = this.#parts;
    const { error, warning, hint } = this.counts;
    const worst = SEVERITIES.find((severity) => this.counts[severity]) ?? "none";
    const said = SEVERITIES.filter((severity) => this.counts[severity]).map((severity) => texts.say(`problems_${severity}`, { count: this.counts[severity] }));
    const label = said.join(", ") || texts.say("problems_none");
    this.#button.dataset.problems = worst;
    this.#button.title = label;
    this.#button.setAttribute("aria-label", label);
    this.#button.replaceChildren(icon(ICONS[worst] ?? "check"), worst === "none" ? "" : String(error + warning || hint));
    this.count();
  }

  /** Say how many there are wherever their number stands. */
  count() {
    const { dataset: { problems: worst }, textContent: count } = this.#button;
    for (const place of this.#parts.root.querySelectorAll("[data-problem-count]")) {
      place.dataset.problemCount = worst;
      place.textContent = count;
    }
  }

  /** Show or hide the list; what is pressed while it is loaded counts once. */
  async toggle() {
    if (this.#isLoading) return;
    if (!this.#list) {
      this.#isLoading = true;
      try {
        const { ProblemList } = await import("./problem_list.js");
        this.#list = new ProblemList(this.#parts, this, this.#button);
      } finally {
        this.#isLoading = false;
      }
    }
    this.#list.toggle();
  }
}

function order(one, other) {
  return SEVERITIES.indexOf(one.severity) - SEVERITIES.indexOf(other.severity) || compare(one.path, other.path) || compare(one.id, other.id);
}

const compare = (one, other) => (one < other ? -1 : Number(one > other));
