"""The corpus: real files with what an independent reader counts in them, and small files that hurt."""

import csv
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from flows.interchange.formats import readable

FOLDER = Path(__file__).parent / "corpus"


@dataclass(frozen=True, slots=True)
class CorpusFile:
    """One file: its format, whether it must be read (`import`), refused (`refuse`) or either, and what is in it."""

    name: str
    format: str
    expect: str
    counts: dict[str, Any]

    @property
    def data(self) -> bytes:
        return (FOLDER / self.name).read_bytes()

    def __str__(self) -> str:
        return self.name


def real_files() -> Iterator[CorpusFile]:
    """Yield the real files of all formats that are there."""
    for one in json.loads((FOLDER / "expected.json").read_text()):
        if one["format"] in readable():
            yield CorpusFile(one["file"], one["format"], one["expect"], one)


def hostile_files() -> Iterator[CorpusFile]:
    """Yield the files that hurt."""
    with (FOLDER / "hostile" / "expectations.tsv").open() as rows:
        for row in csv.DictReader(rows, delimiter="\t", quoting=csv.QUOTE_NONE):
            if row["format"] in (*readable(), "auto"):
                yield CorpusFile(f"hostile/{row['file']}", row["format"], row["expect"], json.loads(row["more"]))
