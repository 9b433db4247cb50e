"""What was rendered, kept by the value it shows; bounded in bytes, because a person decides how long a value is.

Two generations: what is asked for is young; when the young fill half of the room they grow old, and the old that no one
asked for are gone. Threads may race: they render the same twice at worst.
"""

import zlib
from collections import OrderedDict
from collections.abc import Callable, Hashable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from functools import wraps
from hashlib import blake2b
from threading import Lock
from typing import ParamSpec

import orjson
from django.utils.safestring import SafeString
from django.utils.translation import get_language

from flows.document import text_length

ROOM = 32 << 20
"""Bytes that one kind of fragment may keep."""
LARGEST = 8 << 10
"""A value or a fragment longer than this is rendered each time."""

PACKED_ROOM = 16 << 20
"""Bytes that compressed pieces may take: those of some flows of ten thousand nodes."""
_OVERHEAD, _PACKED_OVERHEAD = 512, 256

_is_kept = ContextVar("is_kept", default=True)

P = ParamSpec("P")


class FragmentCache:
    """Fragments by value, at most `room` bytes of them."""

    def __init__(self, room: int = ROOM) -> None:
        self._room = room
        self._young: dict[Hashable, SafeString] = {}
        self._old: dict[Hashable, SafeString] = {}
        self.size = 0

    def get(self, value: Hashable) -> SafeString | None:
        """Return what was kept for a value."""
        found = self._young.get(value)
        if found is None and (found := self._old.pop(value, None)) is not None:
            self._put(value, found)
        return found

    def put(self, value: tuple[object, ...], html: SafeString) -> None:
        """Keep a fragment, unless it or its value is long."""
        if len(html) <= LARGEST and all(text_length(part) <= LARGEST for part in value):
            self._put(value, html)

    def __len__(self) -> int:
        return len(self._young) + len(self._old)

    def _put(self, value: Hashable, html: SafeString) -> None:
        if self.size > self._room // 2:
            self._old, self._young, self.size = self._young, {}, 0
        self._young[value] = html
        parts = value if isinstance(value, tuple) else ()
        self.size += len(html) + sum(map(text_length, parts)) + _OVERHEAD


@contextmanager
def unkept() -> Iterator[None]:
    """Render what was not kept before without keeping it: a flow of ten thousand nodes would fill all the room."""
    token = _is_kept.set(False)
    try:
        yield
    finally:
        _is_kept.reset(token)


def packed(shown: object, render: Callable[[], bytes]) -> bytes:
    """Return a large piece of markup, kept compressed by what it shows: a JSON value, dataclasses included."""
    name = blake2b(orjson.dumps(shown)).digest()
    if (kept := _packed.get(name)) is not None:
        return zlib.decompress(kept)
    piece = render()
    _packed.put(name, zlib.compress(piece, 1))
    return piece


class PackedCache:
    """Compressed pieces by name, at most `room` bytes of them; those not asked for longest go first."""

    def __init__(self, room: int = PACKED_ROOM) -> None:
        self._room, self._size = room, 0
        self._kept: OrderedDict[bytes, bytes] = OrderedDict()
        self._lock = Lock()

    def get(self, name: bytes) -> bytes | None:
        """Return what was kept."""
        with self._lock:
            if name in self._kept:
                self._kept.move_to_end(name)
            return self._kept.get(name)

    def put(self, name: bytes, piece: bytes) -> None:
        """Keep a piece."""
        with self._lock:
            self._size += _PACKED_OVERHEAD + len(piece) - self._drop(name)
            self._kept[name] = piece
            while self._size > self._room:
                self._size -= self._drop(next(iter(self._kept)))

    def _drop(self, name: bytes) -> int:
        piece = self._kept.pop(name, None)
        return 0 if piece is None else _PACKED_OVERHEAD + len(piece)


_packed = PackedCache()


def cached(render: Callable[P, SafeString]) -> Callable[P, SafeString]:
    """Render each value once, as long as it is asked for again and there is room."""
    return _cached(render, lambda: ())


def cached_by_language(render: Callable[P, SafeString]) -> Callable[P, SafeString]:
    """Like `cached`, for what holds words: each value once in each language."""
    return _cached(render, lambda: (get_language(),))


def _cached(render: Callable[P, SafeString], also: Callable[[], tuple[object, ...]]) -> Callable[P, SafeString]:
    known = FragmentCache()

    @wraps(render)
    def from_cache(*args: P.args, **kwargs: P.kwargs) -> SafeString:
        if kwargs:
            return render(*args, **kwargs)
        key = (*also(), *args)
        html = known.get(key)
        if html is None:
            html = render(*args, **kwargs)
            if _is_kept.get():
                known.put(key, html)
        return html

    return from_cache
