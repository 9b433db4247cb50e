"""What a browser keeps of a release, to open its pages where there is no network.

Files with hashed names never change, so they can be kept for ever under a name of the whole set. Where names are not
hashed (debug mode) there is nothing that could be kept safely: no name, no files, no worker.
"""

from django.contrib.staticfiles.storage import staticfiles_storage
from django.templatetags.static import static

FOLDERS = ("css/", "img/", "js/", "vendor/")
SUFFIXES = (".css", ".js", ".svg", ".woff2")


def name() -> str:
    """Return a name that changes with any static file; empty where nothing is kept."""
    return getattr(staticfiles_storage, "manifest_hash", "")


def files() -> list[str]:
    """Return the addresses of everything that our pages load: scripts with all they import, sheets, fonts, pictures."""
    hashed = getattr(staticfiles_storage, "hashed_files", {})
    return sorted(static(path) for path in hashed if path.startswith(FOLDERS) and path.endswith(SUFFIXES))
