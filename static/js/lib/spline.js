/**
 * Smooth a stream of late, uneven points: show them a little behind, on a Catmull-Rom curve through the last samples.
 * Used for other people's cursors and drags, at most 300 ms behind.
 */

import { clamp } from "./geometry.js";

const MAX_POINTS = 6;
const MIN_LAG_MS = 60;
const MAX_LAG_MS = 300;

export class Spline {
  /** @type {{at: number, x: number, y: number}[]} */
  #points = [];
  #lag = 100;

  /** @param {number} at ms */
  add(at, x, y) {
    const last = this.#points.at(-1);
    if (last && at - last.at > 1000) this.#points = [{ ...last, at: at - this.#lag }];
    else if (last) this.#lag += (clamp((at - last.at) * 1.5, MIN_LAG_MS, MAX_LAG_MS) - this.#lag) / 4;
    this.#points.push({ at, x, y });
    if (this.#points.length > MAX_POINTS) this.#points.shift();
  }

  /** @returns {{x: number, y: number, still: boolean}|null} where to show it at `now` */
  at(now) {
    const points = this.#points;
    if (!points.length) return null;
    const moment = now - this.#lag;
    const after = points.findIndex((point) => point.at > moment);
    if (after === -1) return { ...pick(points.at(-1)), still: true };
    if (after === 0) return { ...pick(points[0]), still: false };
    const [a, b] = [points[after - 1], points[after]];
    const before = points[after - 2] ?? a;
    const next = points[after + 1] ?? b;
    const t = (moment - a.at) / Math.max(1, b.at - a.at);
    return { x: curve(before.x, a.x, b.x, next.x, t), y: curve(before.y, a.y, b.y, next.y, t), still: false };
  }
}

const pick = ({ x, y }) => ({ x, y });

function curve(p0, p1, p2, p3, t) {
  const low = Math.min(p1, p2);
  const high = Math.max(p1, p2);
  const value =
    0.5 * (2 * p1 + (p2 - p0) * t + (2 * p0 - 5 * p1 + 4 * p2 - p3) * t * t + (3 * p1 - p0 - 3 * p2 + p3) * t ** 3);
  // Overshoot would show a pointer where it never was.
  return clamp(value, low, high);
}
