"""Triggers: what happens outside starts runs. Hooks are called; schedules, polls, files and databases are looked at.

`sensors` reads a sensor's settings, `formats` and `filters` what comes, `firing` starts runs (each event one),
`ticking` is the loop's one step, and `ahead` mends due times after a clock was wrong. An event is a row under a name
that is unique for its trigger, written in the same transaction as its run: so over any number of processes and restarts
each event starts one run.
"""

from runs.triggers.ahead import put_right
from runs.triggers.ticking import tick, tidy

__all__ = ["put_right", "tick", "tidy"]
