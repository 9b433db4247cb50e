"""The short way and the ordinary one: the application hears the same and the peer gets the same, whatever it sends.

Where something fails, what was said just before it may have been answered or not, on either way, and on the ordinary
way of uvicorn not even heard.
"""

import asyncio
from collections.abc import Iterator
from random import Random

import pytest

from helix.wire import FrameSplitter
from tests.nightly import seeds
from tests.wire.client import Listener, Outcome
from tests.wire.streams import END, cut, fragments, frame, stream

SEEDS = seeds(60, nightly=2000)
AT_ONCE = 8
LIBRARY = frozenset({0x01, 0x02, 0x00, 0x80, 0x82, 0x88, 0x89, 0x8A})


@pytest.fixture(scope="module", params=["daphne", "uvicorn"])
def listeners(request: pytest.FixtureRequest) -> Iterator[tuple[Listener, Listener]]:
    """The same server twice: on the short way, and on the ordinary one."""
    with Listener(request.param, is_short=True) as short, Listener(request.param, is_short=False) as ordinary:
        yield short, ordinary


async def both(listeners: tuple[Listener, Listener], name: str, chunks: list[bytes]) -> tuple[Outcome, Outcome]:
    short, ordinary = await asyncio.gather(*(one.hear(name, chunks) for one in listeners))
    return short, ordinary


def expect_the_same(short: Outcome, ordinary: Outcome) -> None:
    both = min(len(short.heard), len(ordinary.heard))
    assert short.heard[:both] == ordinary.heard[:both]
    assert short.close == ordinary.close
    assert short.code == ordinary.code or short.close == (4400).to_bytes(2)
    is_whole = ordinary.heard[-1:] == ("str 7 'the end'",)
    assert not is_whole or short.heard == ordinary.heard
    for one in (short, ordinary):
        assert one.answers == (one.heard if is_whole else one.heard[: len(one.answers)])
    answered = max(len(short.pongs), len(ordinary.pongs)) if is_whole else min(len(short.pongs), len(ordinary.pongs))
    assert short.pongs[:answered] == ordinary.pongs[:answered]
    assert ordinary.short == 0


async def test_random_streams_make_no_difference(listeners: tuple[Listener, Listener]) -> None:
    taken = 0
    for first in range(SEEDS.start, SEEDS.stop, AT_ONCE):
        some = range(first, min(first + AT_ONCE, SEEDS.stop))
        outcomes = await asyncio.gather(*(both(listeners, f"r{seed}", list(cut(stream(seed), seed))) for seed in some))
        for seed, (short, ordinary) in zip(some, outcomes, strict=True):
            try:
                expect_the_same(short, ordinary)
            except AssertionError as difference:
                raise AssertionError(f"seed {seed}") from difference
            taken += short.short
    assert taken > len(SEEDS), "the short way was not taken"


async def test_what_was_said_in_parts_is_heard_before_what_follows(listeners: tuple[Listener, Listener]) -> None:
    random = Random(1)
    said = frame(0x81, b"first", random)
    for number in range(50):
        said += fragments(random) + frame(0x81, b"whole %d" % number, random) + frame(0x82, b"bytes", random)
    said += frame(0x81, END, random)
    short, ordinary = await both(listeners, "parts", [said])
    expect_the_same(short, ordinary)
    assert len(short.heard) == 152


async def test_nothing_is_heard_after_our_close(listeners: tuple[Listener, Listener]) -> None:
    random = Random(2)
    said = [frame(0x81, text, random) for text in (b"first", b"second", b"close", b"too late")]
    for name, chunks in (("together", [said[0], b"".join(said[1:])]), ("apart", said)):
        short, ordinary = await both(listeners, name, chunks)
        expect_the_same(short, ordinary)
        assert [heard.rpartition(" ")[2] for heard in short.heard] == ["'first'", "'second'", "'close'"]
        assert short.close == (4400).to_bytes(2)


@pytest.mark.parametrize("seed", range(30))
def test_a_frame_is_the_same_wherever_it_is_cut(seed: int) -> None:
    """To the splitter alone: no network joins what was cut."""
    said = stream(seed)[:2000]
    whole = given([said])
    assert given([said[at : at + 1] for at in range(len(said))]) == whole
    for at in range(0, len(said), 7):
        assert given([said[:at], said[at:]]) == whole


def given(chunks: list[bytes]) -> list[str | bytes]:
    """Return who was given what: texts, then the bytes between them joined."""
    taken: list[str | bytes] = []

    def other(data: bytes) -> None:
        if taken and isinstance(taken[-1], bytes):
            taken[-1] += data
        elif data:
            taken.append(data)

    splitter = FrameSplitter(lambda: taken.append, other)
    for chunk in chunks:
        splitter.feed(chunk)
    return taken
