"""Asks a chain of models: the next one where one is overloaded, away, too slow or cut off, and only there.

What a provider refuses for what was asked, another one would be asked in vain and at a cost: it ends the chain.
"""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Literal, TypeAlias

from runs.providers.values import Ask, Call, Model, ProviderFailure, Reply
from web.deferred_translation import kept as _

State: TypeAlias = Literal["ok", "degraded", "down"]


@dataclass(frozen=True, slots=True)
class Candidate:
    """One model in a chain. `is_open` tells whether it may be asked now, `told` hears how that ended, None for well.

    Whoever was let in tells it, also of what says nothing of the provider.
    """

    provider: str
    model_name: str
    model: Model
    is_open: Callable[[Call], bool] = lambda _: True
    told: Callable[[ProviderFailure | None], None] = lambda _: None


@dataclass(frozen=True, slots=True)
class Try:
    """One call that was made: `outcome` is "done" or the code of its failure."""

    provider: str
    model: str
    outcome: str
    input_tokens: int = 0
    output_tokens: int = 0


@dataclass(frozen=True, slots=True)
class Answered:
    """The answer, and every call that it took."""

    reply: Reply
    tries: tuple[Try, ...]


def ask_chain(chain: Sequence[Candidate], ask: Ask, call: Call, tries: list[Try] | None = None) -> Answered:
    """Return the first answer, within `call.seconds` all in all. Raises the `ProviderFailure` of the last one asked.

    `tries` takes every call that was made, also where none was answered.
    """
    deadline, tries, failure = time.monotonic() + call.seconds, [] if tries is None else tries, _all_down()
    for candidate in chain:
        left = deadline - time.monotonic()
        if left <= 0:
            break
        this = replace(call, seconds=left)
        if not candidate.is_open(this):
            continue
        try:
            reply = candidate.model.answer(ask, this)
        except ProviderFailure as failed:
            failure = failed
            candidate.told(failed)
            tries.append(Try(candidate.provider, candidate.model_name, failed.code))
            if not failed.goes_on:
                break
            continue
        candidate.told(None)
        tokens = (reply.input_tokens, reply.output_tokens)
        tries.append(Try(candidate.provider, candidate.model_name, "done", *tokens))
        return Answered(reply, tuple(tries))
    raise failure


def _all_down() -> ProviderFailure:
    message = _("Every provider of this agent failed lately and is left alone for a moment.")
    return ProviderFailure("provider", message, goes_on=True, retry_after=30)
