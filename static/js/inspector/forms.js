/**
 * The inspector's forms: blanks that the server rendered once for everybody, filled here with what the page knows already. So
 * a form is there at once, also offline, and for a node that the server has not heard of yet.
 *
 * The flow's form names its people, whom only the server knows: the last one seen is kept.
 */

import { edited } from "../lib/content.js";
import { whenIdle } from "../lib/timing.js";
import { written } from "../lib/values.js";
import { contentOfEdge, contentOfNode } from "../canvas/contents.js";
import { make } from "../lib/make.js";

export const FIELDS = "[name]:not([type=hidden]), [data-slider-for]";
const MOST = 500;
const PATIENCE_MS = 20_000;
const LISTED = 12;

export class Forms {
  #editor;
  #blanks = null;
  #loading = null;
  #flow;
  #people = null;

  constructor(editor) {
    this.#editor = editor;
    this.#flow = { ...editor.root.querySelector("helix-flow")?.dataset };
    editor.patcher.addEventListener("flow", ({ detail }) => (this.#flow = detail));
    this.keep(editor.root);
    whenIdle(() => this.load());
  }

  /** Fetch the blanks, unless they are here: browsers keep them as long as they are the same. */
  load() {
    this.#loading ??= this.#fetch().finally(() => this.#blanks ?? (this.#loading = null));
    return this.#loading;
  }

  /** Remember who the server says is in the flow. @param {ParentNode} form the flow's */
  keep(form) {
    this.#people = form.querySelector("[data-people]")?.cloneNode(true) ?? this.#people;
  }

  /**
   * Of what is selected.
   * @param {Iterable<object>} [operations] edits that lie over what the server said; mine that are on their way
   * @returns {DocumentFragment|null} null before the blanks are here
   */
  form(operations = [...this.#editor.session.outbox.operations()]) {
    const { session, selection, graph } = this.#editor;
    const nodes = [...selection.nodes].map((id) => graph.nodes.get(id)).filter(Boolean);
    const edge = graph.edges.get(selection.edge);
    if (!this.#blanks) return null;
    const form = edge ? this.#ofEdge(edge, operations) : nodes.length === 1 ? this.#ofNode(nodes[0], operations) : nodes.length && nodes.length <= MOST ? this.#ofNodes(nodes, operations) : this.#ofFlow(operations);
    if (!session.mayEdit) close(form);
    return form;
  }

  async #fetch() {
    const asked = fetch(this.#editor.root.dataset.formsUrl, { signal: AbortSignal.timeout(PATIENCE_MS) });
    const html = await asked.then((answer) => answer.ok && answer.text()).catch(() => null);
    const blanks = html && this.#editor.patcher.parse(html);
    if (blanks && blanks.querySelector("[data-blank-form]")) this.#blanks = blanks;
  }

  #blank(name) {
    return document.importNode(this.#blanks.querySelector(`[data-blank-form="${name}"]`).content, true);
  }

  #ofNode(node, operations) {
    const content = contentOfNode(node, this.#editor, operations);
    const { settings, ...rest } = content;
    const named = Object.fromEntries(Object.entries(settings).map(([name, value]) => [`settings.${name}`, value]));
    const name = content.label || this.#editor.catalogue[node.kind].title;
    return filled(this.#blank(node.kind), { ...rest, ...named }, { name }, { node: node.id });
  }

  #ofNodes(nodes, operations) {
    const contents = nodes.map((node) => contentOfNode(node, this.#editor, operations));
    const colours = new Set(contents.map(({ colour }) => colour));
    const blank = this.#blank("nodes");
    const count = blank.querySelector("[data-fill=count]").textContent.replace("{count}", nodes.length);
    blank.querySelector("[data-fill=list]").append(
      ...nodes.slice(0, LISTED).map(({ kind }, index) => make("li", {}, make(`span.chip.chip-${kind}`), make("span", {}, contents[index].label))),
      ...(nodes.length > LISTED ? [make("li.panel-note", {}, "…")] : []),
    );
    const content = { enabled: contents.every(({ enabled }) => enabled), colour: colours.size === 1 ? contents[0].colour : "" };
    return filled(blank, content, { count }, { nodes: nodes.map(({ id }) => id).join() });
  }

  #ofEdge(edge, operations) {
    const { id, source, sourcePort, target, targetPort } = edge;
    const [from, to] = [source, target].map((end) => this.#editor.graph.nodes.get(end)?.label ?? "");
    const facts = { ends: `${from} → ${to}`, source: `${from} · ${sourcePort}`, target: `${to} · ${targetPort}` };
    return filled(this.#blank("edge"), contentOfEdge(edge, this.#editor, operations), facts, { edge: id });
  }

  #ofFlow(operations) {
    const blank = this.#blank("flow");
    if (this.#people) blank.querySelector("[data-canvas-section]").before(this.#people.cloneNode(true));
    return filled(blank, edited(this.#flow, operations, "flow"), {}, {});
  }
}

/** Nothing in a form can be changed. @param {ParentNode} form */
export function close(form) {
  for (const field of form.querySelectorAll(`${FIELDS}, [data-command=menu], [data-command=delete]`)) {
    if (field.dataset.command) field.remove();
    else if ("readOnly" in field && /^(text|number|textarea)$/.test(field.type)) field.readOnly = true;
    else field.disabled = true;
  }
}

function filled(form, content, facts, ids) {
  Object.assign(form.querySelector("[data-inspector-form]").dataset, ids);
  for (const [name, text] of Object.entries(facts)) for (const place of form.querySelectorAll(`[data-fill=${name}]`)) place.textContent = text;
  for (const [name, value] of Object.entries(content)) {
    for (const field of form.querySelectorAll(`[name="${CSS.escape(name)}"][data-type]`)) fill(form, field, value);
  }
  const own = content.colour && !form.querySelector("[name=colour]:checked") && form.querySelector("[data-own-colour]");
  if (own) {
    own.value = content.colour;
    form.querySelector("[name=colour][value=own]").checked = true;
  }
  return form;
}

function fill(form, field, value) {
  if (field.type === "radio") field.checked = field.value === value?.toLowerCase();
  else if (field.type === "checkbox") field.checked = value === true;
  else field.value = written(field.dataset.type, value);
  const slider = form.querySelector(`[data-slider-for="${field.id}"]`);
  if (slider) slider.value = field.value;
}
