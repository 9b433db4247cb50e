"""What a browser or program is called in a list of logins, by what it says of itself.

A table of our own: it names what people know, and nothing else depends on it. The first word that is found counts,
since browsers name those before them too. Other programs are called by the first word of their name, never by more: a
mail tells it, and no program makes a link of a word.
"""

import re
from typing import Final

from django.utils.translation import gettext as _

BROWSERS: Final = {
    "Edg": "Edge",
    "OPR/": "Opera",
    "Vivaldi/": "Vivaldi",
    "SamsungBrowser/": "Samsung Internet",
    "Firefox/": "Firefox",
    "FxiOS/": "Firefox",
    "CriOS/": "Chrome",
    "HeadlessChrome/": "Chrome",
    "Chromium/": "Chromium",
    "Chrome/": "Chrome",
    "Safari/": "Safari",
    "curl/": "curl",
    "python-httpx/": "Python",
    "python-requests/": "Python",
    "Python": "Python",
}
SYSTEMS: Final = {
    "iPhone": "iPhone",
    "iPad": "iPad",
    "Android": "Android",
    "CrOS": "ChromeOS",
    "Windows": "Windows",
    "Macintosh": "macOS",
    "Linux": "Linux",
    "FreeBSD": "FreeBSD",
}
PROGRAM = re.compile(r"[A-Za-z][A-Za-z-]{1,29}(?=[/ ]|$)")


def name_of(agent: str) -> str:
    """Return a name such as "Chrome on Linux"."""
    browser, system = _first(BROWSERS, agent), _first(SYSTEMS, agent)
    if browser and system:
        return _("%(browser)s on %(system)s") % {"browser": browser, "system": system}
    if browser or system:
        return browser or system
    named = PROGRAM.match(agent)
    return named[0] if named and named[0] != "Mozilla" else _("Unknown program")


def _first(names: dict[str, str], agent: str) -> str:
    return next((name for word, name in names.items() if word in agent), "")
