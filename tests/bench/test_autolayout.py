"""The bench of the layout lays out what it says. Never how fast."""

from bench.autolayout import cases, report
from flows.autolayout import arrange


def test_every_case_is_laid_out_whole() -> None:
    for name, (boxes, links) in cases(60):
        assert len(boxes) == 60, name
        assert arrange(boxes, links).keys() == {box.id for box in boxes}, name


def test_each_has_its_line() -> None:
    lines = list(report([20]))

    assert len(lines) == len(list(cases(20)))
    assert all(" ms " in line and line.endswith(" lines") for line in lines)
