"""How long laying out takes: flows of 500 and 5,000 nodes of every awkward form, by this thread's clock.

`python -m bench.autolayout`. The gates are 300 ms and 3 s. What a test can hold is the work, which is counted:
`tests/autolayout`.
"""

import random
from collections.abc import Iterator, Sequence
from itertools import pairwise
from statistics import median
from time import thread_time

from flows.autolayout import Box, Work, arrange

GATES = {500: 0.3, 5_000: 3.0}
TIMES = 3

Flow = tuple[Sequence[Box], Sequence[tuple[str, str, int]]]


def cases(count: int) -> Iterator[tuple[str, Flow]]:
    """Yield flows of so many nodes, by name."""
    boxes = [Box(f"n{at}", 136, 60) for at in range(count)]
    ids = [box.id for box in boxes]
    chain = [(one, other, 0) for one, other in pairwise(ids)]
    yield "chain", (boxes, chain)
    yield "chain with skips", (boxes, chain + _random_links(ids, count, count))
    yield "fan-out", (boxes, [(ids[0], id, 0) for id in ids[1:]])
    yield "tree", (boxes, [(ids[(at - 1) // 3], ids[at], at % 3) for at in range(1, count)])
    yield "like a flow", (boxes, _like_a_flow(ids, count // 5, 12))
    yield "dense", (boxes, _like_a_flow(ids, count, 30))
    yield "very dense", (boxes, _like_a_flow(ids, 3 * count, 50))
    yield "random", (boxes, _random_links(ids, 2 * count, count))
    yield "two columns", (boxes, _two_columns(ids))
    yield "loose", (boxes, [])
    groups = [Box(f"g{at}", 320, 200, is_group=True) for at in range(count // 10)]
    held = [Box(box.id, 136, 60, f"g{at % len(groups)}") for at, box in enumerate(boxes[len(groups) :])]
    yield "groups", ([*groups, *held], _random_links([box.id for box in held], count, count))


def measure(flow: Flow) -> tuple[float, int]:
    """Return the median of seconds, and the lines looked at."""
    taken = []
    for _ in range(TIMES):
        work = Work.of(len(flow[0]))
        started = thread_time()
        arrange(*flow, work=work)
        taken.append(thread_time() - started)
    return median(taken), work.done


def report(counts: Sequence[int] = tuple(GATES)) -> Iterator[str]:
    """Yield a line for each case."""
    for count in counts:
        for name, flow in cases(count):
            seconds, work = measure(flow)
            gate = GATES.get(count)
            verdict = "" if gate is None else "ok" if seconds <= gate else f"over {gate * 1000:.0f} ms"
            yield f"{count:>6} {name:<18} {seconds * 1000:8.1f} ms {work:>10} lines  {verdict}".rstrip()


def _like_a_flow(ids: Sequence[str], more: int, reach: int) -> list[tuple[str, str, int]]:
    rng = random.Random(len(ids))
    links = [(ids[rng.randrange(max(0, at - reach), at)], ids[at], 0) for at in range(1, len(ids))]
    for _ in range(more):
        source = rng.randrange(len(ids))
        links.append((ids[source], ids[(source + rng.randrange(1, reach)) % len(ids)], 1))
    return links


def _two_columns(ids: Sequence[str]) -> list[tuple[str, str, int]]:
    rng, half = random.Random(len(ids)), len(ids) // 2
    return [(rng.choice(ids[:half]), rng.choice(ids[half:]), 0) for _ in range(4 * len(ids))]


def _random_links(ids: Sequence[str], count: int, seed: int) -> list[tuple[str, str, int]]:
    rng = random.Random(seed)
    return [(rng.choice(ids), rng.choice(ids), rng.randrange(3)) for _ in range(count)]


if __name__ == "__main__":
    for line in report():
        print(line, flush=True)
