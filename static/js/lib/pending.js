/**
 * What the flow looks like once my unacknowledged operations are through: the optimistic layer over the server's truth.
 *
 * Pure: given the graph as the server last said it and the operations still on their way, say what differs. It is computed
 * afresh whenever either side changes, so a refused operation snaps back simply by no longer being in the list.
 *
 * @typedef {{x?: number, y?: number, width?: number, height?: number, label?: string, parent?: string|null,
 *   enabled?: boolean, colour?: string, gone?: true, added?: object}} Patch
 * @typedef {{node(id: string): object|undefined, members(id: string): Iterable<string>}} Base
 */

const SHOWN = ["label", "parent", "enabled", "colour"];

/**
 * @param {Base} base
 * @param {Iterable<object>} operations oldest first
 * @returns {{nodes: Map<string, Patch>, edges: Map<string, {gone?: true, added?: object, label?: string}>}}
 */
export function project(base, operations) {
  const picture = new Picture(base);
  for (const operation of operations) picture.take(operation);
  return { nodes: picture.nodes, edges: picture.edges };
}

class Picture {
  nodes = new Map();
  edges = new Map();
  #base;

  constructor(base) {
    this.#base = base;
  }

  take(operation) {
    switch (operation.kind) {
      case "batch":
        for (const inner of operation.operations) this.take(inner);
        break;
      case "add_node":
        this.nodes.set(operation.node.id, { added: operation.node });
        break;
      case "move_node":
        this.#move(operation);
        break;
      case "resize_node":
        this.#patch(operation.id, only(operation, ["x", "y", "width", "height"]));
        break;
      case "edit_node":
        this.#patch(operation.id, only(operation.set, SHOWN));
        break;
      case "remove_node":
        this.#patch(operation.id, { gone: true });
        break;
      case "add_edge":
        this.edges.set(operation.edge.id, { added: operation.edge });
        break;
      case "edit_edge":
        this.#edge(operation.id, only(operation.set, ["label"]));
        break;
      case "remove_edge":
        this.#edge(operation.id, { gone: true });
        break;
      default:
        break;
    }
  }

  #move({ id, x, y }) {
    const before = this.#now(id);
    if (!before) return;
    const [dx, dy] = [x - before.x, y - before.y];
    for (const member of before.kind === "group" ? this.#within(id) : []) {
      const now = this.#now(member);
      if (now) this.#patch(member, { x: now.x + dx, y: now.y + dy });
    }
    this.#patch(id, { x, y });
  }

  /** Everything inside a group, by parents as they are after the operations so far. */
  #within(id, found = new Set()) {
    const changed = [...this.nodes].filter(([, patch]) => parentOf(patch) !== undefined);
    const members = new Set(this.#base.members(id));
    for (const [member, patch] of changed) parentOf(patch) === id ? members.add(member) : members.delete(member);
    for (const member of members) {
      if (member === id || found.has(member)) continue;
      found.add(member);
      this.#within(member, found);
    }
    return found;
  }

  #now(id) {
    const patch = this.nodes.get(id);
    const node = patch?.added ?? this.#base.node(id);
    return node && { ...node, ...patch };
  }

  #patch(id, patch) {
    this.nodes.set(id, { ...this.nodes.get(id), ...patch });
  }

  #edge(id, patch) {
    this.edges.set(id, { ...this.edges.get(id), ...patch });
  }
}

const parentOf = (patch) => (patch.parent !== undefined ? patch.parent : patch.added?.parent);

function only(source, names) {
  const found = {};
  for (const name of names) if (source[name] !== undefined) found[name] = source[name];
  return found;
}
