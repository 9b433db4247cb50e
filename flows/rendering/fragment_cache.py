"""What was rendered, kept by the value it shows; bounded in bytes, because a person decides how long a value is.

Two generations: what is asked for is young; when the young fill half of the room they grow old, and the old that no one
asked for are gone. Threads may race: they render the same twice at worst.
"""

from collections.abc import Callable, Hashable
from functools import wraps
from typing import ParamSpec

from django.utils.safestring import SafeString
from django.utils.translation import get_language

from flows.document import text_length

ROOM = 32 << 20
"""Bytes that one kind of fragment may keep."""
LARGEST = 8 << 10
"""A value or a fragment longer than this is rendered each time."""

_OVERHEAD = 512

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
            known.put(key, html)
        return html

    return from_cache
