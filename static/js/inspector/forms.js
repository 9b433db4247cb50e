/**
 * The inspector's forms: empty ones that the server rendered once for everyone, filled here with what the page knows already. So
 * a form is there at once, also offline, and for a node that the server does not know yet.
 *
 * The flow's form lists its people, whom only the server knows: the last list seen is kept.
 */

import { contentOfEdge, contentOfNode, edited } from "../lib/content.js";
import { wholePixels } from "../lib/geometry.js";
import { whenIdle } from "../lib/timing.js";
import { written } from "../lib/values.js";
import { make } from "../lib/make.js";
import { named } from "../lib/operations.js";
import { Texts } from "../lib/texts.js";
import { markSet, showFields } from "./shown_fields.js";

export const FIELDS = "[name]:not([type=hidden]), [data-slider-for]";
const MAX_NODES = 500;
const FETCH_TIMEOUT_MS = 20_000;
const MAX_LISTED = 12;

export class Forms {
  #parts;
  #empty = null;
  #loading = null;
  #flow;
  #people = null;
  /** What is said in the fields that scripts make. */
  words = new Texts({});
  /** The address of the sheet for them. */
  sheet = "";

  constructor({ catalogue, editing, graph, patcher, root, selection, session, texts }) {
    this.#parts = { catalogue, editing, graph, patcher, root, selection, session, texts };
    this.#flow = { ...root.querySelector("helix-flow")?.dataset };
    patcher.addEventListener("flow", ({ detail }) => (this.#flow = detail));
    this.keep(root);
    whenIdle(() => this.load());
  }

  /** Fetch the empty forms, unless they are here: browsers cache them while they are the same. */
  load() {
    this.#loading ??= this.#fetch().finally(() => this.#empty ?? (this.#loading = null));
    return this.#loading;
  }

  /** The empty forms, to be changed before they are filled. @returns {ParentNode[]} */
  blanks() {
    return Array.from(this.#empty?.querySelectorAll("[data-blank-form]") ?? [], ({ content }) => content);
  }

  /** Remember who the server says is in the flow. @param {ParentNode} form the flow's */
  keep(form) {
    this.#people = form.querySelector("[data-people]")?.cloneNode(true) ?? this.#people;
  }

  /**
   * Fill the form of what is selected.
   * @param {Iterable<object>} [operations] edits that lie over what the server said; mine that are on their way
   * @returns {DocumentFragment|null} null before the empty forms are here
   */
  form(operations = [...this.#parts.session.outbox.operations()]) {
    const { editing, selection, graph } = this.#parts;
    const nodes = [...selection.nodes].map((id) => graph.nodes.get(id)).filter(Boolean);
    const edge = graph.edges.get(selection.edge);
    if (!this.#empty) return null;
    const form = edge ? this.#ofEdge(edge, operations) : nodes.length === 1 ? this.#ofNode(nodes[0], operations) : nodes.length && nodes.length <= MAX_NODES ? this.#ofNodes(nodes, operations) : this.#ofFlow(operations);
    if (!editing.mayEdit) close(form);
    return form;
  }

  async #fetch() {
    const asked = fetch(this.#parts.root.dataset.formsUrl, { signal: AbortSignal.timeout(FETCH_TIMEOUT_MS) });
    const html = await asked.then((answer) => answer.ok && answer.text()).catch(() => null);
    const forms = html && this.#parts.patcher.parse(html);
    if (!forms?.querySelector("[data-blank-form]")) return;
    const { formWords, formSheet } = forms.querySelector("[data-form-words]")?.dataset ?? {};
    [this.words, this.sheet] = [new Texts(JSON.parse(formWords ?? "{}")), formSheet ?? ""];
    this.#empty = forms;
  }

  #copyOf(name) {
    return document.importNode(this.#empty.querySelector(`[data-blank-form="${name}"]`).content, true);
  }

  #ofNode(node, operations) {
    const content = contentOfNode(node, this.#parts.catalogue, operations);
    const { settings, ...rest } = content;
    const byName = Object.fromEntries(Object.entries(settings).map(([name, value]) => [`settings.${name}`, value]));
    const place = Object.fromEntries(wholePixels({ ...node.base, ...this.#parts.graph.projected(operations).nodes.get(node.id) }));
    const { title } = this.#parts.catalogue[node.kind];
    const form = filled(this.#copyOf(node.kind), { ...rest, ...byName, ...place }, { name: content.label || title }, { node: node.id });
    const kind = form.querySelector("[data-kind-title]");
    if (kind) kind.hidden = [title, ""].includes(content.label.trim());
    showFields(form);
    return form;
  }

  #ofNodes(nodes, operations) {
    const contents = nodes.map((node) => contentOfNode(node, this.#parts.catalogue, operations));
    const colours = new Set(contents.map(({ colour }) => colour));
    const form = this.#copyOf("nodes");
    const count = form.querySelector("[data-fill=count]").textContent.replace("{count}", nodes.length);
    form.querySelector("[data-fill=list]").append(
      ...nodes.slice(0, MAX_LISTED).map(({ kind }, index) => make("li", {}, make(`span.chip.chip-${kind}`), make("span", { dir: "auto" }, contents[index].label))),
      ...(nodes.length > MAX_LISTED ? [make("li.panel-note", {}, `+${nodes.length - MAX_LISTED}`)] : []),
    );
    const content = { enabled: contents.every(({ enabled }) => enabled), colour: colours.size === 1 ? contents[0].colour : "" };
    const isOneKind = nodes.every(({ kind }) => kind === nodes[0].kind);
    const names = isOneKind ? this.#takeSettings(form, nodes[0].kind) : [];
    const mixed = new Set([...(colours.size > 1 ? ["colour"] : []), ...(contents.some(({ enabled }) => enabled !== content.enabled) ? ["enabled"] : [])]);
    for (const name of names) {
      const values = contents.map(({ settings }) => settings[name.slice("settings.".length)]);
      if (new Set(values.map((value) => JSON.stringify(value))).size > 1) mixed.add(name);
      else if (values[0] !== undefined) content[name] = values[0];
    }
    filled(form, content, { count }, { nodes: nodes.map(({ id }) => id).join() });
    for (const name of [...names, "enabled", "colour"]) differ(form, name, mixed.has(name), this.#parts.texts.say("mixed"));
    for (const name of mixed) markSet(form.querySelector(`[data-field="${CSS.escape(name)}"]`));
    showFields(form);
    return form;
  }

  /** Put the settings of a kind into the form of several nodes of it, but what makes ports. @returns {string[]} their names */
  #takeSettings(form, kind) {
    const names = [];
    const place = form.querySelector("[data-inspector-form] > .panel-section");
    for (const part of this.#copyOf(kind).querySelectorAll("[data-inspector-form] > .panel-section, [data-more]")) {
      if (!part.querySelector("[name^='settings.']")) continue;
      for (const field of part.querySelectorAll("[data-field]")) {
        if (field.querySelector("[data-ports]") || field.dataset.look === "branch") field.remove();
        else names.push(field.dataset.field);
      }
      if (part.querySelector("[data-field]")) place.before(part);
    }
    return names;
  }

  #ofEdge(edge, operations) {
    const { id, source, sourcePort, target } = edge;
    const [from, to] = [source, target].map((end) => named(end, this.#parts));
    const facts = { ends: `${from} → ${to}`, source: from, source_port: sourcePort, target: to };
    const form = filled(this.#copyOf("edge"), { ...contentOfEdge(edge, operations), source, source_port: sourcePort, target }, facts, { edge: id });
    form.querySelector("[name=source_port]").disabled = !(this.#parts.graph.node(source)?.outputs.length > 1);
    return form;
  }

  #ofFlow(operations) {
    const form = this.#copyOf("flow");
    if (this.#people) form.querySelector("[data-canvas-section]").before(this.#people.cloneNode(true));
    return filled(form, edited(this.#flow, operations, "flow"), {}, {});
  }
}

/** Make nothing in a form editable. @param {ParentNode} form */
export function close(form) {
  for (const field of form.querySelectorAll(`${FIELDS}, [data-command=menu], [data-command=delete]`)) {
    if (field.dataset.command) field.remove();
    else if ("readOnly" in field && /^(text|textarea)$/.test(field.type)) field.readOnly = true;
    else field.disabled = true;
  }
}

/** A decision's branches are what its default branch can be. */
function offerBranches(form, names) {
  const list = form.querySelector("[data-look=branch] select");
  for (const name of names ?? []) if (name !== "default") list?.append(make("option", { value: name }, name));
}

function filled(form, content, facts, ids) {
  offerBranches(form, content["settings.branches"]);
  Object.assign(form.querySelector("[data-inspector-form]").dataset, ids);
  for (const [name, text] of Object.entries(facts)) for (const place of form.querySelectorAll(`[data-fill=${name}]`)) place.textContent = text;
  for (const [name, value] of Object.entries(content)) {
    for (const field of form.querySelectorAll(`[name="${CSS.escape(name)}"][data-type]`)) {
      offer(field, value);
      fill(form, field, value);
      markSet(field.closest("[data-field]"));
    }
  }
  const own = content.colour && !form.querySelector("[name=colour]:checked") && form.querySelector("[data-own-colour]");
  if (own) {
    own.value = content.colour;
    form.querySelector("[name=colour][value=own]").checked = true;
  }
  return form;
}

/** A list offers what is chosen, whatever it is. */
function offer(field, value) {
  if (!field.matches("select")) return;
  const text = written(field.dataset.type, value);
  const options = [...field.options];
  const chosen = options.find((option) => option.value === text);
  if (chosen) chosen.hidden = chosen.disabled = false;
  else field.append(make("option", { value: text }, text));
}

function fill(form, field, value) {
  if (field.type === "radio") field.checked = field.value === value?.toLowerCase();
  else if (field.type === "checkbox") field.checked = value === true;
  else field.value = written(field.dataset.type, value);
  const slider = form.querySelector(`[data-slider-for="${field.id}"]`);
  if (slider) slider.value = value ?? "";
}

/** Say beside a field's name whether several nodes differ in it; then it shows the value of none. */
function differ(form, name, isMixed, words) {
  const field = form.querySelector(`[name="${CSS.escape(name)}"][data-type]`);
  const title = name === "colour" ? form.querySelector("#colour-title") : form.querySelector(`label[for="${field.id}"]`);
  title.append(make("span.mixed", { "data-mixed": name, hidden: !isMixed }, ` · ${words}`));
  if (field.matches("select")) field.prepend(make("option", { value: "", disabled: true, hidden: true }));
  if (!isMixed || field.type === "radio") return;
  if (field.type === "checkbox") field.indeterminate = true;
  else field.value = "";
}
