/** At which version I last stood in each flow, on this device: numbers, nothing of the flows. */

const STORE = "helix.seen";
const MOST_FLOWS = 200;

export class LastSeen {
  #place;

  /** @param {{user: string, flow: string}} owner */
  constructor({ user, flow }) {
    this.#place = `${user} ${flow}`;
  }

  /** @returns {number|null} */
  get version() {
    return read()[this.#place] ?? null;
  }

  set version(version) {
    const { [this.#place]: _, ...others } = read();
    const kept = [...Object.entries(others), [this.#place, version]].slice(-MOST_FLOWS);
    try {
      localStorage.setItem(STORE, JSON.stringify(Object.fromEntries(kept)));
    } catch {
      // Nothing can be kept here: then a return is asked about from the page's own version on.
    }
  }
}

function read() {
  try {
    return JSON.parse(localStorage.getItem(STORE)) ?? {};
  } catch {
    return {};
  }
}
