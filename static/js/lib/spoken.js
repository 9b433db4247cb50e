/** What somebody hears who cannot see the canvas, in the same words as the server draws it. */

const LONGEST = 80;

const short = (label) => [...label].slice(0, LONGEST).join("");

/** @param {{label: string, title: string, state?: string}} node its kind's title, and "off" */
export const nodeName = ({ label, title, state = "" }) => [short(label), title, state].filter(Boolean).join(", ");

/** @param {string[]} labels of its ends */
export const edgeName = (labels) => labels.map(short).join(" → ");
