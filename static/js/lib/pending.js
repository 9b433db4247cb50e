/**
 * What the flow looks like once my unacknowledged operations are applied: the optimistic layer over the server's state.
 *
 * Pure: given the graph as the server last said it and the operations still on their way, say what differs. It is computed
 * afresh whenever either side changes, so a refused operation snaps back simply by no longer being in the list. What it asks
 * of the graph, and what it does, is in proportion to what waits, never to the flow.
 *
 * @typedef {{x?: number, y?: number, width?: number, height?: number, label?: string, parent?: string|null, enabled?: boolean,
 *   colour?: string, settings?: Record<string, unknown>, gone?: true, added?: object}} Patch settings as edits set them: null unsets
 * @typedef {{label?: string, animated?: boolean, source?: string, source_port?: string, target?: string, target_port?: string, gone?: true,
 *   added?: object}} EdgePatch an end is in it when it has moved
 * @typedef {{node(id: string): object|undefined, members(id: string): Iterable<string>, edges(id: string): Iterable<string>,
 *   edge(id: string): {source: string, source_port: string, target: string}|undefined}} Base `edges`: the ids of those at a node
 * @typedef {{nodes: Map<string, Patch>, edges: Map<string, EdgePatch>, counts: Map<string, number>}} Differences `counts`: by
 *   how many members a group differs
 */

const PLACE = ["x", "y", "width", "height"];
const SHOWN = ["label", "parent", "enabled", "colour"];
const OF_EDGE = ["label", "animated"];
const ENDS = ["source", "source_port", "target", "target_port"];

/** @param {Base} base @param {Iterable<object>} operations oldest first @returns {Differences} */
export function project(base, operations) {
  const picture = new Picture(base);
  for (const operation of operations) picture.take(operation);
  return { nodes: picture.nodes, edges: picture.edges, counts: picture.counts() };
}

/** The keys under which two maps of patches, or of numbers, are not alike. @returns {Set<string>} */
export function changed(before, after) {
  const keys = new Set([...before.keys(), ...after.keys()]);
  for (const key of keys) if (isAlike(before.get(key), after.get(key))) keys.delete(key);
  return keys;
}

/** Whether two patches of a node differ by its place alone. @param {Patch} [before] @param {Patch} [after] */
export function isMove(before = {}, after = {}) {
  const rest = ({ x, y, width, height, ...others }) => others;
  return isAlike(rest(before), rest(after));
}

/** Whether an operation changes nothing but where nodes are and how large. */
export const isPlacing = ({ kind, operations }) => operations?.every(isPlacing) ?? ["move_node", "resize_node"].includes(kind);

class Picture {
  nodes = new Map();
  edges = new Map();
  #base;
  /** The nodes put into a group, by group. */
  #joined = new Map();
  /** The ids of edges added at a node, or moved to it, by node. */
  #connected = new Map();

  constructor(base) {
    this.#base = base;
  }

  take(operation) {
    const { kind, id } = operation;
    switch (kind) {
      case "batch":
        for (const inner of operation.operations) this.take(inner);
        break;
      case "add_node":
        this.#add(operation.node);
        break;
      case "move_node":
        this.#move(operation);
        break;
      case "resize_node":
        this.#patch(id, only(operation, PLACE));
        break;
      case "edit_node":
        this.#edit(operation);
        break;
      case "remove_node":
        this.#remove(id);
        break;
      case "add_edge":
        this.#connect(operation.edge);
        break;
      case "edit_edge":
        this.#editEdge(operation);
        break;
      case "remove_edge":
        this.#edge(id, { gone: true });
        break;
      default:
        break;
    }
  }

  counts() {
    const counts = new Map();
    const count = (group, by) => group && counts.set(group, (counts.get(group) ?? 0) + by);
    for (const [id, { gone, added, parent }] of this.nodes) {
      const before = this.#base.node(id);
      if ((!before && !added) || (!gone && !added && parent === undefined)) continue;
      count(before?.parent, -1);
      if (!gone) count(parent === undefined ? before.parent : parent, 1);
    }
    return counts;
  }

