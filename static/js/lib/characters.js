/** Text as the server counts it: in characters, where browsers count the halves of those that are not in the first plane. */

/** @param {string} text */
export const characters = (text) => Array.from(text).length;
