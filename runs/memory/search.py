"""Memory found by words: the entries that hold most of what is asked, rare words counting more (BM25 without lengths).

The database finds who holds any of the words; what is ranked are their words alone, and values are read only of those
that are given back. Where a model embedded what is asked, entries are also found by meaning; one that both find counts
more than by either.
"""

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from functools import reduce
from operator import or_
from typing import Final

from django.db.models import Q

from flows.expressions import Json
from runs.memory.meaning import CANDIDATES, UNKNOWN, Meaning, similar
from runs.memory.place import Place
from runs.memory.reading import check_size
from runs.memory.search_terms import words_of
from runs.models import MemoryEntry
from runs.values import decode

MOST_ASKED: Final = 20
"""How many words of a question count: the longest, which mostly say most."""
SHORTEST_STEM: Final = 4


@dataclass(frozen=True, slots=True)
class Found:
    """One entry; `score`, from 0 to 1, is the share of what was asked that it holds, or its similarity, or of both."""

    key: str
    value: Json
    score: float


def search(
    place: Place, question: str, *, limit: int, meaning: Meaning = UNKNOWN, similarity: float = 0.0
) -> list[Found]:
    """Return the entries that fit a question best, the best first; none where no word and no meaning fits.

    `similarity` is what an entry needs at least to be found by meaning. Raises `TaskFailure` ("too_large").
    """
    by_words, by_meaning = _holding(place, question), similar(place, meaning, least=similarity)
    scores = {
        pk: 1 - (1 - by_words.get(pk, 0.0)) * (1 - by_meaning.get(pk, 0.0)) for pk in by_words.keys() | by_meaning
    }
    best = sorted(scores, key=lambda pk: (-scores[pk], -pk))[:limit]
    check_size(MemoryEntry.objects.filter(pk__in=best).values_list("bytes", flat=True))
    held = MemoryEntry.objects.defer("vector").in_bulk(best)
    return [Found(held[pk].key, decode(held[pk].value), round(scores[pk], 4)) for pk in best if pk in held]


def _holding(place: Place, question: str) -> dict[int, float]:
    """Return the share of a question that entries hold, by their keys in the database."""
    asked = [_stem(word) for word in sorted(words_of(question), key=len, reverse=True)][:MOST_ASKED]
    if not asked:
        return {}
    holds_any = reduce(or_, (Q(words__contains=f" {stem}") for stem in asked))
    return _scores(
        asked, list(place.entries().filter(holds_any).order_by("-pk").values_list("pk", "words")[:CANDIDATES])
    )


def _stem(word: str) -> str:
    """Return the beginning that other forms of a word share, roughly and in any language."""
    return word if len(word) <= SHORTEST_STEM else word[: max(SHORTEST_STEM, len(word) - 2)]


def _scores(asked: Sequence[str], rows: Sequence[tuple[int, str]]) -> dict[int, float]:
    holding = Counter(stem for stem in asked for _pk, words in rows if f" {stem}" in words)
    weights = {stem: math.log(1 + (len(rows) + 0.5) / (holding[stem] + 0.5)) for stem in asked}
    whole = sum(weights.values())
    return {pk: sum(weights[stem] for stem in asked if f" {stem}" in words) / whole for pk, words in rows}
