"""How a worker's machine is doing: degraded from 70 % of processor, memory or disk, unhealthy from 90 %.

An unhealthy worker claims nothing. A sandbox that fails closes the worker to those alone whose tasks met it, so nobody
can close it to others; that too counts as degraded. Two of these measures say less than they seem to: a processor is
busy because we work, and of a large disk a tenth is plenty. So the processor's is a minute's mean and leaves each
person a quarter of a worker's places, and a disk is never unhealthy while it has 2 GiB free.
"""

import os
import shutil
import threading
from dataclasses import dataclass
from pathlib import Path

from runs.work.clock import elapsed
from web.cores import cores

DEGRADED, UNHEALTHY = 0.7, 0.9
WHOLE = 100
ENOUGH_DISK = 2 << 30
SANDBOX_FAILURES = 5
"""In a row, of one account."""
PROBE_SECONDS = 30.0
"""So long after the last of them one task of the account is begun, to see whether the sandbox works again."""
MOST_ACCOUNTS = 1_000
"""Of how many accounts failures are known: the last that met one."""


@dataclass(frozen=True, slots=True)
class Measured:
    """Shares of what there is, 0 to 1; the most failures of the sandbox in a row that one account met."""

    processor: float = 0.0
    memory: float = 0.0
    disk: float = 0.0
    sandbox_failures: int = 0

    @property
    def health(self) -> str:
        """Return "healthy", "degraded" or "unhealthy"."""
        worst = max(self.processor, self.memory, self.disk)
        if worst >= UNHEALTHY:
            return "unhealthy"
        return "degraded" if worst >= DEGRADED or self.sandbox_failures >= SANDBOX_FAILURES else "healthy"

    @property
    def may_claim(self) -> bool:
        """Whether a worker may claim more."""
        return max(self.memory, self.disk) < UNHEALTHY

    def most_each(self, capacity: int, percent: int) -> int:
        """Return how many places of a worker one account may have: so much of a hundred, and never the last of several.

        With a busy processor a quarter, so that who keeps it busy keeps nobody from beginning.
        """
        most = capacity // 4 if self.processor >= UNHEALTHY else capacity * percent // 100
        return max(1, min(most, capacity - (percent < WHOLE), capacity))


class SandboxFailures:
    """Failures of the sandbox in a row, by the account whose tasks met them."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._met: dict[str, tuple[int, float]] = {}
        """How many, and when the last was; who met one last stands last."""

    def note(self, account: str, *, failed: bool) -> None:
        """Count how a task of an account ended."""
        with self._lock:
            count, _at = self._met.pop(account, (0, 0.0))
            if failed:
                self._met[account] = count + 1, elapsed()
                if len(self._met) > MOST_ACCOUNTS:
                    del self._met[next(iter(self._met))]

    def most_each(self, account: str, most: int) -> int:
        """Return how many of so many places an account may have: after too many failures none, and after a while one,
        to see whether the sandbox works again."""
        with self._lock:
            count, at = self._met.get(account, (0, 0.0))
        if count < SANDBOX_FAILURES:
            return most
        return min(most, 1) if elapsed() - at >= PROBE_SECONDS else 0

    def worst(self) -> int:
        """Return the most that one account met."""
        with self._lock:
            return max((count for count, _at in self._met.values()), default=0)


def measure(folder: Path, *, sandbox_failures: int = 0) -> Measured:
    """Measure now; what the system does not tell counts as nothing."""
    return Measured(processor(), memory(), disk(folder), sandbox_failures)


def processor() -> float:
    """Return the last minute's load as a share of the cores."""
    try:
        return min(1.0, os.getloadavg()[0] / cores())
    except OSError:
        return 0.0


def memory() -> float:
    """Return the share of memory that nobody could have: of the machine, or of our group if that has less."""
    try:
        told = dict(line.split(":", 1) for line in Path("/proc/meminfo").read_text().splitlines())
        total, free = (int(told[name].split()[0]) for name in ("MemTotal", "MemAvailable"))
    except (OSError, KeyError, ValueError):
        return 0.0
    return max(1 - free / total, _group_memory())


def disk(folder: Path) -> float:
    """Return the share of the disk that is used; just below unhealthy while enough is free."""
    usage = shutil.disk_usage(folder)
    share = 1 - usage.free / usage.total
    return share if usage.free < ENOUGH_DISK else min(share, UNHEALTHY - 0.01)


def _group_memory() -> float:
    group = Path("/sys/fs/cgroup")
    try:
        most = (group / "memory.max").read_text().strip()
        used = int((group / "memory.current").read_text())
        kept = dict(line.split() for line in (group / "memory.stat").read_text().splitlines())
    except (OSError, ValueError):
        return 0.0
    return 0.0 if most == "max" else max(0.0, used - int(kept.get("inactive_file", 0))) / int(most)
