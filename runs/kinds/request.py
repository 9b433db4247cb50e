"""The request of an API call, worked out from its settings. Pure but for the secrets that it asks for.

Templates are filled in first, secrets put in afterwards, so that no template sees one. What carries a secret is known
by name (`private`), and goes to the host that it was meant for alone.
"""

import base64
import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final
from urllib.parse import quote, unquote_plus, urlencode, urljoin, urlsplit, urlunsplit

import idna

from flows.expressions import Json
from flows.validation.secrets import named_secret, secret_in
from runs.errors import TaskFailure
from runs.kinds.formats import text_of
from runs.kinds.texts import Names, filled, filled_json, text_setting
from runs.plan import Step
from web.deferred_translation import kept as _

METHODS: Final = frozenset({"GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS"})
OURS: Final = frozenset(
    {
        "host",
        "content-length",
        "transfer-encoding",
        "connection",
        "keep-alive",
        "upgrade",
        "te",
        "trailer",
        "expect",
        "accept-encoding",
        "proxy-authorization",
        "proxy-connection",
    }
)
"""Headers that no flow sets: they say how the request is sent."""
PRIVATE: Final = frozenset({"authorization", "cookie", "idempotency-key"})
_NAME = re.compile(r"[!#$%&'*+\-.^_`|~0-9A-Za-z]{1,200}")
_SAFE = "%/:?#[]@!$&'()*+,;=~-._"

SecretOf = Callable[[str], str]


@dataclass(frozen=True, slots=True)
class Request:
    """One request. `private` are the lower-case names of headers that only its own host may see, `proofs` the
    secret parameters in its address; `is_secret` says that its body holds a secret."""

    method: str
    url: str
    headers: Mapping[str, str] = field(repr=False)
    body: bytes = field(default=b"", repr=False)
    private: frozenset[str] = PRIVATE
    proofs: tuple[tuple[str, str], ...] = field(default=(), repr=False)
    is_secret: bool = False


def request_of(step: Step, names: Names, secret: SecretOf, *, task: str) -> Request:
    """Work out a request. Raises `TaskFailure` ("expression", "invalid_input", "secret_missing")."""
    method = text_setting(step.settings, "method", "GET")
    if method not in METHODS:
        raise TaskFailure("invalid_input", _("There is no method “%(name)s”.") % {"name": method[:20]})
    given = _Given(step, names, secret)
    headers = {"User-Agent": "Helix", "Accept": "application/json, */*;q=0.5", "Idempotency-Key": task}
    params = list(given.pairs("params"))
    for name, value in given.pairs("headers"):
        _set(headers, name, value)
    private = set(PRIVATE) | given.secret_headers
    if auth := given.auth():
        is_query, name, value = auth
        if is_query:
            params.append((name, value))
            given.secret_params.append((name, value))
        else:
            private.add(name.lower())
            _set(headers, name, value)
    body, is_secret = given.body(headers)
    url, proofs = with_params(given.url(), params), tuple(given.secret_params)
    return Request(method, url, headers, body, frozenset(private), proofs, is_secret)


def address(text: str, base: str = "") -> str:
    """Return a URL as it is sent: without a fragment, its host and signs in ASCII; one within `base` made whole."""
    text = text.strip()
    if not text.isprintable():
        raise TaskFailure("http_refused", _("This is no address that can be called."))
    try:
        parts = urlsplit(urljoin(base, text))
        host = parts.netloc if parts.netloc.isascii() else idna.encode(parts.netloc, uts46=True).decode()
    except (ValueError, idna.IDNAError):
        raise TaskFailure("http_refused", _("This is no address that can be called.")) from None
    return urlunsplit((parts.scheme, host, quote(parts.path, _SAFE), quote(parts.query, _SAFE), ""))


