/** Draw an edge between where and what its nodes are now, and make the element of one the server has not rendered yet. */

import { edgePath } from "../lib/curve.js";
import { edgeName } from "../lib/texts.js";

const SVG = "http://www.w3.org/2000/svg";

/** @param {import("./graph.js").EdgeRecord} edge @param {import("./graph.js").Graph} graph */
export function draw(edge, graph) {
  const [source, target] = [shape(graph, edge.source), shape(graph, edge.target)];
  if (!source || !target) return;
  const curve = edgePath(source, edge.sourcePort, target, edge.targetPort);
  trace(edge.element, curve);
  const ends = [edge.source, edge.target].map((id) => graph.nodes.get(id));
  speak(edge, ends.map(({ label }) => label));
  dim(edge, !ends.every(({ enabled }) => enabled));
  if (edge.label) edge.label.style.transform = `translate(${curve.middle[0]}px, ${curve.middle[1]}px) translate(-50%, -50%)`;
}

/** An edge is named by its ends, also when they get another name. */
function speak(edge, labels) {
  if (edge.spoken?.[0] === labels[0] && edge.spoken[1] === labels[1]) return;
  edge.spoken = labels;
  edge.element.setAttribute("aria-label", edgeName(labels));
}

/** It is dotted while an end is off. */
function dim({ element }, isOff) {
  if (element.hasAttribute("data-disabled") !== isOff) element.toggleAttribute("data-disabled", isOff);
}

/** A node as the curve wants it: where it is drawn now. */
export function shape(graph, id) {
  const record = graph.nodes.get(id);
  return record && { ...graph.rect(id), kind: record.kind, outputs: record.outputs };
}

/** @param {SVGGElement} element */
export function trace(element, { d, arrow }) {
  for (const path of element.children) path.setAttribute("d", path.classList.contains("edge-arrow") ? arrow : d);
}

/** @param {{id?: string, source?: string, target?: string, source_port?: string, target_port?: string}} edge */
export function blankEdge(edge) {
  const element = document.createElementNS(SVG, "g");
  const { id, source, target, source_port: sourcePort, target_port: targetPort } = edge;
  if (id) Object.assign(element.dataset, { edgeId: id, source, target, sourcePort, targetPort, label: "" });
  if (id) element.id = `e-${id}`;
  element.setAttribute("role", "img");
  for (const part of ["edge-hit", "edge-line", "edge-arrow"]) {
    const path = document.createElementNS(SVG, "path");
    path.setAttribute("class", part);
    element.append(path);
  }
  return element;
}
