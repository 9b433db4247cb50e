"""What a server has to show after every step: its log, every state it holds, and the answers it remembers."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from flows.document import Document

Name: TypeAlias = tuple[int | None, str | None, int | None]
"""Actor, client, seq."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Logged:
    """One version as the log holds it; `follows` tells whether its digest is the right one after another."""

    version: int
    actor: int | None
    client: str | None
    seq: int | None
    via: str
    operation: str
    inverse: str | None
    undo_of: int | None
    step: str | None
    digest: str
    follows: Callable[[str], bool]

    @property
    def name(self) -> Name | None:
        """What the submission is known by; None if it is anonymous."""
        return None if self.client is None else (self.actor, self.client, self.seq)


@dataclass(frozen=True, slots=True)
class Held:
    """A state that somebody on the server's side holds: the rows, a process's memory, a snapshot."""

    who: str
    version: int
    digest: str
    document: Document


@dataclass(frozen=True, slots=True)
class Evidence:
    """`log` begins with the entry at the version that was asked for. `answers`: (version, refusal's code or "")."""

    log: Sequence[Logged]
    held: Sequence[Held]
    answers: Mapping[Name, tuple[int, str]]
