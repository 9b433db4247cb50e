"""What is asked of a model and what it answers, the same for every provider.

A model's failure is a value of the product, `ProviderFailure`: its code is one of `runs.errors.TASK_CODES`, and
`goes_on` says whether the next provider of a chain may be tried.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from threading import Event
from typing import Final, Literal, Protocol, TypeAlias

from flows.expressions import Json

Role: TypeAlias = Literal["user", "assistant", "tool"]
Finish: TypeAlias = Literal["stop", "length", "tools"]
FAIR_SECONDS: Final = 30.0
"""Who is well begins to answer within these; less is the asker's own haste."""


@dataclass(frozen=True, slots=True)
class ToolCall:
    """What a model wants done. `id` is the model's own; the answer names it."""

    id: str
    name: str
    arguments: Mapping[str, Json]


@dataclass(frozen=True, slots=True)
class Message:
    """One turn. One of role "tool" answers the call `call_id`."""

    role: Role
    text: str
    calls: tuple[ToolCall, ...] = ()
    call_id: str = ""


@dataclass(frozen=True, slots=True)
class Tool:
    """A tool that a model may call; `schema` is that of its arguments."""

    name: str
    description: str
    schema: Mapping[str, Json]


@dataclass(frozen=True, slots=True, kw_only=True)
class Ask:
    """What is asked. `schema` is what the answer's JSON is to fit, None for a text."""

    system: str
    messages: tuple[Message, ...]
    tools: tuple[Tool, ...] = ()
    temperature: float | None = None
    max_tokens: int = 1024
    schema: Mapping[str, Json] | None = None


@dataclass(frozen=True, slots=True)
class Reply:
    """A whole answer. `finish` is why it ended; "length": at `max_tokens`. Tokens are 0 where they were not told."""

    text: str
    calls: tuple[ToolCall, ...] = ()
    finish: Finish = "stop"
    input_tokens: int = 0
    output_tokens: int = 0


def nothing(*_: object) -> None:
    """Do nothing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """What stands around one call: who hears the words, how long it may take, and what ends it.

    `seconds` is for the whole answer. One that may take less than `fair` says nothing of a provider that is slower.
    `key` goes out as `Idempotency-Key`.
    """

    seconds: float = 120.0
    fair: float = FAIR_SECONDS
    key: str = ""
    say: Callable[[str], None] = nothing
    cancelled: Event = field(default_factory=Event)
    on_cancel: Callable[[Callable[[], None]], None] = nothing

    @property
    def is_fair(self) -> bool:
        """Whether it leaves a provider that is well the time to begin."""
        return self.seconds >= self.fair


class ProviderFailure(Exception):  # noqa: N818  (a result, not a defect)
    """A model did not answer. `retry_after` is in seconds, where the provider named it.

    `counts` tells whether it says something of the provider: what follows from the question alone, from how long it may
    take or from who gave it up, is held against nobody.
    """

    def __init__(
        self,
        code: str,
        message: str,
        *,
        goes_on: bool = False,
        counts: bool | None = None,
        retry_after: float | None = None,
    ) -> None:
        super().__init__(code, message)
        self.code = code
        self.message = message
        self.goes_on = goes_on
        self.counts = goes_on if counts is None else counts
        self.retry_after = retry_after


class Model(Protocol):
    """One model of one provider."""

    def answer(self, ask: Ask, call: Call) -> Reply:
        """Answer, word by word to `call.say`. Raises `ProviderFailure`."""
