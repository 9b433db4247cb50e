/** Keys: what a person means by one on any layout, and how it is called. */

export const isMac = /Mac|iP(hone|ad)/.test(globalThis.navigator?.platform ?? "");

/** Neither ASCII nor a Latin letter: the layout has other letters, and these keys are known by their place. */
const FOREIGN = /^[^\p{ASCII}\p{Script=Latin}]$/u;
const SIGNS = { Slash: ["/", "?"], Minus: ["-", "_"], Equal: ["=", "+"] };

/** The key by its character, in lower case; by its place where the layout has no such character. @param {KeyboardEvent} event */
export function keyOf({ key, code = "", shiftKey = false }) {
  if (key.length !== 1) return key;
  return placed(key, code, shiftKey) ?? key.toLowerCase();
}

function placed(key, code, isShifted) {
  const [, letter, digit] = code.match(/^(?:Key([A-Z])|Digit(\d))$/) ?? [];
  // The top row of a French or Czech keyboard has accented letters.
  if (digit && !isShifted && /^\P{ASCII}$/u.test(key)) return digit;
  if (!FOREIGN.test(key)) return undefined;
  return letter?.toLowerCase() ?? SIGNS[code]?.[Number(isShifted)];
}

/**
 * Say which keys to press.
 * @param {import("./texts.js").Texts} texts @param {...string} keys "Mod" is Ctrl, or ⌘ on a Mac
 */
export function spelled(texts, ...keys) {
  return keys.map((key) => called(texts, key)).join("+").replace("⌘+", "⌘");
}

function called(texts, key) {
  if (key === "Mod") return isMac ? "⌘" : texts.say("key_ctrl");
  return NAMED.includes(key) ? texts.say(`key_${key.toLowerCase()}`) : key;
}

const NAMED = ["Shift", "Del", "Enter"];
