"""What a browser keeps of a release, to open its pages where there is no network.

Files with hashed names never change, so they can be kept for ever under a name of the whole set. Where names are not
hashed (debug mode) there is nothing that could be kept safely: no name, no files, no worker.

A module's imports are found by reading our sources, so that a page can ask for all of them at once instead of level by
level.
"""

import posixpath
import re
from functools import lru_cache
from pathlib import Path

from django.contrib.staticfiles import finders
from django.contrib.staticfiles.storage import staticfiles_storage
from django.templatetags.static import static

FOLDERS = ("css/", "img/", "js/", "vendor/")
SUFFIXES = (".css", ".js", ".svg", ".woff2")
IMPORT = re.compile(r'^(?:import|(?:import|export)\b[^"()]*\bfrom)\s*"(\.[^"]+)";', re.MULTILINE)


def name() -> str:
    """Return a name that changes with any static file; empty where nothing is kept."""
    return getattr(staticfiles_storage, "manifest_hash", "")


def files() -> list[str]:
    """Return the addresses of everything that our pages load: scripts with all they import, sheets, fonts, pictures."""
    hashed = getattr(staticfiles_storage, "hashed_files", {})
    return sorted(static(path) for path in hashed if path.startswith(FOLDERS) and path.endswith(SUFFIXES))


@lru_cache
def modules(*entries: str) -> tuple[str, ...]:
    """Return the addresses of modules and of all that they import statically, in the order in which they are met."""
    found = dict.fromkeys(entries)
    waiting = list(entries)
    for name in waiting:
        source = Path(str(finders.find(name))).read_text()
        folder = posixpath.dirname(name)
        imported = [posixpath.normpath(posixpath.join(folder, path)) for path in IMPORT.findall(source)]
        new = [path for path in dict.fromkeys(imported) if path not in found]
        found.update(dict.fromkeys(new))
        waiting.extend(new)
    return tuple(static(name) for name in found)