  #add(node) {
    const { parent = null } = node;
    this.nodes.set(node.id, { added: node, ...only(node, [...PLACE, ...SHOWN, "settings"]), parent });
    this.#join(node.id, parent);
  }

  #move({ id, x, y }) {
    if (!this.#has(id)) return;
    const [dx, dy] = [x - this.#now(id, "x"), y - this.#now(id, "y")];
    for (const member of this.#now(id, "kind") === "group" ? this.#within(id) : []) {
      this.#patch(member, { x: this.#now(member, "x") + dx, y: this.#now(member, "y") + dy });
    }
    this.#patch(id, { x, y });
  }

  #edit({ id, set }) {
    const { settings } = set;
    const known = this.nodes.get(id)?.settings;
    this.#patch(id, { ...only(set, SHOWN), ...(settings && { settings: { ...known, ...settings } }) });
    if (set.parent !== undefined) this.#join(id, set.parent);
    if (settings?.branches !== undefined && this.#now(id, "kind") === "decision") this.#cut(id, branchPorts(settings.branches));
  }

  /** Remove a node's edges too, and free its members. */
  #remove(id) {
    for (const member of this.#members(id)) this.#patch(member, { parent: null });
    for (const edge of this.#edgesAt(id)) this.#edge(edge, { gone: true });
    this.#patch(id, { gone: true });
  }

  #connect(edge) {
    this.edges.set(edge.id, { added: edge, ...only(edge, OF_EDGE) });
    for (const end of [edge.source, edge.target]) bucket(this.#connected, end).add(edge.id);
  }

  #editEdge({ id, set }) {
    this.#edge(id, only(set, [...OF_EDGE, ...ENDS]));
    for (const end of [set.source, set.target]) if (end) bucket(this.#connected, end).add(id);
  }

  /** Remove the edges at the ports of removed branches. */
  #cut(id, outputs) {
    for (const edge of this.#edgesAt(id)) {
      const { source, source_port: port } = this.#ends(edge);
      if (source === id && !outputs.includes(port)) this.#edge(edge, { gone: true });
    }
  }

  /** Return the ids of the edges that begin or end at a node after the operations so far. */
  #edgesAt(id) {
    const ids = new Set([...this.#base.edges(id), ...(this.#connected.get(id) ?? [])]);
    return [...ids].filter((edge) => {
      const { source, target } = this.#ends(edge);
      return source === id || target === id;
    });
  }

  /** Where an edge begins and ends after the operations so far. */
  #ends(id) {
    const patch = this.edges.get(id) ?? {};
    return { ...(patch.added ?? this.#base.edge(id)), ...only(patch, ENDS) };
  }

  #join(id, parent) {
    bucket(this.#joined, parent).add(id);
  }

  /** Return a group's members after the operations so far. */
  #members(id) {
    const members = new Set([...this.#base.members(id), ...(this.#joined.get(id) ?? [])]);
    return [...members].filter((member) => this.#now(member, "parent") === id && this.#has(member));
  }

  /** Everything inside a group. */
  #within(id, found = new Set()) {
    for (const member of this.#members(id)) {
      if (member === id || found.has(member)) continue;
      found.add(member);
      this.#within(member, found);
    }
    return found;
  }

  /** A node's property after the operations so far. */
  #now(id, name) {
    const patch = this.nodes.get(id);
    if (patch?.[name] !== undefined) return patch[name];
    return (patch?.added ?? this.#base.node(id))?.[name];
  }

  #has(id) {
    return Boolean(this.nodes.get(id)?.added ?? this.#base.node(id));
  }

  #patch(id, patch) {
    const known = this.nodes.get(id);
    this.nodes.set(id, known ? Object.assign(known, patch) : patch);
  }

  #edge(id, patch) {
    const known = this.edges.get(id);
    this.edges.set(id, known ? Object.assign(known, patch) : patch);
  }
}

function bucket(map, key) {
  if (!map.has(key)) map.set(key, new Set());
  return map.get(key);
}

function only(source, names) {
  const found = {};
  for (const name of names) if (source[name] !== undefined) found[name] = source[name];
  return found;
}

/** Settings are merged anew each time; their values are those of the operations. */
function isAlike(one, other) {
  if (one === other) return true;
  if (!one || !other || typeof one !== "object") return false;
  const keys = Object.keys(one);
  return keys.length === Object.keys(other).length && keys.every((key) => (key === "settings" ? isAlike(one[key], other[key]) : one[key] === other[key]));
}

/** The outputs of a decision, as `flows/document/ports.py` has them. @param {unknown} branches the setting @returns {string[]} from top to bottom */
export function branchPorts(branches) {
  return Array.isArray(branches) ? [...new Set([...branches.map(String), "default"])] : ["default"];
}
