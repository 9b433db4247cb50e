"""Values as rows keep them: canonical JSON as text, a long one as a blob of its run.

A column holds either the JSON itself or exactly `{"$blob":"<sha256>","bytes":<n>}`; a value that happens to be spelt
like that is kept as a blob, so the two are never confused. NUL and lone surrogates, which not every database can hold,
are written as JSON escapes.
"""

import hashlib
import json
import re
from collections import OrderedDict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from threading import Lock
from uuid import UUID

import orjson

from flows import limits
from flows.expressions import Json
from runs.errors import TaskFailure
from runs.models.run import INLINE_BYTES, Blob
from web.deferred_translation import kept as _

DEEPEST = 200
KEPT_BYTES = 32 * 1024 * 1024
_REFERENCE = re.compile(r'\{"\$blob":"([0-9a-f]{64})","bytes":([0-9]+)\}')
_SURROGATE = re.compile("[\ud800-\udfff]")


@dataclass(frozen=True, slots=True)
class Stored:
    """A value as its column holds it, and the blob that it refers to, if any."""

    text: str
    hash: str | None = None
    body: str | None = None


def encode(value: Json) -> str:
    """Return a value as canonical JSON. Raises `TaskFailure`: `invalid_output` if it is not one, `too_large`."""
    try:
        _check_depth(value)
        text = json.dumps(value, ensure_ascii=False, allow_nan=False, sort_keys=True, separators=(",", ":"))
    except (TypeError, ValueError, RecursionError) as wrong:
        raise TaskFailure("invalid_output", _("The result is not JSON: %(why)s") % {"why": wrong}) from None
    text = _SURROGATE.sub(lambda found: f"\\u{ord(found[0]):04x}", text)
    most = limits.current().value_bytes
    if len(text) > most or (len(text) * 4 > most and len(text.encode()) > most):
        raise TaskFailure("too_large", _("The value is longer than %(most)d bytes.") % {"most": most})
    return text


def decode(text: str) -> Json:
    """Read canonical JSON."""
    value: Json = json.loads(text)
    return value


def stored(value: Json) -> Stored:
    """Return what a column holds of a value. Raises `TaskFailure`."""
    return stored_text(encode(value))


def stored_text(text: str) -> Stored:
    """Return what a column holds of canonical JSON."""
    size = len(text) if len(text) > INLINE_BYTES else len(text.encode())
    if size <= INLINE_BYTES and not _REFERENCE.fullmatch(text):
        return Stored(text)
    body = text.encode()
    digest = hashlib.sha256(body).hexdigest()
    return Stored(f'{{"$blob":"{digest}","bytes":{len(body)}}}', digest, text)


def reference(text: str | None) -> str | None:
    """Return the hash of the blob that a column refers to, if it does."""
    found = _REFERENCE.fullmatch(text) if text else None
    return found[1] if found else None


def load(run: UUID, text: str | None) -> Json:
    """Return the value of a column; null where there is none."""
    return load_all(run, [text])[0]


def load_all(run: UUID, texts: Iterable[str | None]) -> list[Json]:
    """Return the values of columns of one run, with one query for all blobs. They are shared: nobody changes them."""
    texts = list(texts)
    bodies = _bodies(run, {digest for text in texts if (digest := reference(text)) is not None})
    return [_value(text, bodies) for text in texts]


def hash_of(value: Json) -> str:
    """Return what names a value in a result key: the SHA-256 of its JSON."""
    return hashlib.sha256(json.dumps(value, sort_keys=True).encode()).hexdigest()


def size_of(text: str | None) -> int:
    """Return how many bytes of JSON the value of a column takes."""
    if text is None:
        return 4
    found = _REFERENCE.fullmatch(text)
    return int(found[2]) if found else len(text.encode())


def load_texts(run: UUID, texts: Iterable[str | None], unwritten: Iterable[Stored] = ()) -> list[str]:
    """Return values of columns as canonical JSON, also those whose blobs are not written yet.

    Raises `KeyError` for one whose blob is gone: with its run, which holds whoever locked that run up.
    """
    texts = list(texts)
    bodies = {one.hash: one.body for one in unwritten if one.hash is not None and one.body is not None}
    missing = {digest for text in texts if (digest := reference(text)) is not None} - bodies.keys()
    if missing:
        bodies.update(Blob.objects.filter(run=run, hash__in=missing).values_list("hash", "body"))
    return [_text(text, bodies) for text in texts]


def write_blobs(run: UUID, values: Iterable[Stored]) -> int:
    """Keep the long ones among values of a run; return how many bytes of them were kept already."""
    rows = {
        one.hash: Blob(run_id=run, hash=one.hash, bytes=size_of(one.text), body=one.body)
        for one in values
        if one.hash is not None and one.body is not None
    }
    if not rows:
        return 0
    known = set(Blob.objects.filter(run=run, hash__in=rows).values_list("hash", flat=True))
    Blob.objects.bulk_create([row for hash, row in rows.items() if hash not in known], ignore_conflicts=True)
    return sum(rows[hash].bytes for hash in known)


def _value(text: str | None, bodies: Mapping[str, Json]) -> Json:
    if text is None:
        return None
    digest = reference(text)
    return decode(text) if digest is None else bodies[digest]


def _text(text: str | None, bodies: Mapping[str, str]) -> str:
    if text is None:
        return "null"
    digest = reference(text)
    return text if digest is None else bodies[digest]


def _bodies(run: UUID, digests: set[str]) -> dict[str, Json]:
    found = {digest: kept for digest in digests if (kept := _kept.get(digest)) is not None}
    bodies = {digest: value for digest, (value,) in found.items()}
    missing = digests - bodies.keys()
    if missing:
        for digest, body in Blob.objects.filter(run=run, hash__in=missing).values_list("hash", "body"):
            bodies[digest] = decode(body)
            _kept.keep(digest, bodies[digest], len(body))
    return bodies


class _Kept:
    """The values of blobs read last, by hash: each iteration of a loop reads the same list."""

    def __init__(self) -> None:
        self._lock, self._bytes = Lock(), 0
        self._values: OrderedDict[str, tuple[Json, int]] = OrderedDict()

    def get(self, digest: str) -> tuple[Json] | None:
        with self._lock:
            if digest not in self._values:
                return None
            self._values.move_to_end(digest)
            return (self._values[digest][0],)

    def keep(self, digest: str, value: Json, size: int) -> None:
        with self._lock:
            if digest in self._values or size * 2 > KEPT_BYTES:
                return
            self._values[digest] = value, size
            self._bytes += size
            while self._bytes > KEPT_BYTES:
                self._bytes -= self._values.popitem(last=False)[1][1]


_kept = _Kept()


def _check_depth(value: Json) -> None:
    try:
        orjson.dumps(value)
    except TypeError:  # too deep for it, or what it cannot write and JSON can
        level: list[Json] = [value]
        for _depth in range(DEEPEST + 1):
            level = [inner for one in level for inner in _inside(one)]
            if not level:
                return
        raise ValueError(f"more than {DEEPEST} levels") from None


def _inside(value: Json) -> Iterable[Json]:
    if isinstance(value, dict):
        return value.values()
    return value if isinstance(value, list) else ()