class _Given:
    """The settings of one call, with what fills them in."""

    def __init__(self, step: Step, names: Names, secret: SecretOf) -> None:
        self._step, self._names, self._secret = step, names, secret
        self.secret_headers: set[str] = set()
        self.secret_params: list[tuple[str, str]] = []

    def url(self) -> str:
        url = filled(text_setting(self._step.settings, "url"), self._names)
        if not url.strip():
            raise TaskFailure("invalid_input", _("The call has no address."))
        return address(url)

    def pairs(self, setting: str) -> Iterator[tuple[str, str]]:
        """Yield names and values of parameters or headers; a list is one of each, null none."""
        for name, value in _pairs(self._step.settings.get(setting), setting):
            held = filled_json(value, self._names)
            for one in held if isinstance(held, list) else [held]:
                if (secret := secret_in(one)) is not None:
                    proof = name, self._secret(secret).strip()
                    if setting == "headers":
                        self.secret_headers.add(name.lower())
                    else:
                        self.secret_params.append(proof)
                    yield proof
                elif one is not None:
                    yield name, text_of(one)

    def auth(self) -> tuple[bool, str, str] | None:
        """Return whether the proof goes into the URL, its name and its value."""
        settings = self._step.settings
        kind = text_setting(settings, "auth", "none")
        if kind == "none":
            return None
        if not (name := named_secret(settings)):
            raise TaskFailure("secret_missing", _("The call has no secret."))
        value = self._secret(name).strip()
        match kind:
            case "bearer":
                return False, "Authorization", f"Bearer {value}"
            case "basic":
                username = filled(text_setting(settings, "username"), self._names)
                return False, "Authorization", f"Basic {_basic(username, value)}"
            case "api_key":
                is_query = text_setting(settings, "key_in", "header") == "query"
                return is_query, text_setting(settings, "key_name", "X-API-Key").strip(), value
            case other:
                raise TaskFailure("invalid_input", _("There is no authentication “%(name)s”.") % {"name": other[:20]})

    def body(self, headers: dict[str, str]) -> tuple[bytes, bool]:
        """Return the body, and whether it holds a secret; names its type in the headers unless they do."""
        setting = self._step.settings.get("body")
        if setting is None or setting == "":
            return b"", False
        found = list[str]()
        value = self._with_secrets(filled_json(setting, self._names), found)
        kind = next((held for name, held in headers.items() if name.lower() == "content-type"), "")
        if isinstance(value, dict) and kind.startswith("application/x-www-form-urlencoded"):
            pairs = [(name, text_of(one)) for name, one in value.items() if one is not None]
            return urlencode(pairs).encode(), bool(found)
        if isinstance(value, str):
            text = value
            named = "application/json" if _is_json(text) else "text/plain; charset=utf-8"
        else:
            text, named = json.dumps(value, ensure_ascii=False), "application/json"
        if not kind:
            headers["Content-Type"] = named
        return text.encode(errors="replace"), bool(found)

    def _with_secrets(self, value: Json, found: list[str]) -> Json:
        if (name := secret_in(value)) is not None:
            found.append(name)
            return self._secret(name)
        if isinstance(value, dict):
            return {key: self._with_secrets(item, found) for key, item in value.items()}
        return [self._with_secrets(item, found) for item in value] if isinstance(value, list) else value


def _pairs(value: object, setting: str) -> Iterator[tuple[str, object]]:
    """Read an object, or a list of `[name, value]` or `{name, value}`."""
    if value is None or value == "":
        return
    if isinstance(value, Mapping):
        yield from ((str(name), one) for name, one in value.items())
        return
    for one in value if isinstance(value, (list, tuple)) else [None]:
        if isinstance(one, Mapping) and isinstance(name := one.get("name", one.get("key")), str):
            yield name, one.get("value")
        elif isinstance(one, (list, tuple)) and len(one) == 2 and isinstance(one[0], str):
            yield one[0], one[1]
        else:
            sentence = _("%(setting)s: an object of names and values is needed.")
            raise TaskFailure("invalid_input", sentence % {"setting": setting})


def _set(headers: dict[str, str], name: str, value: str) -> None:
    """Set a header in place of one that is called alike. Raises `TaskFailure` ("invalid_input")."""
    if not _NAME.fullmatch(name) or name.lower() in OURS:
        raise TaskFailure("invalid_input", _("The header “%(name)s” cannot be set.") % {"name": name[:100]})
    if not all(" " <= sign <= "~" or sign == "\t" for sign in value):
        sentence = _("The value of the header “%(name)s” cannot be sent.")
        raise TaskFailure("invalid_input", sentence % {"name": name[:100]})
    for known in [known for known in headers if known.lower() == name.lower()]:
        del headers[known]
    headers[name] = value


def _basic(username: str, secret: str) -> str:
    return base64.b64encode((f"{username}:{secret}" if username else secret).encode()).decode()


def with_params(url: str, params: Sequence[tuple[str, str]]) -> str:
    """Return an address with more parameters."""
    if not params:
        return url
    parts = urlsplit(url)
    query = "&".join(filter(None, [parts.query, urlencode(params)]))
    return urlunsplit(parts._replace(query=query))


def without_params(url: str, params: Sequence[tuple[str, str]]) -> str:
    """Return an address without these parameters; the others stay as they are written."""
    parts = urlsplit(url)
    pieces = ((piece, *map(unquote_plus, piece.partition("=")[::2])) for piece in parts.query.split("&"))
    query = "&".join(piece for piece, name, value in pieces if (name, value) not in params)
    return urlunsplit(parts._replace(query=query))


def _is_json(text: str) -> bool:
    try:
        json.loads(text)
    except (ValueError, RecursionError):
        return False
    return True
