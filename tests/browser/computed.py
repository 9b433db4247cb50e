"""What the browser computes of how a page looks, for tests that hold it against the tokens of the sheets."""

from tests.browser.editor_page import EditorPage

Row = tuple[str, str, str]
"""A selector, a property, and what it should be, written as in a sheet."""

# What of the table is otherwise: each row with what the page has, and what it should.
DIFFERING = """(rows) => {
  const probe = document.body.appendChild(document.createElement("span"));
  const read = (element, property) => getComputedStyle(element).getPropertyValue(property);
  const wanted = (property, value) => {
    probe.style.cssText = "";
    probe.style.setProperty(property, value);
    return read(probe, property);
  };
  const found = rows.flatMap(([selector, property, value]) => {
    const element = document.querySelector(selector);
    const [is, should] = [element ? read(element, property) : "not there", wanted(property, value)];
    return is === should ? [] : [`${selector} ${property}: ${is}, not ${should}`];
  });
  probe.remove();
  return found;
}"""
# The colours of all custom properties that are one, as red, green, blue and opacity from 0 to 1.
TOKENS = """() => {
  const rules = [...document.styleSheets].flatMap((sheet) => [...sheet.cssRules]);
  const names = rules.filter((rule) => rule.selectorText === ":root").flatMap((rule) => [...rule.style]);
  const probe = document.body.appendChild(document.createElement("span"));
  const context = document.createElement("canvas").getContext("2d", {willReadFrequently: true});
  const colours = {};
  for (const name of new Set(names)) {
    if (!CSS.supports("color", getComputedStyle(document.documentElement).getPropertyValue(name))) continue;
    probe.style.color = `var(${name})`;
    context.clearRect(0, 0, 1, 1);
    context.fillStyle = getComputedStyle(probe).color;
    context.fillRect(0, 0, 1, 1);
    colours[name] = [...context.getImageData(0, 0, 1, 1).data].map((part) => part / 255);
  }
  probe.remove();
  return colours;
}"""
# What of the chrome has a colour that is none of these tokens', but for what says something by it.
STRAY = """([chrome, tokens, says]) => {
  const probe = document.body.appendChild(document.createElement("span"));
  const known = new Set(["rgba(0, 0, 0, 0)"]);
  for (const token of tokens) {
    probe.style.color = `var(${token})`;
    known.add(getComputedStyle(probe).color);
  }
  probe.remove();
  const writes = (one) => [...one.childNodes].some((node) => node.nodeType === 3 && node.data.trim());
  const colours = (one) => {
    const style = getComputedStyle(one);
    const lines = ["top", "right", "bottom", "left"].map((side) => `border-${side}`);
    const seen = lines.filter((line) => style.getPropertyValue(`${line}-width`) !== "0px");
    const names = ["background-color", ...seen.map((line) => `${line}-color`)];
    if (writes(one) || one.matches("svg, input, textarea, select")) names.push("color");
    return names.map((name) => [name, style.getPropertyValue(name)]);
  };
  const all = [...document.querySelectorAll(`:is(${chrome}), :is(${chrome}) *`)];
  const seen = all.filter((one) => one.checkVisibility() && !one.matches(says));
  return seen.flatMap((one) => colours(one)
    .filter(([, colour]) => !known.has(colour))
    .map(([name, colour]) => `${one.localName}.${one.classList} ${name} ${colour}`));
}"""
# All steps of space of such parts: gaps, margins, and padding.
STEPS = """(selectors) => selectors.flatMap((selector) => {
  const all = [...document.querySelectorAll(selector)].filter((one) => one.checkVisibility());
  if (!all.length) throw new Error(`${selector} is not to be seen`);
  const sides = ["top", "right", "bottom", "left"];
  const names = ["row-gap", "column-gap", ...sides.flatMap((side) => [`margin-${side}`, `padding-${side}`])];
  return all.flatMap((one) => names.map((name) => [selector, name, parseFloat(getComputedStyle(one)[name]) || 0]));
})"""
# Sizes of text in the chrome, each with what has it.
WRITTEN = """([chrome, small]) => {
  const writes = (one) => [...one.childNodes].some((node) => node.nodeType === 3 && node.data.trim());
  const all = [...document.querySelectorAll(`:is(${chrome}), :is(${chrome}) *`)].filter((one) => one.checkVisibility());
  return all.filter((one) => (writes(one) || one.matches("input, textarea, select")) && !one.matches(small))
    .map((one) => [`${one.localName}.${one.classList}`, parseFloat(getComputedStyle(one).fontSize)]);
}"""
# Widths of all lines around the parts of the page.
LINES = """() => [...document.querySelectorAll("#editor *")].flatMap((one) => {
  const style = getComputedStyle(one);
  const widths = ["top", "right", "bottom", "left"].map((side) => style.getPropertyValue(`border-${side}-width`));
  return one.checkVisibility() && !one.matches(".port, .handle") ? widths : [];
})"""


def differing(tab: EditorPage, rows: list[Row]) -> list[str]:
    """Return what is otherwise: each with what the page has, and what it should, as a probe in it computes that."""
    found: list[str] = tab.page.evaluate(DIFFERING, rows)
    return found
