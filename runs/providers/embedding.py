"""Texts as vectors, by an endpoint of a registered provider: that of OpenAI, which Ollama and others offer too.

Which provider is asked follows from the model's name: the first that names it among its models, the installation's
default before the others. A default provider that names no models is asked for any.
"""

import math
from array import array
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from runs.models import Provider
from runs.providers.dialect import cut
from runs.providers.health import let_another, may_call, note_answer, note_failure
from runs.providers.http import HttpModel
from runs.providers.registry import http_model
from runs.providers.values import Call, ProviderFailure

DIALECT: Final = "openai"
LONGEST_TEXT: Final = 6_000
"""Characters of one text; models take some thousand tokens."""
MOST_DIMENSIONS: Final = 4_096


@dataclass(frozen=True, slots=True)
class Embedded:
    """A vector of length 1 as float32 in the order of this kind of machine's bytes, and what it took."""

    vector: bytes
    input_tokens: int = 0


@dataclass(frozen=True, slots=True)
class Embedder:
    """One embedding model of one provider."""

    row: Provider
    model: HttpModel

    def embed(self, text: str, call: Call) -> Embedded | None:
        """Return a text's vector; None while the provider is left alone. Raises `ProviderFailure`."""
        if not may_call(self.row, is_fair=call.is_fair):
            return None
        try:
            embedded = _read(self.model.embeddings([text[:LONGEST_TEXT]], call))
        except ProviderFailure as failure:
            if failure.counts:
                note_failure(self.row)
            else:
                let_another(self.row)
            raise
        note_answer(self.row)
        return embedded


def embedder_for(model: str) -> Embedder | None:
    """Return who embeds with a model; None if no provider offers it. Raises `ProviderFailure` ("secret_missing")."""
    rows = sorted(Provider.objects.filter(dialect=DIALECT), key=lambda row: (not row.default_model, row.id))
    named = (row for row in rows if model in row.model_names)
    row = next(named, None) or next((row for row in rows if row.default_model and not row.model_names), None)
    return None if row is None else Embedder(row, http_model(row, model))


def vector_of(numbers: Sequence[float]) -> bytes | None:
    """Return numbers as a vector of length 1; None for what is none."""
    length = math.sqrt(math.fsum(number * number for number in numbers))
    if not math.isfinite(length) or length == 0:
        return None
    return array("f", (number / length for number in numbers)).tobytes()


def _read(body: Any) -> Embedded:
    """Read an answer, in the form of OpenAI's or of Ollama's own. Raises `ProviderFailure`: a model that was named and
    embeds nothing says nothing of its provider.
    """
    try:
        numbers = body["data"][0]["embedding"] if "data" in body else body["embeddings"][0]
        if not 0 < len(numbers) <= MOST_DIMENSIONS or not all(type(one) in (int, float) for one in numbers):
            raise cut(counts=False)
        vector = vector_of(numbers)
        used = body.get("usage")
    except (AttributeError, IndexError, KeyError, OverflowError, TypeError):
        raise cut(counts=False) from None
    if vector is None:
        raise cut(counts=False)
    tokens = used.get("prompt_tokens") if isinstance(used, dict) else None
    return Embedded(vector, tokens if type(tokens) is int and tokens > 0 else 0)
