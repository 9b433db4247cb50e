"""The copies of pages that a device keeps, and what is left to open without network."""

from playwright.sync_api import BrowserContext, Page, expect

from tests.browser.api import Api
from tests.browser.editor_page import EditorPage

NODES = [
    {"id": "a", "kind": "agent", "x": 0, "y": 0, "label": "Plan"},
    {"id": "b", "kind": "skill", "x": 300, "y": 160, "label": "Search"},
]
CONTROLLED = """() => navigator.serviceWorker.controller
  || new Promise((resolve) => navigator.serviceWorker.addEventListener("controllerchange", resolve))"""
COPIED = """async ([path, release]) => {
  for (const end = Date.now() + 60_000; Date.now() < end;) {
    const copy = await caches.match(path);
    const found = copy?.headers.get("X-Helix-Release");
    if (copy && (!release || found === release)) return found;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  const worker = navigator.serviceWorker.controller?.state;
  throw new Error(`no copy of ${path}, worker ${worker}, kept ${await caches.keys()}`);
}"""
KEPT = """async () => {
  const pages = (await caches.keys()).filter((name) => name.startsWith("pages-"));
  const found = await Promise.all(pages.map(async (name) => (await caches.open(name)).keys()));
  const opening = indexedDB.open("helix");
  await new Promise((resolve) => { opening.onsuccess = resolve });
  const database = opening.result;
  const count = (store) => new Promise((resolve) => {
    database.transaction(store).objectStore(store).count().onsuccess = (event) => resolve(event.target.result);
  });
  const ofFlows = found.flat().filter(({url}) => /flows\\/[0-9a-f-]{36}/.test(url));
  const kept = {pages: ofFlows.length, frames: await count("frames"), entries: await count("entries")};
  database.close();
  return kept;
}"""


def new_flow(context: BrowserContext, title: str = "Drawn on the train") -> str:
    return str(Api(context).call("POST", "/flows", {"title": title, "nodes": NODES})["id"])


def copied(context: BrowserContext, flow: str) -> EditorPage:
    """A flow opened while there is network: it is live, and its copy is there."""
    tab = EditorPage(context, flow).live()
    tab.page.evaluate(COPIED, [f"/flows/{flow}/", None])
    return tab


def nothing_but(page: Page, *titles: str) -> None:
    """The page says that there is no connection, and which flows open all the same."""
    expect(page.get_by_role("heading", name="No connection")).to_be_visible()
    expect(page.locator("[data-kept] a")).to_have_text(list(titles))
    expect(page.locator("[data-none]")).to_be_visible(visible=not titles)


def expect_nothing_kept(page: Page) -> None:
    """Wait until no page of a flow and no frame is kept."""
    expect_kept = f"""async () => {{
      for (const end = Date.now() + 60_000; Date.now() < end;) {{
        const kept = await ({KEPT})();
        if (!kept.frames && !kept.pages) return;
        await new Promise((resolve) => setTimeout(resolve, 20));
      }}
      throw new Error("something is left");
    }}"""
    page.evaluate(expect_kept)
