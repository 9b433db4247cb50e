/**
 * Show my unacknowledged edits: change elements that the server rendered, make those it has not rendered yet, and give
 * everything back as it was when an edit is gone.
 *
 * Only what follows from a plain property is written. What the server alone can word, the line below the label and the foot
 * of a node, is marked as not saved; the text of a note is shown as typed. What the server said is read once, before the
 * first change, and kept with the record (`said`) as long as an edit waits.
 *
 * @typedef {import("./graph.js").NodeRecord} NodeRecord
 * @typedef {import("./graph.js").EdgeRecord} EdgeRecord
 * @typedef {import("../lib/pending.js").Patch} Patch
 * @typedef {import("../lib/pending.js").EdgePatch} EdgePatch
 */

import { heightFor } from "../lib/geometry.js";
import { branchPorts } from "../lib/pending.js";
import { nodeName } from "../lib/texts.js";
import { make } from "../lib/make.js";

const SVG = "http://www.w3.org/2000/svg";
/** Properties of a node that change how it looks. */
const VISIBLE = ["label", "enabled", "colour", "settings"];

export class OptimisticRendering {
  #catalogue;
  #texts;

  /** @param {object} catalogue by kind @param {import("../lib/texts.js").Texts} texts */
  constructor(catalogue, texts) {
    this.#catalogue = catalogue;
    this.#texts = texts;
  }

  /** The element of a node that is still on its way to the server. @returns {HTMLElement} */
  node({ id, kind, x, y, label, parent, settings, ...node }) {
    const { width, height, title } = this.#catalogue[kind];
    const fitting = settings?.branches ? Math.max(height, heightFor(settings.branches)) : height;
    const element = emptyNode(kind);
    element.id = `n-${id}`;
    Object.assign(element.dataset, { nodeId: id, x, y, width: node.width ?? width, height: node.height ?? fitting, parent: parent ?? "", label: label ?? title });
    return element;
  }

  /** The element of an edge that is still on its way to the server. @returns {SVGGElement} */
  edge({ id, source, target, source_port: sourcePort, target_port: targetPort }) {
    const element = emptyEdge();
    Object.assign(element.dataset, { edgeId: id, source, target, sourcePort, targetPort, label: "" });
    element.id = `e-${id}`;
    return element;
  }

