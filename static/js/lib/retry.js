/** When to come back after a lost connection, and when not to: pure, so that every close code is tested. */

const FIRST_MS = 250;
export const MOST_MS = 15_000;

/** Full jitter: anything from the first to the doubled ceiling, so that a thousand clients do not return together. */
export function delay(attempt, random = Math.random) {
  return FIRST_MS + random() * (Math.min(MOST_MS, FIRST_MS * 2 ** Math.min(attempt + 1, 10)) - FIRST_MS);
}

/**
 * What a close code asks of us.
 * @returns {"retry"|"spread"|"stop"|"sleep"} spread: after a random delay up to the most; sleep: at the next input
 */
export function verdict(code) {
  switch (code) {
    case 4400: case 4401: case 4403: case 4404: case 4409:
      return "stop";
    case 4410:
      return "sleep";
    case 4412: case 4429: case 4503:
      return "spread";
    default:
      return "retry";
  }
}
