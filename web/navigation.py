"""Whether somebody goes to a page, or it is only loaded or prepared by another one.

For the few addresses where opening changes something, because that is what their links are for. Browsers say by Fetch
Metadata what a request is for; where they say nothing (over plain http, or old ones), the session's cookie is `Lax` and
comes along with nothing else from another site.
"""

from django.http import HttpRequest

PREPARING = ("Sec-Purpose", "Purpose", "X-Purpose", "X-Moz")
"""Headers by which browsers say that they look ahead."""


def is_navigation(request: HttpRequest) -> bool:
    """Tell whether a person goes to a page by this request, in a tab of their own.

    Not for an image, a frame, a script's request or a page made ready in advance, and not where the page of another
    site leads without a click or a key of the person.
    """
    headers = request.headers
    if request.method != "GET" or any(headers.get(name) for name in PREPARING):
        return False
    if headers.get("Sec-Fetch-Mode", "navigate") != "navigate":
        return False
    if headers.get("Sec-Fetch-Dest", "document") != "document":
        return False
    return headers.get("Sec-Fetch-Site") != "cross-site" or headers.get("Sec-Fetch-User") == "?1"