  /** What gestures ask of an element, read once. */
  traits(element) {
    const { kind, label = "", colour = this.#catalogue[kind].colour, disabled, collapsed } = element.dataset;
    const ports = (direction) => Array.from(element.querySelectorAll(`[data-direction=${direction}]`), (port) => port.dataset.port);
    return { label, colour, enabled: disabled === undefined, collapsed: collapsed !== undefined, inputs: ports("in"), outputs: ports("out") };
  }

  /** Take the server's state of a node whose element stays for now. @param {NodeRecord} record @param {HTMLElement} element as it is rendered */
  confirm(record, element) {
    record.said = this.#read(element);
  }

  /** @param {NodeRecord} record @param {Patch} [patch] what waits @param {number} [members] by how many a group has more */
  showNode(record, patch = {}, members = 0) {
    const isChanged = members !== 0 || VISIBLE.some((name) => patch[name] !== undefined);
    if (!isChanged && !record.said) return;
    const said = (record.said ??= this.#read(record.element));
    const { settings = {} } = patch;
    const { label = said.label, enabled = said.enabled, colour = said.colour } = patch;
    const outputs = settings.branches !== undefined && record.kind === "decision" ? branchPorts(settings.branches) : said.outputs;
    const collapsed = settings.collapsed === undefined ? said.collapsed : record.kind === "group" && settings.collapsed === true;
    Object.assign(record, { label, enabled, colour, collapsed, outputs });
    this.#flags(record);
    this.#name(record);
    this.#second(record, settings);
    mark(record.element.querySelector(".node-footer"), this.#isReworded(record, settings, "footer"), this.#unsaved);
    write(record.element.querySelector(".node-count"), String(said.count + members));
    writeNote(record.element.querySelector(".note-text"), settings.text, said.note);
    if (!isEqual(outputs, outputsOf(record.element))) branch(record.element.querySelector(".branches"), outputs);
    if (!isChanged) record.said = undefined;
  }

  /** @param {EdgeRecord} edge @param {EdgePatch} [patch] */
  showEdge(edge, patch = {}) {
    const isChanged = patch.label !== undefined || patch.animated !== undefined;
    if (!isChanged && !edge.said) return;
    edge.said ??= { label: edge.element.dataset.label ?? "", animated: edge.element.hasAttribute("data-animated") };
    const { label = edge.said.label, animated = edge.said.animated } = patch;
    edge.element.toggleAttribute("data-animated", animated);
    edge.label = label ? labelled(edge, label) : null;
    if (!isChanged) edge.said = undefined;
  }

  /** Say on an edge's element where it begins and ends now. @param {EdgeRecord} edge */
  moveEdge({ element, source, sourcePort, target, targetPort }) {
    Object.assign(element.dataset, { source, sourcePort, target, targetPort });
  }

  /** As the server has it. */
  #read(element) {
    const text = (selector) => element.querySelector(selector)?.textContent;
    return {
      ...this.traits(element),
      name: element.getAttribute("aria-label"),
      tip: element.querySelector("[data-node-label]")?.title,
      second: text(".node-second"),
      count: Number(element.querySelector(".node-count")?.dataset.count),
      note: [...(element.querySelector(".note-text")?.cloneNode(true).childNodes ?? [])],
    };
  }

  #flags({ element, kind, enabled, collapsed, colour }) {
    element.toggleAttribute("data-disabled", !enabled);
    element.toggleAttribute("data-collapsed", collapsed);
    element.querySelector(".group-toggle")?.setAttribute("aria-expanded", String(!collapsed));
    if (colour.toLowerCase() === this.#catalogue[kind].colour) {
      delete element.dataset.colour;
      element.style.removeProperty("--colour");
    } else {
      element.dataset.colour = colour;
      element.style.setProperty("--colour", colour);
    }
  }

  #name({ element, kind, label, enabled, collapsed, said }) {
    const isSaid = label === said.label;
    const shown = element.querySelector("[data-node-label]");
    if (!shown.isContentEditable) write(shown, label);
    if (isSaid && !said.tip) shown.removeAttribute("title");
    else shown.title = isSaid ? said.tip : label;
    const name = { label, title: this.#catalogue[kind].title, state: [!enabled && this.#texts.say("off"), collapsed && this.#texts.say("collapsed")].filter(Boolean).join(", ") };
    element.setAttribute("aria-label", isSaid && enabled === said.enabled && collapsed === said.collapsed ? said.name : nodeName(name));
  }

  /** The line of a disabled node is known here; that of one enabled again is not. */
  #second(record, settings) {
    const { element, kind, enabled, said } = record;
    const line = element.querySelector(".node-second");
    if (!line) return;
    const isKnown = !enabled || (said.enabled && !this.#isReworded(record, settings, "second"));
    const before = said.enabled ? said.second : this.#catalogue[kind].title;
    mark(line, false);
    write(line, enabled ? before : this.#texts.say("line_off"));
    mark(line, !isKnown, this.#unsaved);
  }

  #isReworded({ kind }, settings, place) {
    return this.#catalogue[kind].captions[place].some((name) => settings[name] !== undefined);
  }

  get #unsaved() {
    return this.#texts.say("unsaved_line");
  }
}

/** A new node as the server would draw it. @returns {HTMLElement} */
export function emptyNode(kind) {
  return document.querySelector(`template[data-blank-kind="${kind}"]`).content.firstElementChild.cloneNode(true);
}

/** An edge without ends. @returns {SVGGElement} */
export function emptyEdge() {
  const element = document.createElementNS(SVG, "g");
  element.setAttribute("role", "img");
  for (const part of ["edge-hit", "edge-line", "edge-arrow"]) {
    const path = document.createElementNS(SVG, "path");
    path.setAttribute("class", part);
    element.append(path);
  }
  return element;
}

function labelled({ id, label }, text) {
  if (!label) return make("div.edge-label", { dir: "auto", translate: "no", id: `l-${id}`, "data-label-of": id }, text);
  if (label.textContent !== text) label.textContent = text;
  return label;
}

function write(element, text) {
  if (element && element.textContent !== text) element.textContent = text;
}

/** Paler on screen, and in words for screen readers. */
function mark(element, isUnsaved, words) {
  if (!element || element.hasAttribute("data-unsaved") === isUnsaved) return;
  element.toggleAttribute("data-unsaved", isUnsaved);
  if (isUnsaved) (element.firstElementChild ?? element).append(make("span.visually-hidden", { "data-unsaved-note": true }, ` (${words})`));
  else element.querySelector("[data-unsaved-note]").remove();
}

/** @param {unknown} text as it was typed; undefined: as it was rendered */
function writeNote(element, text, rendered) {
  if (!element || (text === undefined && !("typed" in element.dataset))) return;
  element.toggleAttribute("data-typed", text !== undefined);
  if (text === undefined) element.replaceChildren(...rendered.map((node) => node.cloneNode(true)));
  else element.textContent = text ?? "";
}

const outputsOf = (element) => Array.from(element.querySelectorAll("[data-direction=out]"), (port) => port.dataset.port);

const isEqual = (one, other) => one.length === other.length && one.every((name, index) => name === other[index]);

/** A row for each output; those that were there stay the elements they are. */
function branch(list, names) {
  const rows = new Map(Array.from(list.children, (row) => [row.querySelector("[data-port]").dataset.port, row]));
  const [first] = rows.values();
  list.replaceChildren(...names.map((name) => rows.get(name) ?? row(first, name)));
}

function row(like, name) {
  const made = like.cloneNode(true);
  const port = made.querySelector("[data-port]");
  port.dataset.port = port.title = made.querySelector(".branch-name").textContent = name;
  port.removeAttribute("data-connected");
  port.removeAttribute("data-target");
  return made;
}
