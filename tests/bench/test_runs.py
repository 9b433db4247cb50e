"""The measurement of runs measures: a short fan-out on a real server, with all that is noted beside it."""

from pathlib import Path

from bench.runs import cases
from bench.runs.stage import Setup, chain, fan_out


def test_a_fan_out_is_timed_while_a_person_edits(tmp_path: Path) -> None:
    found = cases.fanned_out(Setup("sqlite", 1), tmp_path, tasks=8)

    assert found.tasks == 8
    assert min(found.seconds, found.cpu, found.edit_p50, found.memory) > 0
    assert found.edit_p50 <= found.edit_p95


def test_flows_are_as_long_as_they_are_wanted() -> None:
    assert [len(part) for part in chain(5)] == [5, 4]
    assert [len(part) for part in fan_out(5)] == [3, 2]
