"""How a worker's machine is doing: degraded from 70 % of processor, memory or disk, unhealthy from 90 %.

An unhealthy worker claims nothing. Two of these measures say less than they seem to: a processor is busy because we
work, and of a large disk a tenth is plenty. So the processor's is a minute's mean and leaves each person a quarter of a
worker's places, and a disk is never unhealthy while it has 2 GiB free.
"""

import os
import shutil
from dataclasses import dataclass
from pathlib import Path

from web.cores import cores

DEGRADED, UNHEALTHY = 0.7, 0.9
WHOLE = 100
ENOUGH_DISK = 2 << 30
SANDBOX_FAILURES = 5
"""In a row."""
PROBE_SECONDS = 30.0
"""So long after the last of them one task is begun, to see whether the sandbox works again."""


@dataclass(frozen=True, slots=True)
class Measured:
    """Shares of what there is, 0 to 1; failures of the sandbox in a row, and the seconds since the last."""

    processor: float = 0.0
    memory: float = 0.0
    disk: float = 0.0
    sandbox_failures: int = 0
    sandbox_quiet: float = 0.0

    @property
    def health(self) -> str:
        """Return "healthy", "degraded" or "unhealthy"."""
        worst = max(self.processor, self.memory, self.disk)
        if worst >= UNHEALTHY or self.sandbox_failures >= SANDBOX_FAILURES:
            return "unhealthy"
        return "degraded" if worst >= DEGRADED else "healthy"

    def may_claim(self, held: int) -> bool:
        """Tell whether a worker that holds so much may claim more."""
        if max(self.memory, self.disk) >= UNHEALTHY:
            return False
        return self.sandbox_failures < SANDBOX_FAILURES or (held == 0 and self.sandbox_quiet >= PROBE_SECONDS)

    def most_each(self, capacity: int, percent: int) -> int:
        """Return how many places of a worker one account may have: so much of a hundred, and never the last of several.

        With a busy processor a quarter, so that who keeps it busy keeps nobody from beginning.
        """
        most = capacity // 4 if self.processor >= UNHEALTHY else capacity * percent // 100
        return max(1, min(most, capacity - (percent < WHOLE), capacity))


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
