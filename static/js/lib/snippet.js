/**
 * Copied nodes and edges as the text that the clipboard holds.
 *
 * Anybody may have written that text, so all of it is checked before any of it is used: whatever this lets through can be
 * drawn. What the server would refuse besides, as a label that is too long, it refuses itself.
 *
 * @typedef {{nodes: object[], edges: object[]}} Snippet
 */

import { BOUND } from "./geometry.js";

const COLOUR = /^#[0-9a-f]{6}$/i;
const STEP = 32;
/** How near, in both directions, the corners of two boxes are when one hides the other. */
const NEAR = 16;
/** After so many steps it may stay where it is. */
const MOST_STEPS = 200;

/** @param {Snippet} snippet @returns {string} */
export const written = (snippet) => JSON.stringify({ helix: 1, ...snippet });

/**
 * Read what was copied.
 * @param {string} text @param {Record<string, object>} catalogue the kinds there are
 * @returns {Snippet|"nothing_to_paste"|"damaged_copy"} or the name of the text that says why not
 */
export function read(text, catalogue) {
  const found = parsed(text);
  if (found?.helix !== 1) return "nothing_to_paste";
  const { nodes, edges = [] } = found;
  if (!Array.isArray(nodes) || !Array.isArray(edges) || !nodes.length) return "damaged_copy";
  if (!nodes.every((node) => isNode(node, catalogue)) || !edges.every(isEdge)) return "damaged_copy";
  const byId = new Map(nodes.map((node) => [node.id, node]));
  if (byId.size !== nodes.length || !nodes.every((node) => isHoused(node, byId))) return "damaged_copy";
  return { nodes: nodes.map(only(NODE)), edges: edges.map(only(EDGE)) };
}

/** How files of other tools begin, and our own: the server finds out which it is, or that it is none. */
const FOREIGN = /^\uFEFF?\s*(?:[{[]|`{3,}[ \t]*mermaid\b|<mx(?:file|GraphModel)\b|<\?xml\b|<!--|\/[/*]|#[^\n]*\n|%%|---\s*\n|(?:flowchart|graph|digraph|strict)\b|["']?(?:helix|title|nodes|edges|workflow)["']?:\s)/i;

/** Whether a text may be a file of another tool. @param {string} text */
export const looksForeign = (text) => FOREIGN.test(text.slice(0, 1_000));

/** Move on from `by` until no node would hide one that is there. @param {object[]} nodes @param {import("./geometry.js").Rect[]} others @param {{x: number, y: number}} by */
export function clearOf(nodes, others, by) {
  const taken = new Corners(others);
  const hides = ({ x, y }) => nodes.some((node) => taken.isNear(node.x + x, node.y + y));
  const at = { ...by };
  for (let steps = 0; steps < MOST_STEPS && hides(at); steps += 1) {
    at.x += STEP;
    at.y += STEP;
  }
  return at;
}

/** Corners of boxes by square, so that those near a point are found among any number. */
class Corners {
  #squares = new Map();

  /** @param {import("./geometry.js").Rect[]} boxes */
  constructor(boxes) {
    for (const { x, y } of boxes) {
      const key = square(Math.floor(x / NEAR), Math.floor(y / NEAR));
      if (!this.#squares.has(key)) this.#squares.set(key, []);
      this.#squares.get(key).push([x, y]);
    }
  }

  isNear(x, y) {
    const [column, row] = [Math.floor(x / NEAR), Math.floor(y / NEAR)];
    for (const right of [-1, 0, 1]) {
      for (const down of [-1, 0, 1]) {
        const found = this.#squares.get(square(column + right, row + down));
        if (found?.some(([left, top]) => Math.abs(x - left) < NEAR && Math.abs(y - top) < NEAR)) return true;
      }
    }
    return false;
  }
}

const square = (column, row) => `${column} ${row}`;

function parsed(text) {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

const isText = (value) => typeof value === "string";
const isId = (value) => isText(value) && value !== "";
const isPlace = (value) => Number.isFinite(value) && Math.abs(value) <= BOUND;
const isLength = (value) => isPlace(value) && value > 0;
const isFlag = (value) => typeof value === "boolean";
const isObject = (value) => typeof value === "object" && value !== null && !Array.isArray(value);
const isSettings = (value) => isObject(value) && (value.branches === undefined || (Array.isArray(value.branches) && value.branches.every(isText)));

/** What each must hold, and what each may hold. */
const NODE = {
  must: { id: isId, kind: isId, x: isPlace, y: isPlace },
  may: { width: isLength, height: isLength, parent: (value) => value === null || isId(value), label: isText, description: isText, colour: (value) => isText(value) && COLOUR.test(value), enabled: isFlag, settings: isSettings },
};
const EDGE = {
  must: { source: isId, source_port: isId, target: isId, target_port: isId },
  may: { label: isText, animated: isFlag },
};

const fits = (value, { must, may }) =>
  isObject(value) &&
  Object.entries(must).every(([name, isSound]) => isSound(value[name])) &&
  Object.entries(may).every(([name, isSound]) => value[name] === undefined || isSound(value[name]));

const isNode = (value, catalogue) => fits(value, NODE) && Object.hasOwn(catalogue, value.kind);
const isEdge = (value) => fits(value, EDGE);

/** Only what we know, whatever else is there. */
const only = ({ must, may }) => (value) => Object.fromEntries([...Object.keys(must), ...Object.keys(may)].filter((name) => value[name] !== undefined).map((name) => [name, value[name]]));

/** Whether all that it stands in, as far as that was copied, are groups, and none of them is itself. */
function isHoused(node, byId) {
  let steps = 0;
  for (let home = byId.get(node.parent); home; home = byId.get(home.parent), steps += 1) if (home.kind !== "group" || steps > byId.size) return false;
  return true;
}
