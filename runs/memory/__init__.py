"""What flows remember, as rows: kept, read, found by words and by meaning, and forgotten, within bounds."""

from runs.memory.keeping import append, check_key, forget, put
from runs.memory.meaning import LONGEST_MODEL, UNKNOWN, Meaning
from runs.memory.place import Place, place_of
from runs.memory.reading import everything, turns, value_under
from runs.memory.search import Found, search
from runs.memory.search_terms import text_of_value, words_of

__all__ = [
    "LONGEST_MODEL",
    "UNKNOWN",
    "Found",
    "Meaning",
    "Place",
    "append",
    "check_key",
    "everything",
    "forget",
    "place_of",
    "put",
    "search",
    "text_of_value",
    "turns",
    "value_under",
    "words_of",
]
