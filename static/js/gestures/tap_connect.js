/** Connect by two taps: a port, then the target. It glows meanwhile as in a drag; Esc or a tap on nothing ends it. */

export class Linking {
  #connect = null;

  /** @param {import("./connect.js").Connect} connect */
  begin(connect) {
    this.cancel();
    this.#connect = connect;
    connect.start();
  }

  /** @param {PointerEvent} event @returns {boolean} whether the tap was for us */
  tap(event, hit) {
    const connect = this.#connect;
    if (!connect) return false;
    if (hit.node) connect.end(event);
    else connect.cancel();
    this.#connect = null;
    return true;
  }

  move(event) {
    this.#connect?.move(event);
  }

  cancel() {
    const was = this.#connect;
    this.#connect = null;
    was?.cancel();
    return Boolean(was);
  }
}
