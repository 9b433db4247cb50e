"""`make messages`: bring the catalogues in `locale/` up to date with the source, compile them, say what is missing.

A catalogue keeps the translations that are still used and loses the others; a new text stands in it empty. The compiled
file lies beside it in the repository, because an installation has nothing but Python.
"""

import sys
from pathlib import Path

import polib

from tests.texts.source import ROOT, Text, texts

LANGUAGES = ("de", "es")
WIDTH = 120


def path_of(language: str) -> Path:
    """Return where a language's catalogue lies."""
    return ROOT / "locale" / language / "LC_MESSAGES" / "django.po"


def read(language: str) -> polib.POFile:
    """Read a catalogue."""
    return polib.pofile(str(path_of(language)), wrapwidth=WIDTH)


def updated(catalogue: polib.POFile, found: dict[Text, list[str]]) -> polib.POFile:
    """Return the catalogue with exactly the texts that were found; what was translated before still is."""
    known = {key_of(entry): entry for entry in catalogue if not entry.obsolete}
    fresh = polib.POFile(wrapwidth=WIDTH)
    fresh.header, fresh.metadata = catalogue.header, catalogue.metadata
    fresh.metadata_is_fuzzy = catalogue.metadata_is_fuzzy
    for text, files in found.items():
        entry = _entry(text)
        if (old := known.get(text)) is not None:
            entry.msgstr, entry.tcomment, entry.flags = old.msgstr, old.tcomment, old.flags
            entry.msgstr_plural = old.msgstr_plural or entry.msgstr_plural
        entry.occurrences = [(file, "") for file in files]
        fresh.append(entry)
    return fresh


def key_of(entry: polib.POEntry) -> Text:
    """Return the text that an entry translates."""
    return Text(entry.msgid, entry.msgid_plural or "", entry.msgctxt or "")


def missing(catalogue: polib.POFile) -> list[str]:
    """Return what nobody has translated, or only by guess."""
    return [entry.msgid for entry in catalogue if not entry.translated()]


def _entry(text: Text) -> polib.POEntry:
    entry = polib.POEntry(msgid=text.id, msgctxt=text.context or None, msgid_plural=text.plural)
    if text.plural:
        entry.msgstr_plural = {0: "", 1: ""}
    return entry


def main() -> int:
    """Write both files of each language; 1 if a text has no translation."""
    import django

    django.setup()
    found, count = texts(), 0
    for language in LANGUAGES:
        catalogue = updated(read(language), found)
        catalogue.save(str(path_of(language)))
        catalogue.save_as_mofile(str(path_of(language).with_suffix(".mo")))
        for text in missing(catalogue):
            count += 1
            sys.stdout.write(f"{language}: not translated: {text}\n")
    sys.stdout.write(f"{len(found)} texts, {count} translations missing.\n")
    return 1 if count else 0


if __name__ == "__main__":
    sys.exit(main())
