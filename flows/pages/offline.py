"""What a browser needs to open flows without network: the service worker, and the page for all that was not kept.

The worker's address must stand at the root, because it may only answer for what lies below. It is a few lines of data
before the script that does the work; any new release changes them, and so replaces the worker. So does another
language: the page for all that was not kept is fetched again in it, while a copy of a flow's page stays in the language
that its `<html lang>` names until the flow is opened again.
"""

import json
from collections.abc import Iterable
from hashlib import sha256
from urllib.parse import quote

from django.http import Http404, HttpRequest, HttpResponse
from django.template.loader import render_to_string
from django.templatetags.static import static
from django.urls import reverse
from django.views.decorators.http import require_safe

from flows.storage.store import Loaded
from web import release

TITLE = 100


@require_safe
def worker(request: HttpRequest) -> HttpResponse:
    """Answer the service worker's script; 404 where nothing could be stored."""
    if not release.name():
        raise Http404
    known = {
        "release": release.name(),
        "files": release.files(),
        "offline": reverse("flows:offline"),
        "page": sha256(_page().encode()).hexdigest()[:12],
        "logout": reverse("logout"),
    }
    script = f"self.helix = {json.dumps(known)};\nimportScripts({json.dumps(static('js/offline/worker.js'))});\n"
    return HttpResponse(script, "text/javascript; charset=utf-8", headers={"Cache-Control": "no-cache"})


@require_safe
def offline(request: HttpRequest) -> HttpResponse:
    """Show which flows open on this device: the same page for all readers of a language, filled in by scripts."""
    return HttpResponse(_page(), headers={"Cache-Control": "no-cache", "Vary": "Cookie"})


def keepable(response: HttpResponse, title: str, loaded: Loaded, needs: Iterable[str]) -> HttpResponse:
    """Say on a flow's page what a copy of it is called, where it stands, and which addresses it needs beside its files.

    What it needs names its own version, so it never changes.
    """
    response["X-Helix-Title"] = quote(title[:TITLE])
    response["X-Helix-Version"] = str(loaded.version)
    response["X-Helix-Epoch"] = loaded.epoch
    response["X-Helix-Release"] = release.name()
    response["X-Helix-Needs"] = " ".join(needs)
    return response


def _page() -> str:
    """Render the page without the request: it must not show who was logged in when it was stored."""
    return render_to_string("offline.html")
