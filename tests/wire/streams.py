"""Random streams of bytes as a client may send them after the handshake: mostly right, often odd, sometimes wrong."""

import os
from collections.abc import Iterator
from random import Random

SIZES = (0, 1, 20, 125, 126, 127, 300, 5_000, 65_535, 65_536, 70_000)
END = b"the end"
HELLO = b"\x81\x85\0\0\0\0hello"
CLOSED = b"\x88\x02" + (4400).to_bytes(2)
GOODBYE = b"\x88\x82\0\0\0\0\x03\xe8"
WEIGHTS = (2, 4, 8, 2, 2, 1, 2, 1, 1, 1, 1)
LETTERS = "abcxyz äöü € 😀 \u202e\u0000"


def frame(first: int, payload: bytes, random: Random, *, is_masked: bool = True, width: int | None = None) -> bytes:
    """Build one frame; `width` forces the length field of 7, 16 or 64 bits."""
    size = len(payload)
    width = width or (7 if size < 126 else 16 if size < 65_536 else 64)
    bit = 128 if is_masked else 0
    if width == 7:
        head = bytes([first, bit | size])
    elif width == 16:
        head = bytes([first, bit | 126]) + size.to_bytes(2)
    else:
        head = bytes([first, bit | 127]) + size.to_bytes(8)
    if not is_masked:
        return head + payload
    mask = random.randbytes(4)
    return head + mask + bytes(byte ^ mask[at % 4] for at, byte in enumerate(payload))


def text(random: Random, sizes: tuple[int, ...] = SIZES) -> bytes:
    """Return a text in UTF-8 of some size, now and then with letters of several bytes at its end."""
    size = random.choices(SIZES, WEIGHTS)[0] if sizes is SIZES else random.choice(sizes)
    letters = "".join(random.choices(LETTERS, k=3)).encode()
    return b"x" * (size - len(letters)) + letters if size > len(letters) and random.random() < 0.3 else b"x" * size


def fragments(random: Random, *, is_broken: bool = False) -> bytes:
    """Return a message in parts, with control frames between them; broken: with another message between them."""
    parts = [text(random, (0, 1, 50, 130)) for _ in range(random.randint(2, 4))]
    first = random.choice((0x01, 0x02))
    made = frame(first, parts[0], random)
    for part in parts[1:-1]:
        made += control(random) if random.random() < 0.5 else b""
        made += frame(0x00, part, random)
    if is_broken:
        made += frame(0x81, b"between", random)
    return made + frame(0x80, parts[-1], random)


def control(random: Random) -> bytes:
    """Return a ping or a pong."""
    return frame(random.choice((0x89, 0x8A)), random.randbytes(random.choice((0, 4, 125))), random)


def wrong(random: Random) -> bytes:
    """Return what no client may send."""
    return random.choice((
        lambda: frame(0x81, b"\xff\xfe", random),
        lambda: frame(0x81, b"\xed\xa0\x80", random),
        lambda: frame(0x81, b"bare", random, is_masked=False),
        lambda: frame(0x89, b"bare", random, is_masked=False),
        lambda: frame(random.choice((0xC1, 0xA1, 0x91)), random.randbytes(40), random),
        lambda: frame(random.choice((0x83, 0x87, 0x8B, 0x8F)), b"unknown", random),
        lambda: frame(0x89, b"p" * 126, random),
        lambda: frame(0x09, b"part of a ping", random),
        lambda: frame(0x81, b"wide", random, width=16),
        lambda: frame(0x81, b"wider", random, width=64),
        lambda: frame(0x80, b"of nothing", random),
        lambda: bytes([0x81, 0xFF]) + (2**40).to_bytes(8) + b"mask",
        lambda: bytes([0x81, 0xFF]) + b"\xff" * 8 + b"mask",
        lambda: frame(0x88, b"\x03", random),
        lambda: frame(0x88, (1005).to_bytes(2), random),
        lambda: fragments(random, is_broken=True),
    ))()  # fmt: skip


def stream(seed: int) -> bytes:
    """Return all that one client sends; nothing odd after what ends it, or it would depend on which comes first."""
    random = Random(seed)
    made = b""
    for _ in range(random.randint(1, 12)):
        kind = random.random()
        if kind < 0.6:
            made += frame(0x81, text(random), random)
        elif kind < 0.7:
            made += frame(0x82, text(random, (0, 10, 200)), random)
        elif kind < 0.82:
            made += fragments(random)
        elif kind < 0.93:
            made += control(random)
        elif kind < 0.95:
            made += frame(0x81, b"close", random)
            break
        else:
            made += wrong(random)
            break
    return made + frame(0x81, END, random)


def cut(data: bytes, seed: int) -> Iterator[bytes]:
    """Cut a stream: everywhere if it is short, else at random places."""
    random = Random(seed)
    at = 0
    longest = random.choice((1, 7, 100, 4096, len(data)))
    if len(data) > 300:
        longest = max(longest, len(data) // 40)
    while at < len(data):
        size = random.randint(1, longest)
        yield data[at : at + size]
        at += size


def key() -> bytes:
    """Return what a handshake needs."""
    from base64 import b64encode

    return b64encode(os.urandom(16))
