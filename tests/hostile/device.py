"""A person's device: what it keeps though a page dies, and the pages that are open on it.

Every edit is kept from the moment it is made until it is answered, under the name it was first given. A new page is a
new client; what dead pages left behind it sends under their names.
"""

import json
import math
from dataclasses import dataclass
from itertools import count
from typing import TYPE_CHECKING, Any, TypeAlias

from tests.hostile.evidence import Name

if TYPE_CHECKING:
    from tests.hostile.markup import Markup
    from tests.hostile.page import Page
    from tests.sessions.replica import Replica

Frame = dict[str, Any]


@dataclass(slots=True, eq=False)
class Edit:
    """Something that a person has asked for; `frame` is what is sent, without its name."""

    actor: int
    client: str
    seq: int
    frame: Frame
    sent: int = 0
    answer: Frame | None = None

    @property
    def name(self) -> Name:
        """What it is known by, for ever."""
        return self.actor, self.client, self.seq


Heard: TypeAlias = tuple[Edit | None, Name, Frame]
"""An answer, with the edit if it is the first."""


class Device:
    """One person's. `made` is every edit that was ever made on it, `heard` every answer that came back,
    `healed` how often a gap was found, `last` the flow as an earlier page saw it."""

    def __init__(self, actor: int, number: int, *, format: str = "json") -> None:
        self.actor, self.number, self.format = actor, number, format
        self.kept: dict[tuple[str, int], Edit] = {}
        self.pages: list[Page] = []
        self.made: list[Edit] = []
        self.heard: list[Heard] = []
        self.healed = 0
        self.last: Replica | Markup | None = None
        self._numbers = count(1)

    def new_name(self) -> str:
        """Return a client name that was never used."""
        return f"page-{self.number}-{next(self._numbers):04d}"

    def keep(self, edit: Edit) -> None:
        """Keep an edit until it is answered."""
        self.kept[edit.client, edit.seq] = edit
        self.made.append(edit)

    def waiting_for(self, page: "Page") -> list[Edit]:
        """Return what a page has to send: its own, and what pages that are no more have left, oldest first."""
        others = {other.name for other in self.pages if other is not page}
        return [edit for edit in self.kept.values() if edit.client not in others]

    def answered(self, client: str, frame: Frame) -> None:
        """Note an answer; the edit need not be kept any longer."""
        edit = self.kept.pop((client, frame["seq"]), None)
        if edit is not None:
            edit.answer = frame
        self.heard.append((edit, (self.actor, client, frame["seq"]), frame))

    def take_heard(self) -> list[Heard]:
        """Return the answers that nobody has looked at yet."""
        heard, self.heard = self.heard, []
        return heard


def as_json(value: object) -> Any:
    """Return what a browser would put on the wire: numbers that JSON does not know become null."""
    if isinstance(value, float) and not math.isfinite(value):
        return None
    if isinstance(value, dict):
        return {name: as_json(item) for name, item in value.items()}
    return [as_json(item) for item in value] if isinstance(value, list) else json.loads(json.dumps(value))
