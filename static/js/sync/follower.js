/**
 * Keeps the page at a version of the log: what is shown is always exactly what the log says at `version`.
 *
 * A broadcast leads from one version to another and holds the net difference. It is applied only at the version where it begins.
 * One that is already applied is skipped; any other is a gap, and `resume` reconnects to get just what is missing. A snapshot is
 * fetched over HTTP while frames wait. So a lost, repeated or late message cannot leave the page wrong, and a different digest
 * shows if anything else did.
 *
 * Events: `patched` (detail: the frame, null for a whole canvas), `fetching` (a canvas is being fetched, or has arrived).
 */

import { onNewRelease } from "../offline/release.js";

const RETRY_MS = 1_000;
const MAX_LAG = 1_000;
const FETCH_TIMEOUT_MS = 20_000;

export class Follower extends EventTarget {
  version;
  epoch;
  digest = null;
  #patcher;
  #canvas;
  /** Keeps the flow on this device, once a worker controls the page. @type {import("../offline/offline_copy.js").OfflineCopy|null} */
  #copy = null;
  /** The whole canvas, fetched or on its way, that no worker keeps yet. @type {Promise<{html: string, answer: Response}|null>|null} */
  #unkept = null;
  #about;
  #resume;
  #isPartial;
  /** @type {object[]|null} frames that wait for a canvas */
  #queued = null;
  #retry = 0;
  /** The version held when a heartbeat was last ahead of it. */
  #behindAt = null;
  #isOver = false;
  #isGreeted = false;

  /**
   * @param {{user: string, flow: string, version: string, epoch: string, digest: string, canvasUrl: string}} page
   * @param {import("./patcher.js").Patcher} patcher
   * @param {{isPartial: boolean, resume: () => void}} means `isPartial`: the page holds only a part of the canvas
   */
  constructor({ user, flow, version, epoch, digest, canvasUrl }, patcher, { isPartial, resume }) {
    super();
    this.version = version === undefined || version === "" ? null : Number(version);
    this.epoch = epoch || null;
    this.digest = digest || null;
    this.#patcher = patcher;
    this.#canvas = new CanvasFetch(canvasUrl);
    this.#isPartial = isPartial;
    this.#resume = resume;
    this.#about = { user, flow, epoch, canvas: isPartial ? canvasUrl : null };
    const { serviceWorker } = globalThis.navigator ?? {};
    if (!serviceWorker) return;
    const restart = () => this.#restartCopy().catch(() => {});
    serviceWorker.addEventListener("controllerchange", restart);
    onNewRelease(restart).catch(() => {});
  }

  /** Whether a canvas is being fetched, or must be: what is shown may be old or incomplete. */
  get isFetching() {
    return this.#queued !== null || this.#retry !== 0;
  }

