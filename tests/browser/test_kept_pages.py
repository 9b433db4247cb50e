"""Whose pages a device keeps, how many, and for how long: one person's, and none once they have logged out."""

import json

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import WINDOW, Context, Device
from tests.browser.copies import COPIED, KEPT, copied, expect_nothing_kept, new_flow, nothing_but
from tests.browser.editor_page import EditorPage, wait_until
from tests.browser.panel import lost
from tests.proxy import Proxy
from tests.servers import Server

INSTALLED = """async (files) => {
  if (!(await caches.has(files))) return false;
  const { installing, waiting } = await navigator.serviceWorker.getRegistration();
  return !installing && Boolean(waiting);
}"""
"""Whether the worker of a release has its files and waits for the last page to be closed."""

# Logging out.


def test_logging_out_leaves_nothing(device: Device, network: Proxy) -> None:
    context = device("alice")
    flow = new_flow(context)
    tab = copied(context, flow)
    tab.add("agent", "Added here", (600, 500)).settled()
    assert tab.page.evaluate(KEPT)["frames"] > 0
    tab.page.goto("/")

    tab.page.locator(".avatar-ring").click()
    tab.page.get_by_role("button", name="Log out").click()

    expect(tab.page.get_by_role("heading", name="Log in")).to_be_visible()
    assert tab.page.evaluate(KEPT) == {"pages": 0, "frames": 0, "entries": 0}
    lost(network)
    tab.page.goto(f"/flows/{flow}/")
    nothing_but(tab.page)


def test_logging_out_without_a_worker_leaves_nothing_either(device: Device) -> None:
    context = device("alice")
    tab = copied(context, new_flow(context))
    tab.add("agent", "Added here", (600, 500)).settled()
    tab.page.evaluate("navigator.serviceWorker.ready.then((registration) => registration.unregister())")
    context.add_init_script("delete Navigator.prototype.serviceWorker")
    tab.page.goto("/")

    tab.page.locator(".avatar-ring").click()
    tab.page.get_by_role("button", name="Log out").click()

    expect(tab.page.get_by_role("heading", name="Log in")).to_be_visible()
    expect_nothing_kept(tab.page)


def test_logging_out_without_network_clears_the_device(device: Device, network: Proxy) -> None:
    context = device("alice")
    tab = copied(context, new_flow(context))
    tab.page.goto("/")
    lost(network)

    tab.page.locator(".avatar-ring").click()
    tab.page.get_by_role("button", name="Log out").click()

    nothing_but(tab.page)
    assert tab.page.evaluate(KEPT)["pages"] == 0


# Somebody else.


def test_nobody_finds_the_pages_of_who_was_here_before(device: Device, network: Proxy) -> None:
    context, other = device("alice"), device("bob")
    flow = new_flow(context)
    tab = copied(context, flow)
    tab.add("agent", "Hers alone", (600, 500)).settled()
    wait_until(tab.page, f"async () => !(await ({KEPT})()).entries")
    tab.page.close()
    context.add_cookies(other.cookies())  # type: ignore[arg-type]
    page = context.new_page()

    page.goto("/")

    assert page.evaluate(KEPT) == {"pages": 0, "frames": 0, "entries": 0}
    lost(network)
    page.goto(f"/flows/{flow}/")
    nothing_but(page)


@pytest.mark.parametrize("is_open", [True, False], ids=["open", "closed"])
def test_who_may_not_see_a_flow_any_more_keeps_no_copy(device: Device, network: Proxy, is_open: bool) -> None:
    alice, bob = device("alice"), device("bob")
    flow = new_flow(alice)
    owner = EditorPage(alice, flow).live()
    member = owner.call("POST", f"/flows/{flow}/members", {"email": "bob@example.com", "role": "editor"})["id"]
    tab = copied(bob, flow)
    if not is_open:
        tab.page.goto("/")

    owner.call("DELETE", f"/flows/{flow}/members/{member}")

    if is_open:
        expect(tab.root).to_have_attribute("data-connection", "offline")
    else:
        assert tab.page.goto(f"/flows/{flow}/").status == 404  # type: ignore[union-attr]
    expect_nothing_kept(tab.page)
    lost(network)
    tab.page.goto(f"/flows/{flow}/")
    nothing_but(tab.page)


# How many, and how old.


def test_the_last_fifty_flows_are_kept(device: Device, network: Proxy) -> None:
    context = device("alice")
    tab = copied(context, new_flow(context, "Flow 0"))
    for number in range(1, 51):
        flow = tab.call("POST", "/flows", {"title": f"Flow {number}"})["id"]
        tab.page.evaluate("(path) => fetch(path).then(({ok}) => ok)", f"/flows/{flow}/")
    lost(network)
    tab.page.goto("/")
    nothing_but(tab.page, *(f"Flow {number}" for number in range(50, 0, -1)))


def test_a_page_that_is_older_than_the_login_still_counts(device: Device) -> None:
    context = device("alice")
    new_flow(context, "Copied by an old page")
    page = context.new_page()
    page.goto("/?q=old+page")
    before = page.locator(".card").count()
    page.evaluate(
        "() => fetch('/login/demo/', {method: 'POST', body: new URLSearchParams({user: 'alice', csrfmiddlewaretoken:"
        " document.querySelector('[name=csrfmiddlewaretoken]').value})})"
    )

    page.locator(".card-drop summary").first.click()
    page.locator(".card-drop").first.get_by_text("Duplicate").click()

    expect(page.locator(".card")).to_have_count(before + 1)
    page.get_by_role("button", name="New flow").first.click()
    page.wait_for_url("**/flows/**")


def test_a_new_release_replaces_the_files_once_no_copy_needs_them(context_for: Context) -> None:
    with Server() as server:
        context = context_for("alice", on=server, worker=True, viewport=WINDOW)
        flow = new_flow(context)
        tab = EditorPage(context, flow).live()
        # Opened before there was a worker: it has the page fetched again for its copy.
        first = tab.page.evaluate(COPIED, [f"/flows/{flow}/", None])
        manifest = server.data_dir / "static" / "staticfiles.json"
        for release in ("second", "third"):
            server.terminate()
            manifest.write_text(json.dumps({**json.loads(manifest.read_text()), "hash": release}))
            server.start()
            tab.open(flow).live()  # while the release's worker comes
            wait_until(tab.page, INSTALLED, f"files-{release}")
            tab.open(flow).live()
            tab.page.evaluate(COPIED, [f"/flows/{flow}/", release])
        for other in ("fourth", "fifth", "sixth"):
            tab.page.evaluate("(files) => caches.open(files).then(() => null)", f"files-{other}")
        tab.page.evaluate("(path) => fetch(path).then(({ok}) => ok)", f"/flows/{flow}/")
        wait_until(tab.page, "async () => !(await caches.has('files-second'))")
        assert set(tab.page.evaluate("caches.keys()")) >= {f"files-{first}", "files-third"}, "one answers, one waits"

        tab.page.close()

        again = EditorPage(context, flow).live()
        wait_until(again.page, "async (files) => !(await caches.has(files))", f"files-{first}")
        assert "files-third" in again.page.evaluate("caches.keys()")
