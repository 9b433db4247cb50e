/** In which order notes can be acted on: what brings an element back comes before what is to be done to that. */

/** @param {Iterable<{put?: object}>} notes @returns {object[]} otherwise as they were */
export function inOrder(notes) {
  const all = [...notes];
  const bringers = new Map(all.flatMap((note) => added(note).map((id) => [id, note])));
  const ordered = new Set();
  for (const note of all) {
    for (const id of needed(note)) if (bringers.has(id)) ordered.add(bringers.get(id));
    ordered.add(note);
  }
  return [...ordered];
}

const singles = ({ put }) => put?.operations ?? (put ? [put] : []);

/** Only what was deleted is brought back; what was never there brings itself. */
const added = (note) => (note.isReturn ? singles(note).flatMap(({ node, edge }) => node?.id ?? edge?.id ?? []) : []);

function needed(note) {
  const ids = singles(note).flatMap(({ id, node, edge, set }) => [id, edge?.source, edge?.target, (node ?? set)?.parent]);
  return note.isReturn ? [] : ids.filter(Boolean);
}
