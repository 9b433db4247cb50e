/**
 * What the others did, in words: "Bob moved Classify and 2 more". Collected for a moment, so that a busy flow does not talk all
 * the time; announced to screen readers, shown for a few seconds beside the tools, and kept with each person in the list of all.
 *
 * Nothing is said of what I did myself, nor of what came while the whole canvas was fetched.
 *
 * @typedef {{label: string, width: number, height: number}} Node as the page knew it
 * @typedef {{nodes: Map<string, Node>, edges: Set<string>}} Known
 * @typedef {"remove"|"add"|"rename"|"move"|"resize"|"change"|"connect"|"disconnect"|"change_edge"|"flow"} Deed
 */

import { make } from "../lib/make.js";
import { language } from "../lib/texts.js";
import { touched } from "../sync/patcher.js";

const COLLECT_MS = 1_000;
const SHOWN_MS = 5_000;
const MAX_PEOPLE = 3;
const MAX_DEEDS = 2;
/** The deeds that are told, the more important first. @type {Deed[]} */
const DEEDS = ["remove", "add", "rename", "connect", "disconnect", "move", "resize", "change", "change_edge", "flow"];
const names = new Intl.ListFormat(language);

export class Activity {
  #parts;
  #line = make("p.activity", { "data-activity": true, "aria-hidden": "true", hidden: true });
  /** What the page knew before the next broadcast. @type {Known} */
  #known = { nodes: new Map(), edges: new Set() };
  /** What I worked on and is not settled. @type {Set<string>} */
  #mine = new Set();
  /** What is to be told, by who did it. @type {Map<string, {people: number[], deeds: Map<string, Map<string, string>>}>} */
  #untold = new Map();
  #timer = 0;
  #hiding = 0;

  constructor({ avatars, collaborators, graph, notices, root, session, texts }) {
    this.#parts = { avatars, collaborators, graph, notices, session, texts };
    root.append(this.#line);
    this.#learn();
    session.addEventListener("submitted", ({ detail }) => this.#made(detail));
    session.addEventListener("patched", ({ detail }) => this.#arrived(detail));
  }

  #made(operation) {
    const { nodes, edges } = touched(operation);
    for (const ids of [nodes, edges]) for (const id of ids) this.#mine.add(id);
  }

  #arrived(frame) {
    if (!frame) return this.#learn();
    const { session } = this.#parts;
    const actors = [...new Set((frame.changes ?? []).map(({ who }) => who))];
    const others = actors.filter((actor) => actor !== session.you?.who);
    const deeds = deedsOf(frame, this.#known, this.#now);
    if (others.length) this.#collect(others, deeds, others.length < actors.length ? this.#mine : new Set());
    this.#learn(deeds, frame);
    if (!session.outbox.pending) this.#mine.clear();
    return undefined;
  }

  /** As the server has it now. */
  get #now() {
    const { nodes, edges } = this.#parts.graph;
    return { node: (id) => nodes.get(id), edge: (id) => edges.get(id) };
  }

  /** Remember how things are: all of them, or those that a broadcast changed. */
  #learn(deeds, { move = [] } = {}) {
    const { graph } = this.#parts;
    if (!deeds) this.#known = { nodes: new Map(), edges: new Set() };
    const ids = deeds ? new Set([...deeds.values()].flatMap((some) => [...some]).concat(move.map(([id]) => id))) : [...graph.nodes.keys(), ...graph.edges.keys()];
    for (const id of ids) {
      const node = graph.nodes.get(id);
      if (node) this.#known.nodes.set(id, { label: node.label, width: node.base.width, height: node.base.height });
      else this.#known.nodes.delete(id);
      if (graph.edges.has(id)) this.#known.edges.add(id);
      else this.#known.edges.delete(id);
    }
  }

