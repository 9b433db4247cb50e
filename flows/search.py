"""How titles and descriptions are compared: without case, in one Unicode form, the same on both databases."""

import unicodedata

from flows.document import FlowProperties


def folded(text: str) -> str:
    """Return a text in the form in which texts are compared."""
    return unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", text).casefold())


def search_text(properties: FlowProperties) -> str:
    """Return what a flow is found and sorted by: its title, then its description."""
    return folded(f"{properties.title}\n{properties.description}")
