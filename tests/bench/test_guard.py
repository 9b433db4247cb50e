"""The guard compares ratios with the record, and names what is worse."""

from bench import guard
from bench.guard import ALLOWED, Figures, fallen, ratios, read, written

OURS = {
    "Helix, uvicorn, sqlite": Figures((4.0, 20.0, 500_000.0, 2e-4)),
    "Helix, daphne, sqlite": Figures((5.0, 12.0, 700_000.0, 1.5e-4)),
}
THEIRS = [Figures((2.0, 9.0, 900_000.0, 1e-4)), Figures((2.0, 11.0, 1_100_000.0, 1e-4))]


def test_each_figure_is_a_multiple_of_the_mean_of_theirs() -> None:
    found = ratios(OURS, THEIRS)
    assert found["Helix, uvicorn, sqlite"] == dict(zip(guard.COLUMNS, (2.0, 2.0, 0.5, 2.0), strict=True))


def test_what_neither_reached_is_unknown_and_does_not_count() -> None:
    none = Figures((2.0, 10.0, None, None))
    found = ratios({"one": none, "two": Figures((2.0, 10.0, 1.0, 1.0))}, [none])
    assert list(found["one"].values()) == list(found["two"].values()) == [1.0, 1.0, None, None]
    assert ratios(OURS, [THEIRS[0], none])["Helix, uvicorn, sqlite"]["CPU a delivery"] == 2.0


def test_the_record_is_read_as_it_was_written() -> None:
    found = ratios(OURS, [*THEIRS, Figures((2.0, None, None, None))])
    text = f"# Speed\n\n{guard.BEGIN}\n{written(found)}{guard.END}\n\n| more | tables |\n"
    assert read(text).keys() == found.keys()
    assert fallen(read(text), found) == [] == fallen(found, read(text))
    assert read("# Speed") == {}


def test_what_is_worse_by_more_than_is_allowed_is_named() -> None:
    before = {"one": dict.fromkeys(guard.COLUMNS, 1.0)}
    for column in guard.COLUMNS:
        is_more = column in guard.MORE_IS_BETTER
        for factor, count in ((ALLOWED * 1.01, 1), (ALLOWED * 0.99, 0), (1 / 3, 0)):
            now = {"one": before["one"] | {column: 1 / factor if is_more else factor}}
            assert len(fallen(before, now)) == count, (column, factor)
    (said,) = fallen(before, {"one": before["one"] | {"p99": 2.0}})
    assert "one" in said and "p99" in said and "2.0" in said


def test_what_was_reached_and_is_not_any_more_is_named() -> None:
    before = {"one": {"most deliveries/s": 0.5}}
    assert len(fallen(before, {"one": {"most deliveries/s": None}})) == 1 == len(fallen(before, {}))


def test_the_document_holds_a_record_of_both_servers_on_both_databases() -> None:
    assert read(guard.RECORD.read_text()).keys() == {
        f"Helix, {server}, {database}" for server in ("uvicorn", "daphne") for database in ("sqlite", "postgresql")
    }
