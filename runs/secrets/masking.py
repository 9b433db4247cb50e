"""Takes secrets out of what is kept and shown, also as they look in an address, in base64 or in JSON. Pure."""

import base64
import html
import json
import re
from collections.abc import Collection, Iterable
from urllib.parse import quote, quote_plus

from flows.expressions import Json

MASK = "•••"
SHORTEST = 4
"""A shorter text is no secret: it would be found everywhere."""
SHORTEST_LINE = 12
SHORTEST_INSIDE = 8
"""A shorter piece of base64 would be found by chance."""


def masked(value: Json, secrets: Iterable[str]) -> Json:
    """Return a value without the secrets, wherever in it they stand."""
    words = dict.fromkeys(looks_of(secrets))  # the longest first, and found at once
    return _masked(value, words) if words else value


def looks_of(secrets: Iterable[str]) -> list[str]:
    """Return all ways in which secrets may be written, the longest first."""
    found = {look for secret in secrets for look in _looks(secret) if len(look) >= SHORTEST}
    return sorted(found, key=len, reverse=True)


def _looks(secret: str) -> Iterable[str]:
    yield secret
    yield secret.strip()
    yield from (line.strip() for line in secret.splitlines() if len(line.strip()) >= SHORTEST_LINE)
    for address in (quote(secret, safe=""), quote(secret), quote_plus(secret)):
        yield from (address, _ESCAPE.sub(lambda found: found[0].lower(), address))
    yield from (json.dumps(secret)[1:-1], json.dumps(secret, ensure_ascii=False)[1:-1])
    name, colon, password = secret.partition(":")
    if colon and name and len(password) >= SHORTEST:
        yield password
    yield from (html.escape(secret), html.escape(secret, quote=False).translate(_BY_NUMBER))
    yield from _careful_json(json.dumps(secret)[1:-1])
    for bare in dict.fromkeys((secret, secret.strip())):
        for text in (bare, f"{bare}:", f":{bare}"):
            encoded = base64.b64encode(text.encode()).decode()
            yield from _written(encoded)
            yield from _written(encoded.rstrip("="))
        yield from _inside_base64(bare.encode())


def _careful_json(written: str) -> Iterable[str]:
    """Yield JSON as servers write it that escape more than they must: PHP slashes, Go and Ruby what HTML may mean, .NET
    that and more."""
    yield written.replace("/", "\\/")
    yield written.translate(_FOR_HTML)
    yield written.replace('\\"', '"').translate(_FOR_DOTNET)


def _inside_base64(raw: bytes) -> Iterable[str]:
    """Yield what bytes become inside a longer base64, whatever stands before and after them."""
    for skip, start in ((0, 0), (1, 2), (2, 3)):
        whole = base64.b64encode(bytes(skip) + raw).decode().rstrip("=")
        found = whole[start : len(whole) - bool((skip + len(raw)) % 3)]
        if len(found) >= SHORTEST_INSIDE:
            yield from _written(found)


def _written(encoded: str) -> Iterable[str]:
    """Yield a base64 in both alphabets."""
    yield from (encoded, encoded.translate(_URL_SAFE))


_URL_SAFE = str.maketrans("+/", "-_")
_ESCAPE = re.compile("%[0-9A-F]{2}")
_BY_NUMBER = str.maketrans({"'": "&#39;", '"': "&#34;"})
_FOR_HTML = {ord(sign): f"\\u{ord(sign):04x}" for sign in "&<>"}
_FOR_DOTNET = {ord(sign): f"\\u{ord(sign):04X}" for sign in "\"&'+<>`"}


def _masked(value: Json, words: Collection[str]) -> Json:
    match value:
        case str():
            for word in words:
                value = value.replace(word, MASK)
            return value
        case list():
            return [_masked(item, words) for item in value]
        case dict():
            return {str(_masked(key, words)): _masked(item, words) for key, item in value.items()}
        case int() | float() if not isinstance(value, bool) and str(value) in words:
            return MASK
        case _:
            return value
