"""What goes out as text is compressed: pages, fragments, sheets.

Against BREACH, Django adds bytes of chance to each answer and masks the CSRF token anew. JSON stays as it is: the API's
`ETag` is a version, which a compressed answer would have to weaken, and its programs are near or compress themselves.
"""

from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.middleware.gzip import GZipMiddleware


class TextCompression(GZipMiddleware):
    """Compress text for clients that accept it."""

    def process_response(self, request: HttpRequest, response: HttpResponseBase) -> HttpResponseBase:
        """Compress an answer that is text."""
        if not response.get("Content-Type", "").startswith("text/"):
            return response
        return super().process_response(request, response)
