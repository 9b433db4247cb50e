/**
 * A flow's whole canvas over HTTP: all of it, or none. It may break off at any moment, or come to a halt: then there is none for
 * now. However long it takes, it is waited for as long as something comes.
 */

const PATIENCE_MS = 20_000;

export class Canvas {
  #url;
  #waiting = new AbortController();
  #patience = 0;

  /** @param {string} url */
  constructor(url) {
    this.#url = url;
  }

  /** Wait no more. */
  abort() {
    this.#waiting.abort();
  }

  /** @returns {Promise<{html: string, answer: Response}|null>} `answer`: the same once more, to be kept; null when none could be had */
  async fetch() {
    this.#waiting = new AbortController();
    this.#wait();
    try {
      const answer = await fetch(this.#url, { headers: { Accept: "text/html" }, cache: "no-store", redirect: "error", signal: this.#waiting.signal });
      if (!answer.ok || !answer.headers.has("X-Helix-Version")) return null;
      const again = answer.clone();
      return { html: await this.#text(answer.body), answer: again };
    } catch {
      return null;
    } finally {
      clearTimeout(this.#patience);
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
    clearTimeout(this.#patience);
    const waiting = this.#waiting;
    this.#patience = setTimeout(() => waiting.abort(), PATIENCE_MS);
  }
}
