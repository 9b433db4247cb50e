/** Makes small elements. Words are only ever text, so nothing that a person wrote can become markup. */

const SVG = "http://www.w3.org/2000/svg";

/**
 * @param {string} name tag and classes: `div.outline`
 * @param {Record<string, string|boolean|null>} [attributes] false and null leave one out
 * @param {...(Node|string)} children
 */
export function make(name, attributes = {}, ...children) {
  const [tag, ...classes] = name.split(".");
  const element = document.createElement(tag);
  if (classes.length) element.className = classes.join(" ");
  for (const [key, value] of Object.entries(attributes)) if (value !== false && value !== null) element.setAttribute(key, value === true ? "" : value);
  element.append(...children);
  return element;
}

/** An icon of the vendored set, silent to a screen reader. */
export function icon(name) {
  const [svg, use] = [document.createElementNS(SVG, "svg"), document.createElementNS(SVG, "use")];
  svg.setAttribute("class", "icon");
  svg.setAttribute("aria-hidden", "true");
  use.setAttribute("href", `${document.documentElement.dataset.icons}#${name}`);
  svg.append(use);
  return svg;
}

/**
 * Put elements into their places among a parent's children, which are in order; the focus stays where it is.
 * @param {Element} parent @param {Iterable<Element>} elements @param {(one: Element, other: Element) => number} compare
 */
export function arrange(parent, elements, compare) {
  const moving = new Set(elements);
  const settled = [...parent.children].filter((child) => !moving.has(child));
  const focused = document.activeElement;
  let next = null;
  for (const element of [...moving].sort(compare).reverse()) {
    while (settled.length && compare(settled.at(-1), element) > 0) next = settled.pop();
    if (element.parentNode !== parent || element.nextElementSibling !== next) parent.insertBefore(element, next);
    next = element;
  }
  if (focused !== document.activeElement && focused.isConnected) focused.focus({ preventScroll: true });
}
