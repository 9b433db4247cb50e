"""The inspector's form of every kind: shown, sent back unchanged it changes nothing; what is typed becomes JSON."""

import re

import pytest
from django.http import QueryDict
from django.utils.translation import override

from flows.document import DEFAULT_LIMITS, KINDS, Node, check_settings
from flows.pages.forms import ABSENT, Reading, Section, node_sections, parsed, read, with_errors, written
from flows.pages.forms.empty_forms import empty_forms


def node(kind: str, **settings: object) -> Node:
    of = KINDS[kind]
    return Node("n1", kind, 0, 0, of.width, of.height, of.title, "", of.colour, None, True, settings)


def sections(kind: str, **settings: object) -> tuple[Section, ...]:
    return node_sections(node(kind, **settings), DEFAULT_LIMITS)


def sent(shown: tuple[Section, ...], **typed: str) -> QueryDict:
    """What a browser sends for this form."""
    data = QueryDict(mutable=True)
    for field in (field for section in shown for field in section.fields):
        if field.type == "boolean":
            data[f"{field.name}.sent"] = "1"
            if field.value:
                data[field.name] = "on"
        else:
            data[field.name] = field.text
    data.update(typed)
    return data


# What cannot be read.


@pytest.mark.parametrize(
    ("name", "text"),
    [("settings.max_tokens", "many"), ("settings.max_tokens", "1.5"), ("settings.temperature", "warm")],
)
def test_what_is_no_number_is_told_at_its_field(name: str, text: str) -> None:
    shown = sections("agent")
    reading = read(shown, sent(shown, **{name: text}))
    assert reading.changes == {}
    assert reading.errors.keys() == {name}
    again = with_errors(shown, reading.errors, sent(shown, **{name: text}))
    field = next(field for section in again for field in section.fields if field.name == name)
    assert field.text == text
    assert field.described_by.endswith(f"{field.id}-error")


def test_what_is_no_json_is_told_at_its_field() -> None:
    shown = sections("input")
    reading = read(shown, sent(shown, **{"settings.fields": "{a: 1}"}))
    assert reading.errors.keys() == {"settings.fields"}


# What is read.


@pytest.mark.parametrize("kind", KINDS)
def test_a_form_sent_back_as_it_was_changes_nothing(kind: str) -> None:
    shown = sections(kind)
    assert read(shown, sent(shown)) == Reading()


@pytest.mark.parametrize("kind", KINDS)
def test_every_setting_has_its_field(kind: str) -> None:
    names = {field.name for section in sections(kind) for field in section.fields}
    assert names == {"label", "description"} | {f"settings.{setting.name}" for setting in KINDS[kind].settings}


VALUES: dict[str, tuple[str, object]] = {
    "text": ("hello", "hello"),
    "long_text": ("one\r\ntwo", "one\ntwo"),
    "integer": ("7", 7),
    "number": ("0.5", 0.5),
    "names": (" a \n\nb\n", ["a", "b"]),
    "json": ('{"a": [1, true, null]}', {"a": [1, True, None]}),
}


@pytest.mark.parametrize("kind", KINDS)
def test_what_is_typed_becomes_a_value_that_the_document_takes(kind: str) -> None:
    shown = sections(kind)
    for setting in KINDS[kind].settings:
        if setting.type in {"boolean", "choice"}:
            is_off = setting.default is True
            text = (
                ("" if is_off else "on")
                if setting.type == "boolean"
                else next(value for value, _ in setting.choices if value != setting.default)
            )
            value: object = not is_off if setting.type == "boolean" else text
        else:
            text, value = VALUES[setting.type]
        reading = read(shown, sent(shown, **{f"settings.{setting.name}": text}))
        assert reading == Reading({"settings": {setting.name: value}})
        check_settings(kind, {setting.name: value}, DEFAULT_LIMITS)


def test_an_emptied_setting_is_removed_and_an_emptied_label_is_empty() -> None:
    shown = sections("agent", model="gpt", max_tokens=5)
    typed = sent(shown, label="", **{"settings.model": "", "settings.max_tokens": ""})
    assert read(shown, typed).changes == {"label": "", "settings": {"model": None, "max_tokens": None}}


def test_a_field_that_was_not_sent_stays() -> None:
    assert read(sections("group", collapsed=True), QueryDict("label=Other")).changes == {"label": "Other"}


def test_a_switch_that_is_off_is_false() -> None:
    shown = sections("group", collapsed=True)
    assert read(shown, QueryDict("settings.collapsed.sent=1")).changes == {"settings": {"collapsed": False}}


@pytest.mark.parametrize("type", ["text", "integer", "number", "names", "json"])
def test_nothing_typed_is_absent(type: str) -> None:
    assert parsed(type, "  ") is ABSENT


def test_numbers_are_shown_as_they_are_kept() -> None:
    assert [written("number", value) for value in (0.2, 1, 1e-7)] == ["0.2", "1", "1e-7"]


@pytest.mark.parametrize("language", ["en", "de", "es"])
def test_sliders_are_written_as_html_has_them(language: str) -> None:
    with override(language):
        sliders = re.findall(r'<input class="slider"[^>]*>', empty_forms().html)
    assert 'step="0.1" value="0.7"' in sliders[0]
    assert not re.findall(r'="\d+,\d', "".join(sliders))


@pytest.mark.parametrize(("language", "shown"), [("en", "0.7"), ("de", "0,7"), ("es", "0,7")])
def test_numbers_are_shown_as_the_language_writes_them(language: str, shown: str) -> None:
    with override(language):
        form = empty_forms().html
    assert f'name="settings.temperature" data-type="number" value="{shown}"' in form
    assert ' type="number"' not in form
    assert 'data-type="integer" value="1024"' in form


def test_what_could_mean_two_numbers_is_refused_and_stays_as_it_was_typed() -> None:
    shown = sections("agent", max_tokens=7)
    reading = read(shown, typed := QueryDict("settings.max_tokens=1.000&settings.temperature=0,1"))
    assert reading.errors == {
        "settings.max_tokens": "This could mean two numbers. Write it without thousands separators."
    }
    assert reading.changes == {"settings": {"temperature": 0.1}}
    again = {one.name: one for section in with_errors(shown, reading.errors, typed) for one in section.fields}
    assert again["settings.max_tokens"].text == "1.000"
