/** How a session stands: in which role I am here, whether there is a connection, and whether an edit can be made now. */

const EDITS = ["owner", "editor"];

export class Standing extends EventTarget {
  role;
  /** @type {import("./socket.js").Socket} */
  socket;
  /** @type {import("./outbox.js").Outbox} */
  outbox;
  /** @type {import("../offline/device.js").Device} */
  device;

  /**
   * Why nothing can be edited now: an edit is taken only if it could be kept and ever be sent.
   * @returns {"ended"|"role"|"full"|"unkept"|null} `full`: of what waits; `unkept`: no connection, and a device that keeps nothing
   */
  get hindrance() {
    if (this.isOver) return "ended";
    if (!EDITS.includes(this.role)) return "role";
    if (this.outbox.isFull) return "full";
    return this.isAway && !this.device.isKeeping ? "unkept" : null;
  }

  /** Whether it is known all that earlier pages left on this device: before that, nothing is called saved. */
  get isKnown() {
    return this.outbox.isReady && this.device.unread.size === 0;
  }

  get mayEdit() {
    return this.hindrance === null;
  }

  /** The server closed with a code after which nobody tries again. */
  get isOver() {
    return this.socket.state === "stopped";
  }

  /** Without a connection, and not just about to have one. */
  get isAway() {
    const { state, attempt } = this.socket;
    return state !== "open" && (state !== "connecting" || attempt > 0);
  }

  /** @returns {"live"|"connecting"|"offline"|"read-only"} */
  get connection() {
    if (this.socket.state === "open") return this.mayEdit ? "live" : "read-only";
    return this.isAway ? "offline" : "connecting";
  }
}
