/**
 * How one run is, folded from the server's frames. Pure.
 *
 * An entry says how a node is, so a frame that comes twice or in parts changes nothing; only one that begins after what is known
 * leaves a gap.
 *
 * @typedef {{state: string, done: number, total: number, attempt: number, message: string}} Entry
 * @typedef {"idle"|"carried"|"running"|"dead"} Flow what an edge shows
 */

const OVER = ["done", "done_with_failures", "failed", "cancelled"];
const BEGUN = ["running", "asking", "backing_off", "queued", "ready", "done", "failed"];
const PERCENT = /^(\d+)%$/;

/** Whether a run in this state has ended. */
export const isOver = (state) => OVER.includes(state);

export class RunBoard {
  seq = 0;
  state = "waiting";
  progress = 0;
  /** @type {Map<string, Entry>} */
  nodes = new Map();
  /** The ports by which a node's only task ended, where that is known. @type {Map<string, Set<string>>} */
  ports = new Map();

  /** @param {string} id */
  constructor(id) {
    this.id = id;
  }

  get isOver() {
    return isOver(this.state);
  }

  /**
   * Take a `run` frame.
   * @returns {{isGap: boolean, changed: string[]}} `isGap`: something before it is missing, and nothing was taken
   */
  take({ previous, seq, state, progress, tasks }) {
    if (previous > this.seq) return { isGap: true, changed: [] };
    if (seq < this.seq) return { isGap: false, changed: [] };
    Object.assign(this, { seq, state, progress });
    const changed = tasks.filter(([id, ...entry]) => !same(this.nodes.get(id), entry));
    for (const [id, now, done, total, attempt, message] of changed) {
      this.nodes.set(id, { state: now, done, total, attempt, message });
      if (now !== "done") this.ports.delete(id);
    }
    return { isGap: false, changed: changed.map(([id]) => id) };
  }

  /** How a node is; null where this run says nothing of it, or is over and has not reached it. @returns {Entry|null} */
  entry(id) {
    const entry = this.nodes.get(id) ?? { state: "waiting", done: 0, total: 0, attempt: 0, message: "" };
    return this.isOver && entry.state === "waiting" ? null : entry;
  }

  /** What an edge shows. @param {{source: string, sourcePort: string, target: string}} edge @returns {Flow} */
  flow({ source, sourcePort, target }) {
    const [from, to] = [this.nodes.get(source), this.nodes.get(target)];
    if (!from) return "idle";
    const ports = this.ports.get(source);
    if (from.state === "skipped" || to?.state === "skipped" || (from.state === "done" && ports && !ports.has(sourcePort))) return "dead";
    if (!to || !BEGUN.includes(to.state) || !(from.state === "done" || from.done > 0 || from.state === "running")) return "idle";
    return to.state === "running" ? "running" : "carried";
  }
}

/** How far a node is, from 0 to 1; null where it does not tell. @param {Entry} entry */
export function fraction({ state, done, total, message }) {
  if (state !== "running") return null;
  if (total > 1) return done / total;
  const percent = PERCENT.exec(message);
  return percent ? Number(percent[1]) / 100 : null;
}

/**
 * What is said of a node.
 *
 * @param {Entry} entry @param {import("../lib/texts.js").Texts} texts
 * @param {{took?: string, isShort?: boolean}} [options] `isShort`: beside a badge that says the state
 */
export function sentence(entry, texts, { took = "", isShort = false } = {}) {
  const { state, done, total, attempt, message } = entry;
  const word = texts.say(`state_${state}`);
  const parts = [];
  if (total > 1) parts.push(isShort && ["running", "done"].includes(state) ? texts.say("of", { done, total }) : `${word}, ${texts.say("of", { done, total })}`);
  else if (state === "done" && took) parts.push(texts.say("done_in", { time: took }));
  else if (state === "failed" && message) parts.push(message);
  else parts.push(word);
  if (total <= 1 && message && state !== "failed") parts.push(message);
  if (attempt > 1 && state !== "done") parts.push(texts.say("attempt", { count: attempt }));
  return parts.join(", ");
}

const same = (entry, [state, done, total, attempt, message]) =>
  entry !== undefined && entry.state === state && entry.done === done && entry.total === total && entry.attempt === attempt && entry.message === message;

/** The first that a new page shows: the newest that goes on. @param {{id: string, state: string}[]} runs the newest first */
export const firstShown = (runs) => runs.find(({ state }) => !isOver(state)) ?? null;
