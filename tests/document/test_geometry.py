"""Ports and curves stand where the design sheet has them, and where the browser puts them too."""

import math
import re
from itertools import pairwise

import pytest

from flows.document import curve_between, edge_path, port_point
from tests.vectors import curves

from .cast import a_node


def numbers(path: str) -> list[float]:
    return [float(number) for number in re.findall(r"-?\d+(?:\.\d+)?", path)]


def test_the_shared_vectors_are_what_the_code_answers() -> None:
    assert curves.FILE.read_text(encoding="utf-8") == curves.text()


def test_a_calm_curve_by_hand() -> None:
    curve = curve_between((100, 40), (300, 120))
    assert curve.d == "M100 40C200 40 191 120 291 120"
    assert curve.arrow == "M290 115.5L298.5 120L290 124.5Z"
    assert curve.middle == (195.5, 80)


@pytest.mark.parametrize(
    ("dx", "k"), [(20, 28), (56, 28), (100, 50), (240, 120), (900, 120), (-8, 81), (-800, 180), (-9000, 240)]
)
def test_how_long_the_handles_are(dx: int, k: int) -> None:
    x1, _, c1, _, c2, _, x2, _ = numbers(curve_between((0, 0), (dx, 50)).d)
    assert (c1 - x1, x2 - c2) == (k, k)


@pytest.mark.parametrize("end", [(300, 120), (20, -400), (-300, 77.7)])
def test_the_middle_is_at_half_of_the_length(end: tuple[float, float]) -> None:
    curve = curve_between((0, 0), end)
    p = numbers(curve.d)

    def at(t: float) -> tuple[float, float]:
        weights = ((1 - t) ** 3, 3 * t * (1 - t) ** 2, 3 * t * t * (1 - t), t**3)
        return tuple(sum(w * p[2 * i + axis] for i, w in enumerate(weights)) for axis in (0, 1))

    points = [at(step / 2000) for step in range(2001)]
    lengths = [math.dist(a, b) for a, b in pairwise(points)]
    assert sum(lengths[:1000]) == pytest.approx(sum(lengths[1000:]), rel=1e-3)
    assert math.dist(curve.middle, points[1000]) < 0.1


def test_ports_stand_on_the_borders_at_the_centre() -> None:
    agent = a_node(x=100, y=200)
    assert port_point(agent, "in", "in") == (100, 240)
    assert port_point(agent, "out", "out") == (244, 240)


def test_a_loop_has_its_two_outputs_around_the_centre() -> None:
    loop = a_node(kind="loop")
    assert [port_point(loop, port, "out") for port in ("each", "out")] == [(120, 20), (120, 40)]


def test_branches_begin_58_below_the_top_and_follow_every_20() -> None:
    decision = a_node(kind="decision", settings={"branches": ["a", "b"]})
    assert (decision.width, decision.height) == (120, 108)
    assert [port_point(decision, port, "out")[1] for port in ("a", "b", "default")] == [58, 78, 98]


def test_in_too_low_a_node_branches_share_what_is_below_the_header() -> None:
    decision = a_node(kind="decision", height=74, settings={"branches": ["a", "b"]})
    assert [port_point(decision, port, "out")[1] for port in ("a", "b", "default")] == [49, 59, 69]


def test_an_edge_runs_from_border_to_border() -> None:
    source, target = a_node(x=0, y=0), a_node("n2", x=300, y=0)
    assert edge_path(source, "out", target, "in") == curve_between((144, 40), (300, 40))
