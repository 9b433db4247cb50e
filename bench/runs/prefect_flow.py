"""Flows that Prefect runs for `bench.runs`, in its own environment; prints when one began, without its start."""

import json
import sys
import time

from prefect import flow, task
from prefect.task_runners import ThreadPoolTaskRunner


@task
def step(value: int) -> int:
    """Do nothing."""
    return value


@task
def wait(seconds: float) -> None:
    """Take long."""
    time.sleep(seconds)


@flow
def chain(length: int) -> float:
    """Run tasks one after the other."""
    began = time.time()
    value = 0
    for _ in range(length):
        value = step(value)
    return began


@flow(task_runner=ThreadPoolTaskRunner(max_workers=8))
def fan_out(tasks: int) -> float:
    """Run a task for each of many items, eight at once as in our server."""
    began = time.time()
    results = step.map(range(tasks)).result()
    if results != list(range(tasks)):
        raise RuntimeError("results are not in the order of the items")
    return began


@flow
def long() -> float:
    """Be at something for longer than anybody looks."""
    wait(600)
    return 0.0


if __name__ == "__main__":
    what, *counts = sys.argv[1:]
    print(json.dumps({"chain": chain, "fan-out": fan_out, "long": long}[what](*map(int, counts))))
