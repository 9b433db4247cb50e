"""One page that holds both tools; `read` asks one what it sees."""

from pathlib import Path
from typing import TYPE_CHECKING, TypedDict, cast

if TYPE_CHECKING:
    from playwright.sync_api import Browser

MODULES = Path(__file__).parent / "node_modules"
SCRIPTS = MODULES / "mermaid/dist/mermaid.min.js", MODULES / "@viz-js/viz/dist/viz-global.js"
MERMAID = """async text => {
  try {
    const {db} = await mermaid.mermaidAPI.getDiagramFromText(text);
    if (!db.getVertices || !db.getSubGraphs) return {error: "no flowchart"};
    const shown = (label, type) => {
      const marks = type === "markdown" ? /[*_]{1,3}/g : /\\bfa[a-z]{0,2}:fa-[\\w-]+\\s*/g;
      const said = (label ?? "").replace(marks, "");
      const safe = said.replace(/ﬂ°°(\\w+)¶ß/g, (_, code) => `&#${code};`).replace(/ﬂ°(\\w+)¶ß/g, "&$1;");
      const page = new DOMParser().parseFromString(safe.replace(/<br\\s*\\/?>|\\\\n|\\n/gi, "\\u0001"), "text/html");
      return page.body.textContent.replaceAll("\\u0001", "\\n");
    };
    const groups = db.getSubGraphs();
    const ids = new Set(groups.map(one => one.id));
    return {
      nodes: [...db.getVertices().values()].filter(one => !ids.has(one.id)).map(one => shown(one.text, one.labelType)),
      edges: db.getEdges().filter(one => one.stroke !== "invisible").map(one => [
        one.start, one.end, shown(one.text, one.labelType)]),
      groups: groups.map(one => shown(one.title, one.labelType)),
    };
  } catch (error) { return {error: String(error.message ?? error)}; }
}"""
GRAPHVIZ = """async text => {
  try {
    const result = (await Viz.instance()).render(text, {format: "json", engine: "dot"});
    if (!result.output) return {error: result.errors.map(one => one.message).join("\\n") || "nothing"};
    const graph = JSON.parse(result.output);
    const drawn = one => one._ldraw_.filter(part => part.op === "T").map(part => part.text);
    const escape = (_, mark) => mark === "n" ? "\\n" : mark;
    const written = one => (one.label ?? "").replaceAll("&amp;", "&").replace(/\\\\(.)/g, escape);
    const shown = one => one._ldraw_ ? drawn(one).join("\\n").replaceAll("\\\\\\\\", "\\\\") : "";
    const objects = graph.objects ?? [];
    const nodes = objects.filter(one => !("nodes" in one || "subgraphs" in one || "edges" in one || "bb" in one));
    return {
      nodes: nodes.map(shown),
      edges: (graph.edges ?? []).map(one => [objects[one.tail].name, objects[one.head].name, shown(one)]),
      groups: objects.filter(one => "bb" in one).map(written),
    };
  } catch (error) { return {error: String(error.message ?? error)}; }
}"""


class Seen(TypedDict, total=False):
    """What a tool sees: labels of nodes and groups, ends and labels of edges; or why it refuses."""

    nodes: list[str]
    edges: list[list[str]]
    groups: list[str]
    error: str


class Tools:
    """Mermaid and Graphviz in one page of a browser."""

    def __init__(self, browser: "Browser") -> None:
        self._page = browser.new_page()
        self._page.route("**", lambda route: route.fulfill(body="<!doctype html>", content_type="text/html"))
        self._page.goto("http://reference.test/")  # Graphviz wants an address to be at; nothing is fetched
        for script in SCRIPTS:
            self._page.add_script_tag(path=script)
        self._page.evaluate("mermaid.initialize({startOnLoad: false, maxTextSize: 1e7, maxEdges: 1e6})")

    def read(self, format: str, text: str) -> Seen:
        """Return what the tool of a format sees in a text."""
        return cast(Seen, self._page.evaluate(MERMAID if format == "mermaid" else GRAPHVIZ, text))
