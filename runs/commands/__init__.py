"""All that changes a run, and nothing else writes its rows.

Every command is one transaction that first locks the run's row; after its commit it tells those who follow the flow
that there are events, and the engine what to hand to workers.
"""

from runs.commands.answering import answer
from runs.commands.claiming import (
    claim_all,
    claim_task,
    expect_held,
    lose,
    not_wanted,
    release,
    report_progress,
    save_checkpoint,
)
from runs.commands.forgetting import forget_old_runs
from runs.commands.handing import handed_of, install_engine, mark_handed, read_work_id, unhanded, work_id
from runs.commands.matching import match_workers
from runs.commands.results import Again, Claimed, Started
from runs.commands.settling import settle, settle_all
from runs.commands.starting import start_run
from runs.commands.steering import cancel_run, pause_run, resume_run, retry_dead_letters, retry_run, roll_back
from runs.commands.timers import due

__all__ = [
    "Again",
    "Claimed",
    "Started",
    "answer",
    "cancel_run",
    "claim_all",
    "claim_task",
    "due",
    "expect_held",
    "forget_old_runs",
    "handed_of",
    "install_engine",
    "lose",
    "mark_handed",
    "match_workers",
    "not_wanted",
    "pause_run",
    "read_work_id",
    "release",
    "report_progress",
    "resume_run",
    "retry_dead_letters",
    "retry_run",
    "roll_back",
    "save_checkpoint",
    "settle",
    "settle_all",
    "start_run",
    "unhanded",
    "work_id",
]
