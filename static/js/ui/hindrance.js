/** Why nothing can be edited now, in words. */

const TEXTS = { ended: "ended", role: "read_only", full: "no_room", unkept: "unkept_offline" };

/** @param {{session: import("../sync/session.js").LiveSession, texts: import("../lib/texts.js").Texts}} editor @returns {string} empty when something can */
export const hindranceText = ({ session, texts }) => (session.readOnlyReason ? texts.say(TEXTS[session.readOnlyReason]) : "");
