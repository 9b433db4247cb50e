"""An invariant that does not hold.

I1 a state is the fold of the log, from any snapshot too · I2 versions are dense and never go back · I3 what a client
holds is a prefix of the log · I4 each name at most once; acknowledged is in the log at that version, as it was asked;
refused is never · I5 the graph is sound at every version · I6 after healing everything is answered and all see the
same · I7 HTML from fragments is a fresh full render · I8 undo brings back just what nobody else has written since.
"""

from collections.abc import Iterator
from contextlib import contextmanager

from flows.document import Rejected


class Violation(Exception):  # noqa: N818
    """An invariant does not hold; `invariant` says which."""

    def __init__(self, invariant: str, what: object) -> None:
        super().__init__(f"{invariant}: {what}")
        self.invariant = invariant


def expect(holds: bool, invariant: str, what: object) -> None:
    """Raise `Violation` unless something holds."""
    if not holds:
        raise Violation(invariant, what)


@contextmanager
def upholding(invariant: str) -> Iterator[None]:
    """Report whatever breaks inside as a violation."""
    try:
        yield
    except (AssertionError, LookupError, ValueError, Rejected) as broken:
        raise Violation(invariant, repr(broken)) from broken
