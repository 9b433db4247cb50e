"""Memory found by meaning: vectors that one embedding model made, compared by the cosine of their angle.

They have length 1, so that is their product. Vectors of another model, or of another length, say nothing here.
"""

from array import array
from dataclasses import dataclass
from operator import mul
from typing import Final

from runs.memory.place import Place

CANDIDATES: Final = 5_000
"""So many entries are compared: the newest."""
LONGEST_MODEL: Final = 200


@dataclass(frozen=True, slots=True)
class Meaning:
    """What a text means to a model: a vector of float32 of length 1. Empty where no model was asked, or none said."""

    model: str = ""
    vector: bytes = b""


UNKNOWN: Final = Meaning()


def similar(place: Place, meaning: Meaning, *, least: float) -> dict[int, float]:
    """Return how similar entries are to a meaning, from `least` to 1, by their keys in the database."""
    if not meaning.vector:
        return {}
    asked = array("f", meaning.vector)
    rows = place.entries().filter(embedded_by=meaning.model, vector_bytes=len(meaning.vector))
    found = rows.order_by("-pk").values_list("pk", "vector")[:CANDIDATES]
    cosines = ((pk, sum(map(mul, asked, array("f", bytes(vector))))) for pk, vector in found.iterator(chunk_size=500))
    return {pk: min(1.0, cosine) for pk, cosine in cosines if cosine > 0 and cosine >= least}
