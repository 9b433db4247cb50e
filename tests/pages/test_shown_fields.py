"""Which fields a node's form shows, and what its lists offer: by the catalogue, for scripts and for readers without."""

import pytest

from flows.document import KINDS
from flows.limits import Limits
from flows.pages.forms import Field, node_sections
from flows.pages.forms.empty_forms import empty_forms
from tests.document.cast import a_node


def fields(kind: str, **settings: object) -> dict[str, Field]:
    found = node_sections(a_node(kind=kind, settings=settings), Limits())
    return {field.name.removeprefix("settings."): field for section in found for field in section.fields}


def shown(kind: str, **settings: object) -> set[str]:
    return {name for name, field in fields(kind, **settings).items() if not field.is_hidden}


def test_a_secret_is_shown_with_authentication_alone() -> None:
    assert "secret" not in shown("api")
    assert {"secret", "username"} <= shown("api", auth="basic")
    assert {"secret", "key_name", "key_in"} <= shown("api", auth="api_key")
    assert "username" not in shown("api", auth="bearer")
    assert "body" not in shown("api")
    assert "body" in shown("api", method="PUT")


@pytest.mark.parametrize(
    ("source", "own"),
    [
        ("webhook", {"secret", "format"}),
        ("schedule", {"cron", "time_zone"}),
        ("polling", {"endpoint", "cursor", "secret", "interval_ms", "format"}),
        ("file", {"pattern", "interval_ms", "format"}),
        ("database", {"database", "query", "cursor", "interval_ms"}),
    ],
)
def test_a_sensor_asks_for_what_its_source_needs(source: str, own: set[str]) -> None:
    by_source = {name for name, setting in KINDS["sensor"].by_name.items() if setting.shown_when}

    assert shown("sensor", source=source) & by_source == own


def test_what_does_nothing_for_a_kind_is_shown_only_where_it_is_set() -> None:
    assert not shown("transform") & {"retries", "timeout_ms", "runs_on"}
    assert "runs_on" in shown("transform", runs_on=["gpu"])
    assert "retries" not in shown("skill")
    assert {"retry_count", "retries"} <= shown("skill", retries=2)
    assert "join" not in shown("sensor")


def test_what_is_rare_stands_under_one_fold_at_the_end() -> None:
    sections = node_sections(a_node(kind="api"), Limits())
    folded = [section.is_folded for section in sections]

    assert folded == sorted(folded)
    assert [section.opens_more for section in sections].count(True) == 1
    assert sections[-1].closes_more


def test_a_value_that_is_not_offered_any_more_is_there_only_where_it_is_chosen() -> None:
    retired = [value for value, _title, is_retired in fields("sensor")["source"].options if is_retired]

    assert retired == ["pubsub"]
    assert "pubsub" in [value for value, _title, _retired in fields("sensor", source="pubsub")["source"].options]


def test_a_list_holds_what_is_chosen_whatever_it_is() -> None:
    assert ("ours", "ours", False) in fields("agent", provider="ours")["provider"].options
    assert ("17", "17", False) in fields("agent", join=17)["join"].options
    assert ("cel", "cel", False) in fields("decision", language="cel")["language"].options


def test_the_default_branch_is_one_of_the_branches() -> None:
    offered = fields("decision", branches=["yes", "no", "default"], default_branch="no")["default_branch"].options

    assert [value for value, _title, _retired in offered] == ["", "yes", "no"]


def test_a_join_may_be_a_number() -> None:
    join = fields("agent", join=3)["join"]

    assert (join.wire, join.text) == ("choice", "3")
    assert "With 3 inputs" in [title for _value, title, _retired in join.options]


def test_every_empty_field_of_text_shows_an_example() -> None:
    without = {
        f"{kind.name}.{setting.name}"
        for kind in KINDS.values()
        for setting in kind.settings
        if setting.type in ("text", "long_text", "names") and not (setting.example or setting.offers)
    }

    assert without <= {"decision.default_branch"}


def test_the_blank_forms_bring_the_words_and_the_sheet_of_what_scripts_make() -> None:
    html = empty_forms().html

    assert "data-form-words=" in html
    assert 'data-form-sheet="/static/css/fields' in html
    assert "&quot;add_field&quot;:&quot;Add a field&quot;" in html
