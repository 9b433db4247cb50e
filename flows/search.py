"""How texts are compared and found: without case, in one Unicode form, the same on both databases."""

import unicodedata

from flows.document import FlowProperties

MOST_WORDS = 50
"""How many different words are looked for at once; one letter may fold into four."""
_ACCENTS = dict.fromkeys(range(0x300, 0x370))


def folded(text: str) -> str:
    """Return a text in the form in which texts are compared."""
    return unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", text).casefold())


def search_text(properties: FlowProperties) -> str:
    """Return what a flow is sorted by: its title, then its description."""
    return folded(f"{properties.title}\n{properties.description}")


def findable(text: str) -> str:
    """Return a text in the form in which it is found: folded, and without accents."""
    plain = folded(text)
    if plain.isascii():
        return plain
    return unicodedata.normalize("NFKC", unicodedata.normalize("NFKD", plain).translate(_ACCENTS))


def words_of(q: str) -> tuple[str, ...]:
    """Return the different words that are looked for, as `findable` has them; an accent alone stays what it is."""
    words = (findable(word) or word for word in folded(q).split())
    return tuple(dict.fromkeys(words))[:MOST_WORDS]
