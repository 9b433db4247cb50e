"""What holds for every flow that can run, in every order in which its tasks end.

`test_planner_planted.py` plants defects and sees these laws fail.
"""

from collections.abc import Callable, Iterable
from random import Random

import pytest

from runs.plan import Key, Plan, compile_plan, decode_plan, encode_plan
from tests.nightly import seeds
from tests.runs.driver import Drive, Fate
from tests.runs.oracle import Oracle
from tests.runs.random_plans import PATIENT, STRICT, arbitrary_document, random_plan

Law = Callable[[int], None]


def every_order_ends_as_the_contract_says(seed: int) -> None:
    plan, fate = random_plan(seed), Fate(seed)
    assert decode_plan(encode_plan(plan)) == plan
    for order in range(2):
        drive = Drive(plan, fate, Random(order))
        drive.run()
        expect(drive)


def what_stopped_a_run_leaves_no_trace_once_it_is_taken_up(seed: int) -> None:
    drive = Drive(random_plan(seed), Fate(seed, fails=0.4, stops=True), Random(seed))
    drive.run()
    while drive.halts:
        drive.retry(drive.halts.pop())
        drive.go_on()
    expect(drive)


def a_failure_that_is_mended_leaves_no_trace_where_nothing_ran_without_it(seed: int) -> None:
    drive = Drive(random_plan(seed, STRICT), Fate(seed, fails=0.3), Random(seed))
    drive.run()
    while failed := to_mend(drive):
        for key in drive.order.sample(failed, drive.order.randint(1, len(failed))):
            drive.retry(key)
            for _ in range(drive.order.randint(0, len(drive.todo))):
                drive.step()
        drive.go_on()
    expect(drive)


def everything_ends_whatever_is_taken_up_and_when(seed: int) -> None:
    drive = Drive(random_plan(seed), Fate(seed, fails=0.4), Random(seed))
    drive.run()
    while failed := to_mend(drive):
        drive.retry(drive.order.choice(failed))
        drive.go_on()


def whatever_validation_lets_through_runs_to_its_end(seed: int) -> None:
    """Any edges between any nodes: what nothing is wrong with waits for nothing for ever."""
    plan = compile_plan(arbitrary_document(seed))
    if isinstance(plan, Plan):
        drive = Drive(plan, Fate(seed), Random(seed))
        drive.run()
        expect(drive)


def what_validation_lets_a_text_mention_has_ended_when_it_is_read(seed: int) -> None:
    plan = compile_plan(arbitrary_document(seed, PATIENT))
    if isinstance(plan, Plan):
        drive = Drive(plan, Fate(seed), Random(seed), reads_ended=True)
        drive.run()
        expect(drive)


LAWS: tuple[Law, ...] = (
    every_order_ends_as_the_contract_says,
    what_stopped_a_run_leaves_no_trace_once_it_is_taken_up,
    a_failure_that_is_mended_leaves_no_trace_where_nothing_ran_without_it,
    everything_ends_whatever_is_taken_up_and_when,
    whatever_validation_lets_through_runs_to_its_end,
    what_validation_lets_a_text_mention_has_ended_when_it_is_read,
)


@pytest.mark.parametrize("law", LAWS, ids=lambda law: law.__name__)
def test_law(law: Law) -> None:
    hold(law, seeds(150, nightly=5_000))


def hold(law: Law, numbers: Iterable[int]) -> None:
    """Try a law with each seed, and name the one with which it does not hold."""
    for seed in numbers:
        try:
            law(seed)
        except Exception as error:
            raise AssertionError(f"HELIX_SEED={seed}: {error!r:.2000}") from error


def to_mend(drive: Drive) -> list[Key]:
    """Return the tasks that failed, without loops, which fail by what is in them."""
    return [
        key
        for key, (state, _ports) in sorted(drive.picture().items())
        if state == "failed" and drive.plan.steps[key[0]].kind != "loop"
    ]


def expect(drive: Drive) -> None:
    """The run ended as the contract says."""
    expected = Oracle(drive.plan, drive.fate)
    expected.all()
    picture = drive.picture()
    missing = expected.ends.keys() - picture.keys()
    assert missing <= expected.optional
    assert picture == {key: end for key, end in expected.ends.items() if key not in missing}
    assert drive.values == {key: value for key, value in expected.values.items() if key not in missing}