  #collect(people, deeds, mine) {
    const key = people.join();
    const told = this.#untold.get(key) ?? { people, deeds: new Map() };
    for (const [deed, ids] of deeds) {
      for (const id of ids) if (!mine.has(id)) told.deeds.set(deed, (told.deeds.get(deed) ?? new Map()).set(id, this.#called(deed, id)));
    }
    if (!told.deeds.size) return;
    this.#untold.set(key, told);
    this.#timer ||= setTimeout(() => this.#tell(), COLLECT_MS);
  }

  /** What a deed is about, in words, while it is known. */
  #called(deed, id) {
    const { graph, texts } = this.#parts;
    const label = (node) => (graph.nodes.get(node)?.label ?? this.#known.nodes.get(node)?.label) || texts.say("untitled");
    const edge = graph.edges.get(id);
    if (deed === "rename") return texts.say("renamed_to", { from: this.#known.nodes.get(id).label || texts.say("untitled"), to: label(id) });
    if (edge) return [edge.source, edge.target].map(label).join(" → ");
    return deed === "disconnect" ? texts.say("an_edge") : label(id);
  }

  #tell() {
    const { avatars, notices, texts } = this.#parts;
    this.#timer = 0;
    const all = [...this.#untold.values()];
    this.#untold.clear();
    const told = all.map(({ people, deeds }) => ({ people, text: this.#sentences(people, deeds) }));
    for (const { people, text } of told) for (const person of people) avatars.did(person, text);
    const text = told.length > MAX_PEOPLE ? texts.say("did_many", { count: told.length }) : told.map((one) => one.text).join(" ");
    notices.announce(text);
    this.#show(text, told.length === 1 ? told[0].people[0] : null);
  }

  #sentences(people, deeds) {
    const name = names.format(people.map((id) => this.#person(id)?.name ?? this.#parts.texts.say("somebody")));
    return DEEDS.filter((deed) => deeds.has(deed)).slice(0, MAX_DEEDS).map((deed) => this.#sentence(name, deed, [...deeds.get(deed).values()])).join(" ");
  }

  #sentence(name, deed, [first, ...more]) {
    const { texts } = this.#parts;
    const what = more.length ? texts.say("and_more", { what: first, count: more.length }) : first;
    return texts.say(`did_${deed}`, { name, what });
  }

  /** The person, or a program of theirs: its changes are in their name. */
  #person(who) {
    const all = [...this.#parts.collaborators.people.values()];
    return all.find((person) => person.who === who) ?? all.find(({ id, program }) => program !== undefined && id === who);
  }

  #show(text, person) {
    clearTimeout(this.#hiding);
    this.#line.style.setProperty("--person", this.#person(person)?.colour ?? "var(--text-3)");
    this.#line.textContent = text;
    this.#line.hidden = false;
    this.#hiding = setTimeout(() => (this.#line.hidden = true), SHOWN_MS);
  }
}

/**
 * What a broadcast did, read from it and from what the page knew before.
 * @param {{html?: string, move?: [string, number, number, number, number][]}} frame
 * @param {Known} known
 * @param {{node: (id: string) => {kind: string, label: string, parent: string|null}|undefined, edge: (id: string) => object|undefined}} now
 * @returns {Map<Deed, Set<string>>} the ids of what each deed is about
 */
export function deedsOf({ html = "", move = [] }, known, now) {
  const deeds = new Map();
  const note = (deed, id) => deeds.set(deed, (deeds.get(deed) ?? new Set()).add(id));
  const { nodes, edges } = idsIn(html);
  const isAlone = nodes.size === 1;
  for (const id of nodes) {
    const [before, after] = [known.nodes.get(id), now.node(id)];
    const deed = nodeDeed(before, after);
    // A group comes again when its members change.
    if (deed && (deed !== "change" || after.kind !== "group" || isAlone)) note(deed, id);
  }
  const moved = new Set(move.map(([id]) => id));
  for (const [id, , , width, height] of move) {
    const before = known.nodes.get(id);
    if (before && (before.width !== width || before.height !== height)) note("resize", id);
    else if (!moved.has(now.node(id)?.parent)) note("move", id);
  }
  for (const id of edges) {
    const deed = edgeDeed(known.edges.has(id), Boolean(now.edge(id)));
    // Edges go with their nodes, and come again with them.
    if (deed === "connect" || (deed && !nodes.size)) note(deed, id);
  }
  if (html.includes("<helix-flow")) note("flow", "");
  return deeds;
}

function nodeDeed(before, after) {
  if (!before) return after ? "add" : null;
  if (!after) return "remove";
  return before.label === after.label ? "change" : "rename";
}

function edgeDeed(wasThere, isThere) {
  if (wasThere && isThere) return "change_edge";
  if (!wasThere && !isThere) return null;
  return isThere ? "connect" : "disconnect";
}

function idsIn(html) {
  const found = { nodes: new Set(), edges: new Set() };
  for (const [, what, id] of html.matchAll(/\sdata-(node|edge)-id="([^"]+)"/g)) found[`${what}s`].add(id);
  return found;
}
