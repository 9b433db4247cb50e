"""Static files: collected small under hashed names, and answered before Django is asked.

A hashed name may be kept by browsers for ever, so a new release is a new name. What gets a name is what is shipped:
scripts without comments and spaces, sheets with the parts and icons they name inside them and, where their minifier is
installed, minified; the sources stay as they are, and are what is served in debug mode. Of a script no more is taken
away: tdewolff's minifier, which rewrites code, moved declarations before those that they must follow. Files are
answered at the ASGI edge, on the event loop: a page's modules need no thread, no session and no middleware.
"""

import hashlib
import re
from collections.abc import Callable, Iterable, Iterator
from importlib import import_module, metadata
from pathlib import Path
from typing import Any
from urllib.parse import quote

from django.conf import settings
from django.contrib.staticfiles import finders
from django.contrib.staticfiles.handlers import ASGIStaticFilesHandler
from django.core.files.base import ContentFile
from django.core.files.storage import Storage
from rjsmin import jsmin
from whitenoise import WhiteNoise
from whitenoise.compress import Compressor
from whitenoise.responders import Response
from whitenoise.storage import CompressedManifestStaticFilesStorage

HASHED_NAME = r"^.+\.[0-9a-f]{12}\.[^.]+$"
HEADERS = [(b"x-content-type-options", b"nosniff"), (b"cross-origin-resource-policy", b"same-origin")]
FOLDERS = ("css/", "js/")
PART = re.compile(r'^@import "([\w.]+)";\n', re.MULTILINE)
ICON = re.compile(r'url\("\.\./([^"]+\.svg)"\)')


class StaticStorage(CompressedManifestStaticFilesStorage):  # type: ignore[misc]
    """Rewrite `import` statements of our modules to the hashed names too, and keep a compressed copy of each file."""

    support_js_module_import_aggregation = True
    manifest_strict = False
    # One for each link of the longest chain of imports, in the worst order of names.
    max_post_process_passes = 20

    def create_compressor(self, **options: Any) -> Compressor:
        """Leave source maps alone: they are large, and only developers ask for one."""
        return super().create_compressor(**options | {"extensions": [*Compressor.SKIP_COMPRESS_EXTENSIONS, "map"]})

    def compress_files(self, paths: Iterable[str]) -> Iterator[tuple[str, str]]:
        """Compress what has a hashed name: no page asks for another."""
        return super().compress_files(path for path in paths if re.fullmatch(HASHED_NAME, path))  # type: ignore[no-any-return]

    def post_process(self, paths: dict[str, Any], **options: Any) -> Iterator[Any]:
        """Give hashed names to what is shipped; a part of a sheet has none of its own."""
        ours = {name for name in paths if name.startswith(FOLDERS)}
        sources = Sources(paths)
        shipped = {name: (sources, name) for name in ours - sources.parts()}
        yield from super().post_process({**{name: paths[name] for name in paths.keys() - ours}, **shipped}, **options)


class Sources:
    """Our scripts and sheets as they are shipped; opened like the storage they lie in."""

    def __init__(self, places: dict[str, tuple[Storage, str]]) -> None:
        self._places = places
        self._minify = minifier()
        self._shipped: dict[str, bytes] = {}

    def parts(self) -> set[str]:
        """Return the sheets that others import."""
        sheets = [name for name in self._places if name.startswith("css/")]
        return {f"css/{part}" for name in sheets for part in PART.findall(self._read(name))}

    def open(self, name: str) -> "ContentFile[bytes]":
        """Open a file as it is shipped; Django does so again and again, until all names are settled."""
        if name not in self._shipped:
            self._shipped[name] = self._small(name).encode()
        return ContentFile(self._shipped[name])

    def _small(self, name: str) -> str:
        text = self._read(name)
        if name.endswith(".js"):
            return str(jsmin(text))
        text = PART.sub(lambda found: self._read(f"css/{found[1]}"), text)
        text = ICON.sub(lambda found: data_uri(self._read(found[1])), text)
        return self._minify("text/css", text) if self._minify else text

    def _read(self, name: str) -> str:
        storage, path = self._places[name]
        with storage.open(path) as file:
            return str(file.read().decode())


def data_uri(svg: str) -> str:
    """Write a picture as it may stand in a sheet in the place of its address."""
    text = " ".join(re.sub(r"<!--.*?-->", "", svg, flags=re.DOTALL).replace('"', "'").split())
    return 'url("data:image/svg+xml,' + quote(text, safe="/:=' ") + '")'


def minifier() -> Callable[[str, str], str] | None:
    """Return the minifier of sheets, a function of media type and text; None where it is not installed."""
    try:
        return import_module("minify").string  # type: ignore[no-any-return]
    except ImportError:
        return None


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
    """Return a digest that changes when any static file of ours or of a library does, or a minifier."""
    digest = hashlib.sha256(minifier_versions().encode())
    for finder in finders.get_finders():
        for name, storage in sorted(finder.list([]), key=lambda found: found[0]):
            status = Path(storage.path(name)).stat()
            digest.update(f"{name} {status.st_size} {status.st_mtime_ns}\n".encode())
    return digest.hexdigest()


def minifier_versions() -> str:
    """Return the versions of the minifiers; that of sheets may be missing."""
    of_scripts = metadata.version("rjsmin")
    try:
        return f"{of_scripts} {metadata.version('tdewolff-minify')}"
    except metadata.PackageNotFoundError:
        return of_scripts
