"""Static files: collected under hashed names, ES module imports included, and answered before Django is asked.

A hashed name may be kept by browsers for ever, so a new release is a new name. Files are answered at the ASGI edge,
on the event loop: a page's fifty modules need no thread, no session and no middleware.
"""

import hashlib
from pathlib import Path
from typing import Any

from django.conf import settings
from django.contrib.staticfiles import finders
from django.contrib.staticfiles.handlers import ASGIStaticFilesHandler
from whitenoise import WhiteNoise
from whitenoise.compress import Compressor
from whitenoise.responders import Response
from whitenoise.storage import CompressedManifestStaticFilesStorage

HASHED_NAME = r"^.+\.[0-9a-f]{12}\.[^.]+$"
HEADERS = [(b"x-content-type-options", b"nosniff"), (b"cross-origin-resource-policy", b"same-origin")]


class StaticStorage(CompressedManifestStaticFilesStorage):  # type: ignore[misc]
    """Rewrite `import` statements of our modules to the hashed names too, and keep a compressed copy of each file."""

    support_js_module_import_aggregation = True
    manifest_strict = False
    # One for each link of the longest chain of imports, in the worst order of names.
    max_post_process_passes = 20

    def create_compressor(self, **options: Any) -> Compressor:
        """Leave source maps alone: they are large, and nobody but a developer asks for one."""
        return super().create_compressor(**options | {"extensions": [*Compressor.SKIP_COMPRESS_EXTENSIONS, "map"]})


class StaticFiles:
    """ASGI: answer what was collected, pass everything else on."""

    def __init__(self, application: Any) -> None:
        self.application = ASGIStaticFilesHandler(application) if settings.DEBUG else application
        self.files = WhiteNoise(None, max_age=60, immutable_file_test=HASHED_NAME, allow_all_origins=False)
        if not settings.DEBUG and Path(settings.STATIC_ROOT).is_dir():
            self.files.add_files(settings.STATIC_ROOT, settings.STATIC_URL)

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Answer a collected file at once."""
        file = self.files.files.get(scope.get("path", "")) if scope["type"] == "http" else None
        if file is None:
            await self.application(scope, receive, send)
            return
        given = {
            f"HTTP_{name.decode('latin1').upper().replace('-', '_')}": value.decode("latin1")
            for name, value in scope["headers"]
        }
        await answer(file.get_response(scope["method"], given), send)


async def answer(response: Response, send: Any) -> None:
    """Send one file; they are small, so each is one message."""
    headers = [(name.lower().encode("latin1"), value.encode("latin1")) for name, value in response.headers]
    body = b""
    if response.file is not None:
        with response.file:
            body = response.file.read()
    await send({"type": "http.response.start", "status": int(response.status), "headers": headers + HEADERS})
    await send({"type": "http.response.body", "body": body})


def fingerprint() -> str:
    """Return a digest that changes when any static file of ours or of a library does."""
    digest = hashlib.sha256()
    for finder in finders.get_finders():
        for name, storage in sorted(finder.list([]), key=lambda found: found[0]):
            status = Path(storage.path(name)).stat()
            digest.update(f"{name} {status.st_size} {status.st_mtime_ns}\n".encode())
    return digest.hexdigest()
