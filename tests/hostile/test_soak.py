"""A short soak; `make soak MINUTES=10` is a long one, and `make nightly` ends with an hour."""

import re
import subprocess
import sys

from tests.servers import ROOT

MINUTES, SEED = 0.25, 7


def test_two_processes_heal_from_whatever_happens_to_them() -> None:
    command = [sys.executable, "-m", "tests.hostile.soak", "--minutes", str(MINUTES), "--seed", str(SEED)]
    soak = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert soak.returncode == 0, soak.stdout[-2000:] + soak.stderr[-4000:]
    counts = {what: int(count) for what, count in re.findall(r"[:,] ([a-z ]+) (\d+)", soak.stdout)}
    assert counts["applied"] >= 30, counts
    assert counts["kills"] and counts["resent"], counts
