"""A language is offered when its catalogue is whole: every text of the source, and nothing else, with a translation."""

import gettext
import re
from collections import Counter
from html.parser import HTMLParser

import polib
import pytest
from django.conf import settings

from tests.texts import catalogues
from tests.texts.source import Text, texts, untranslatable

PLACEHOLDER = re.compile(r"%%|%\(\w+\)s|%[sd]|(?<!\{)\{\w+\}(?!\})")
each = pytest.mark.parametrize("language", catalogues.LANGUAGES)


def translations(entry: polib.POEntry) -> list[str]:
    return list(entry.msgstr_plural.values()) if entry.msgid_plural else [entry.msgstr]


def marks(text: str) -> tuple[Counter[str], list[tuple[str, str]]]:
    """Return what a translation may not lose: placeholders, and tags in their order."""
    tags: list[tuple[str, str]] = []
    parser = HTMLParser()
    parser.handle_starttag = lambda tag, attrs: tags.append(("start", tag))  # type: ignore[method-assign]
    parser.handle_endtag = lambda tag: tags.append(("end", tag))  # type: ignore[method-assign]
    parser.feed(text)
    return Counter(PLACEHOLDER.findall(text)), sorted(tags)


def test_a_text_is_found_wherever_it_stands() -> None:
    found = texts()
    assert found[Text("Not allowed")] == ["templates/403.html"]
    assert found[Text("“%(what)s” failed.")] == ["runs/commands/ending.py"], "kept for later"
    assert "templates/teams/email/invitation_message.txt" in found[Text("Join here:")], "a mail"
    assert found[Text("Parameters")] == ["templates/api/_reference.html"], "inside a tag"
    assert found[Text("Restore selected flows")] == ["flows/admin/flows.py"], "lazy"
    assert found[Text("%(counter)s node", "%(counter)s nodes")] == ["templates/flows/_inspect_nodes.html"]
    assert found[Text("Undo", context="action")]
    assert found[Text("Agent", context="node kind")] == ["flows/document: kinds"]
    assert len(found) > 500


def test_no_text_is_put_together_where_nobody_finds_it() -> None:
    assert untranslatable() == []


def test_the_languages_that_are_offered_are_those_that_have_a_catalogue() -> None:
    assert [code for code, _name in settings.LANGUAGES] == ["en", *catalogues.LANGUAGES]


@each
def test_a_catalogue_holds_every_text_and_no_other(language: str) -> None:
    held = [catalogues.key_of(entry) for entry in catalogues.read(language)]
    assert set(held) == set(texts()), "run `make messages`"
    assert len(held) == len(set(held))
    assert not catalogues.read(language).obsolete_entries()


@each
def test_a_catalogue_is_complete(language: str) -> None:
    catalogue = catalogues.read(language)
    assert catalogues.missing(catalogue) == []
    assert [entry.msgid for entry in catalogue if entry.fuzzy] == []


@each
def test_a_translation_keeps_placeholders_and_markup(language: str) -> None:
    for entry in catalogues.read(language):
        for source, text in zip([entry.msgid_plural or entry.msgid] * 2, translations(entry), strict=False):
            assert marks(text) == marks(source), text
            assert text.strip() == text
            assert ("\n" in text) == ("\n" in source)


@each
def test_a_translation_is_one(language: str) -> None:
    """What reads as in English is a name, a unit or a word of both languages: short, and never a sentence."""
    same = [entry.msgid for entry in catalogues.read(language) if entry.msgid in translations(entry)]
    said = {text: re.sub(r"%\(\w+\)\w|\{.*\}", "", text) for text in same}
    assert [text for text in same if len(said[text].split()) > 2 or (text.endswith(".") and text != "Markdown.")] == []


@each
def test_the_compiled_catalogue_says_the_same(language: str) -> None:
    catalogue = catalogues.read(language)
    with catalogues.path_of(language).with_suffix(".mo").open("rb") as file:
        compiled = gettext.GNUTranslations(file)
    for entry in catalogue:
        said = [
            compiled.npgettext(entry.msgctxt, entry.msgid, entry.msgid_plural, n)
            if entry.msgctxt
            else compiled.ngettext(entry.msgid, entry.msgid_plural, n)
            for n in (1, 2)
        ]
        if not entry.msgid_plural:
            said = [compiled.pgettext(entry.msgctxt, entry.msgid) if entry.msgctxt else compiled.gettext(entry.msgid)]
        assert said == translations(entry)
    with catalogues.path_of(language).with_suffix(".mo").open("rb") as file:
        assert file.read() == catalogue.to_binary()


def test_a_new_text_stands_in_the_catalogue_untranslated_and_an_unused_one_goes() -> None:
    catalogue = polib.POFile()
    catalogue.append(polib.POEntry(msgid="Old", msgstr="Alt"))
    catalogue.append(polib.POEntry(msgid="Kept", msgstr="Bleibt"))
    fresh = catalogues.updated(catalogue, {Text("Kept"): ["a.py"], Text("New"): ["b.py"]})
    assert [(entry.msgid, entry.msgstr) for entry in fresh] == [("Kept", "Bleibt"), ("New", "")]
    assert catalogues.missing(fresh) == ["New"]
