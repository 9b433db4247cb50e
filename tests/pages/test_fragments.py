"""What is rendered is kept by its value, and never more of it than there is room for."""

from django.utils.safestring import SafeString

from flows.document import KINDS, Node
from flows.rendering.fragment_cache import LARGEST, FragmentCache, cached

ROOM = 100_000


def note(text: str) -> Node:
    kind = KINDS["note"]
    return Node("n1", "note", 0, 0, kind.width, kind.height, "", "", kind.colour, None, True, {"text": text})


def test_long_ones_are_not_kept() -> None:
    known = FragmentCache()
    known.put((note("x"),), SafeString("x" * (LARGEST + 1)))
    known.put((note("x" * LARGEST),), SafeString("short"))
    assert len(known) == 0


def test_there_is_room_for_so_much() -> None:
    known = FragmentCache(ROOM)
    for index in range(1_000):
        known.put((note(f"{index}" * 100),), SafeString("x" * 100))
        known.get((note("0" * 100),))
    assert known.size <= ROOM / 2 + 2 * LARGEST
    assert len(known) < 300
    assert known.get((note("0" * 100),)) is not None, "what is asked for stays"


def test_a_value_is_rendered_once() -> None:
    rendered = []

    @cached
    def html(node: Node) -> SafeString:
        rendered.append(node)
        return SafeString("html")

    for text in ("a", "b", "a", "b"):
        html(note(text))
    assert len(rendered) == 2


def test_other_settings_have_another_hash() -> None:
    assert len({hash(note(f"{index}")) for index in range(100)}) == 100
    assert hash(note("a")) == hash(note("a"))
