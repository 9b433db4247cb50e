/** The axis of a timeline. Pure. */

const STEPS = [100, 200, 500, 1_000, 2_000, 5_000, 10_000, 20_000, 30_000, 60_000, 120_000, 300_000, 600_000, 1_800_000, 3_600_000, 7_200_000, 21_600_000, 43_200_000, 86_400_000];
/** How wide a tick and its text are, in px. */
const TICK = 72;
/** Room at the right for what is written after the last bar. */
const ROOM = 1.3;

/** @param {number} length of the run so far, in ms @param {number} [width] of the axis, in px @returns {{span: number, step: number, ticks: number[]}} what the axis covers and where it is marked */
export function axis(length, width = 640) {
  const span = Math.max(500, length * ROOM);
  const step = STEPS.find((one) => span / one <= width / TICK) ?? STEPS.at(-1);
  const ticks = Array.from({ length: Math.floor(span / step) + 1 }, (_, at) => at * step);
  return { span, step, ticks };
}

/** How long something takes so far, in the words of the server. @param {number} ms @param {import("../lib/texts.js").Texts} texts */
export function lengthText(ms, texts) {
  if (ms < 59_950) return tickText(ms, 500, texts);
  const seconds = Math.round(ms / 1_000);
  const [hours, minutes] = [Math.floor(seconds / 3_600), Math.floor(seconds / 60) % 60];
  const parts = hours ? { hours, minutes } : { minutes, seconds: seconds % 60 };
  return Object.entries(parts).map(([unit, count]) => texts.say(unit, { count })).join(" ");
}

/** A time in the unit that suits its steps. @param {number} ms @param {number} step between two ticks @param {import("../lib/texts.js").Texts} texts */
export function tickText(ms, step, texts) {
  if (step < 60_000) return texts.say("seconds", { count: Math.round(ms / (step < 1_000 ? 100 : 1_000)) / (step < 1_000 ? 10 : 1) });
  return step < 3_600_000 ? texts.say("minutes", { count: Math.round(ms / 60_000) }) : texts.say("hours", { count: Math.round(ms / 360_000) / 10 });
}
