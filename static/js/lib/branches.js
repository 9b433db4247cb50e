/** The outputs of a decision, as `flows/document/ports.py` has them: one for each branch, and `default`. */

/** @param {unknown} branches the setting @returns {string[]} from top to bottom */
export function branchPorts(branches) {
  return Array.isArray(branches) ? [...new Set([...branches.map(String), "default"])] : ["default"];
}