  /** Complete a partial page; bring a copy to the version this device last held. Never fails. */
  async start() {
    if (globalThis.navigator?.serviceWorker?.controller) await this.#openCopy().catch(() => {});
    if (this.#isPartial) this.fetch();
    else await this.#replay();
  }

  /** Stop following. @param {boolean} isGone whether the flow, or the right to see it, is gone */
  end(isGone) {
    if (this.#isOver) return;
    this.#isOver = true;
    clearTimeout(this.#retry);
    this.#retry = 0;
    if (isGone) this.#openCopy().then((copy) => copy.forget()).catch(() => {});
  }

  /** Check a new connection's epoch and digest against those held. */
  welcome({ version, epoch, digest }) {
    // A fetch begun before the connection was lost may never end.
    if (this.#queued && this.#isGreeted) this.#canvas.abort();
    this.#isGreeted = true;
    const isOther = this.epoch !== null && this.epoch !== epoch;
    const hasDiverged = this.version === version && this.digest !== null && this.digest !== digest;
    if (isOther || hasDiverged) this.#setPosition(null, epoch, null);
    this.epoch ??= epoch;
    if (hasDiverged && !isOther) this.fetch();
  }

  /** @param {object} frame `apply_changes` or `snapshot` */
  take(frame) {
    if (this.#queued) this.#queued.push(frame);
    else if (frame.type === "apply_changes") this.#changes(frame);
    else if (frame.part === undefined || frame.part === (frame.parts ?? 1)) this.fetch();
  }

  /** Compare with the server's version. If it is ahead twice while ours stands still, something was lost. */
  compare({ version, epoch, digest }) {
    const hasDiverged = this.version === version && this.digest !== null && digest !== this.digest;
    const isBehind = this.version !== null && version > this.version && !this.#queued;
    const isStuck = isBehind && this.#behindAt === this.version;
    if (epoch !== this.epoch || hasDiverged || version > this.version + MAX_LAG) this.fetch();
    else if (this.version === version) this.digest = digest;
    else if (isStuck) this.#resume();
    this.#behindAt = isBehind ? this.version : null;
  }

  /** Fetch the whole canvas and reconcile, keeping view, selection and focus. */
  async fetch() {
    if (this.#queued || this.#isOver) return;
    clearTimeout(this.#retry);
    this.#retry = 0;
    this.#setQueue([]);
    try {
      const { html, answer, isKept } = await this.#whole();
      const [version, epoch, digest] = positionOf(answer);
      this.#patcher.replace(html);
      // An older log, from a backup: frames kept of the newer one lead nowhere.
      if (version < this.version) await this.#copy?.clear();
      this.#setPosition(version, epoch, digest);
      this.#isPartial = false;
      if (isKept) await this.#replay();
      this.#emit(null);
      this.#applyQueued();
    } catch (error) {
      // Queued frames cannot be applied without their base: ask for everything again soon.
      if (!this.#isOver) this.#retry = setTimeout(() => this.fetch(), RETRY_MS * (1 + 2 * Math.random()));
      this.#setQueue(null);
      if (!(error instanceof NoCanvas)) reportError(error);
    }
  }

  /** A worker has come, which can keep what none could. */
  async #restartCopy() {
    (await this.#openCopy()).restart();
  }

  async #openCopy() {
    const { OfflineCopy } = await import("../offline/offline_copy.js");
    return (this.#copy ??= new OfflineCopy(this.#about, () => this.#keepUnkept()));
  }

  /** Have the canvas kept that is here already, or on its way; tell whether it is. */
  async #keepUnkept() {
    const fetched = this.#unkept;
    const whole = await fetched;
    if (!whole || this.#unkept !== fetched) return Boolean(whole);
    this.#unkept = null;
    const isKept = await this.#copy.keepCanvas(whole.answer);
    if (!isKept) this.#unkept ??= fetched;
    return isKept;
  }

  #changes(frame) {
    if (this.version === null) {
      this.fetch();
      return;
    }
    if (frame.version <= this.version) return;
    if (frame.previous !== this.version) {
      this.#resume();
      return;
    }
    try {
      this.#show(frame);
    } catch (error) {
      // Sending it again would not help, and what is shown now is neither the old nor the new version.
      reportError(error);
      this.fetch();
      return;
    }
    this.#copy?.keep(frame, this.epoch);
    this.#emit(frame);
  }

  #show(frame) {
    this.#patcher.apply(frame.html ?? "", frame.move ?? []);
    this.#setPosition(frame.version, this.epoch, frame.digest);
  }

  /** Apply what came after the page was copied. A copy that cannot be shown is made anew. */
  async #replay() {
    try {
      for (const frame of (await this.#copy?.frames(this.version, this.epoch)) ?? []) this.#show(frame);
    } catch (error) {
      this.#copy?.renew();
      reportError(error);
    }
  }

  /** Return the server's canvas; offline, a partial page takes the last one kept. */
  async #whole() {
    const fetched = this.#canvas.fetch();
    this.#unkept = globalThis.navigator?.serviceWorker ? fetched : null;
    const whole = await fetched;
    if (whole) {
      if (this.#copy) this.#keepUnkept().catch(() => {});
      if (!this.#isPartial) this.#copy?.renew();
      return { ...whole, isKept: false };
    }
    const answer = this.#isPartial ? ((await this.#copy?.canvas()) ?? null) : null;
    const html = answer && positionOf(answer)[0] >= this.version ? await answer.text().catch(() => null) : null;
    if (html === null) throw new NoCanvas();
    return { html, answer, isKept: true };
  }

  /** Apply the frames that waited; fetch again if a snapshot among them is ahead. */
  #applyQueued() {
    const queued = this.#queued ?? [];
    this.#setQueue(null);
    const isAhead = queued.some(({ type, version }) => type === "snapshot" && version > this.version);
    if (isAhead) this.fetch();
    else for (const frame of queued) if (frame.type === "apply_changes") this.take(frame);
  }

  #setQueue(frames) {
    this.#queued = frames;
    this.dispatchEvent(new Event("fetching"));
  }

  #setPosition(version, epoch, digest) {
    this.version = version;
    this.epoch = epoch;
    this.digest = digest;
  }

  #emit(frame) {
    this.dispatchEvent(new CustomEvent("patched", { detail: frame }));
  }
}

/** The canvas could not be fetched now. */
class NoCanvas extends Error {}

/** Return a response's version, epoch and digest. */
function positionOf({ headers }) {
  return [Number(headers.get("X-Helix-Version")), headers.get("X-Helix-Epoch"), headers.get("X-Helix-Digest")];
}

/** Fetches the whole canvas over HTTP, all of it or nothing. However long that takes, it waits as long as something arrives. */
class CanvasFetch {
  #url;
  #waiting = new AbortController();
  #timer = 0;

  /** @param {string} url */
  constructor(url) {
    this.#url = url;
  }

  /** Stop waiting. */
  abort() {
    this.#waiting.abort();
  }

  /** @returns {Promise<{html: string, answer: Response}|null>} `answer`: a clone, to be kept; null on failure */
  async fetch() {
    this.#waiting = new AbortController();
    this.#wait();
    try {
      const answer = await fetch(this.#url, { headers: { Accept: "text/html" }, cache: "no-store", redirect: "error", signal: this.#waiting.signal });
      if (!answer.ok || !answer.headers.has("X-Helix-Version")) return null;
      const copy = answer.clone();
      return { html: await this.#text(answer.body), answer: copy };
    } catch {
      return null;
    } finally {
      clearTimeout(this.#timer);
    }
  }

  /** @param {ReadableStream<Uint8Array>} body */
  async #text(body) {
    const [reader, decoder] = [body.getReader(), new TextDecoder()];
    let text = "";
    for (let part = await reader.read(); !part.done; part = await reader.read()) {
      this.#wait();
      text += decoder.decode(part.value, { stream: true });
    }
    return text + decoder.decode();
  }

  #wait() {
    clearTimeout(this.#timer);
    const waiting = this.#waiting;
    this.#timer = setTimeout(() => waiting.abort(), FETCH_TIMEOUT_MS);
  }
}
