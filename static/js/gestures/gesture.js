/**
 * What the gestures have in common: something is pressed, moved and let go, and whatever it showed meanwhile is taken away.
 *
 * What it holds on to may vanish at any time, by somebody else's edit or by one's own. Then it is cancelled: it needs only say
 * whether all is still there.
 *
 * @typedef {{name: string, drifts?: boolean, isAlive?: boolean, start?(): void, move?(event: PointerEvent): void,
 *   end?(event: PointerEvent): void, cancel?(): void, release?(): void}} Gesture `drifts`: near the border of the canvas the view
 *   moves on now; `isAlive`: what it works on is still there; `end` does it, `cancel` takes back what it did on the way, and after
 *   either `release` takes away what it showed
 */

/** End or cancel a gesture; nothing of it stays, even if that fails. @param {Gesture} gesture @param {"end"|"cancel"} how @param {PointerEvent} [event] */
export function conclude(gesture, how, event) {
  try {
    gesture[how]?.(event);
  } finally {
    gesture.release?.();
  }
}

/** Whether nothing snaps to the grid: by a person's preference, or while Ctrl is held. @param {PointerEvent} event @param {HTMLElement} root */
export const isOffGrid = ({ ctrlKey, metaKey }, root) => ctrlKey || metaKey || "noSnap" in root.dataset;

/** Ignore the click that a browser sends after a drag. */
export function ignoreClick() {
  const ignore = (event) => event.stopPropagation();
  addEventListener("click", ignore, { capture: true, once: true });
  setTimeout(() => removeEventListener("click", ignore, { capture: true }));
}

/** Ignore the press that a browser makes of a lifted finger: it would hit what a long press has just opened. */
export function ignoreLift() {
  const over = new AbortController();
  const { signal } = over;
  addEventListener("touchend", (event) => (event.preventDefault(), over.abort()), { capture: true, passive: false, signal });
  addEventListener("touchcancel", () => over.abort(), { capture: true, signal });
}
