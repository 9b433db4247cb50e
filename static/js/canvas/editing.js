/**
 * Making edits: whether one can be made now, why not, and how it goes out. Everything that edits does it through here, so that
 * large edits are split, described and refused in one place. The server judges all of them again.
 *
 * Events: `change` when the canvas was locked or unlocked; `along` (detail: {edges, members, said}) after a deletion, and after
 * edits that take more along than they name: so many edges are gone, so many members are in no group any more.
 */

import { describe, newId } from "../lib/operations.js";
import { bytesOf } from "../sync/socket.js";

/** Bytes that a frame needs beside its operations. */
const ENVELOPE_BYTES = 512;
/** The text for each reason why nothing can be edited. */
const REASONS = { ended: "ended", role: "read_only", full: "no_room", unkept: "unkept_offline" };

export class Editing extends EventTarget {
  #catalogue;
  #graph;
  #limits;
  #notices;
  #session;
  #texts;
  #isLocked = false;

  constructor({ catalogue, graph, limits, notices, session, texts }) {
    super();
    this.#catalogue = catalogue;
    this.#graph = graph;
    this.#limits = limits;
    this.#notices = notices;
    this.#session = session;
    this.#texts = texts;
  }

  get mayEdit() {
    return this.#session.mayEdit && !this.#isLocked;
  }

  get isLocked() {
    return this.#isLocked;
  }

  /** Why nothing can be edited now, in words. @returns {string} empty when something can */
  get reason() {
    const { readOnlyReason } = this.#session;
    if (readOnlyReason) return this.#texts.say(REASONS[readOnlyReason]);
    return this.#isLocked ? this.#texts.say("locked") : "";
  }

  /** Lock the canvas against accidental edits on this page, or unlock it. @returns {boolean} whether it is locked now */
  toggleLock() {
    this.#isLocked = !this.#isLocked;
    this.dispatchEvent(new Event("change"));
    return this.#isLocked;
  }

  /**
   * Submit edits: one version if they fit into a frame, one step of undo in any case.
   * @param {object[]} operations
   * @param {{step?: string, draft?: string, said?: string}} [options] the step they continue, the draft they finish, what they
   *   delete in words
   * @returns {number[]} sequence numbers
   */
  submit(operations, { step, draft, said } = {}) {
    if (!this.mayEdit) return [];
    const bundles = this.#bundled(operations);
    if (bundles.length > this.#session.outbox.room) {
      this.#notices.toast(this.#texts.say("no_room"), { tone: "danger" });
      return [];
    }
    const along = this.#along(operations);
    const name = step ?? (bundles.length > 1 ? newId("s") : undefined);
    const seqs = bundles.map((operation) => this.#session.submit(operation, { step: name, draft, words: this.#words(operation) })).filter((seq) => seq !== null);
    if (seqs.length && (said || along.edges || along.members)) this.dispatchEvent(new CustomEvent("along", { detail: { ...along, said } }));
    return seqs;
  }

  #along(operations) {
    if (!operations.some(takesAlong)) return { edges: 0, members: 0 };
    const named = new Set(operations.map(({ id }) => id));
    const { nodes, edges } = this.#graph.projected([...this.#session.outbox.operations(), ...operations]);
    const unnamed = (patches, lost) => [...patches].filter(([id, patch]) => !named.has(id) && lost(id, patch)).length;
    return {
      edges: unnamed(edges, (id, { gone }) => gone && this.#graph.edge(id)),
      members: unnamed(nodes, (id, { gone, parent }) => !gone && parent === null && this.#graph.node(id)?.parent),
    };
  }

  /** Keep on this device what would be sent if the page died now. @param {string} key @param {object[]|null} operations */
  draft(key, operations, { step } = {}) {
    const operation = operations && (this.#bundled(operations)[0] ?? null);
    this.#session.draft(key, operation, { step, words: operation && this.#words(operation) });
  }

  /** How to describe an edit later, and at which version it was made. */
  #words(operation) {
    const page = { catalogue: this.#catalogue, graph: this.#graph, texts: this.#texts };
    return { ...describe(operation, page), since: this.#session.version };
  }

  #bundled(operations) {
    return bundled(operations, this.#limits.batch, this.#limits.frame_bytes);
  }
}

const takesAlong = ({ kind, set }) => kind === "remove_node" || (kind === "edit_node" && set.settings?.branches !== undefined);

/** An edit that puts a node into a group still applies if the group is gone, but only as part of a batch. */
const isIntoGroup = ({ node, set }) => Boolean((node ?? set)?.parent);

/** Return one operation as it is, several as batches within the server's limits, applied as far as their elements still exist. */
export function bundled(operations, most = 500, bytes = Infinity) {
  const bundles = [];
  let room = 0;
  for (const operation of operations) {
    const size = bytesOf(operation);
    if (!bundles.length || bundles.at(-1).length >= most || size > room) {
      bundles.push([]);
      room = bytes - ENVELOPE_BYTES;
    }
    bundles.at(-1).push(operation);
    room -= size + 1;
  }
  return bundles.map((bundle) => (bundle.length > 1 || isIntoGroup(bundle[0]) ? { kind: "batch", operations: bundle, whole: false } : bundle[0]));
}
