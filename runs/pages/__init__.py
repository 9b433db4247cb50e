"""Pages of runs, and the fragments that the editor asks for. Views change runs through `runs.commands` alone."""

from runs.pages.notifications import notifications, rules
from runs.pages.over_all import dead_letters, questions, workers
from runs.pages.panel import answer, drawer, items, node, panel, steer
from runs.pages.run import layout, run
from runs.pages.secrets import secrets, team_secrets
from runs.pages.start import start
from runs.pages.triggers import triggers

__all__ = [
    "answer",
    "dead_letters",
    "drawer",
    "items",
    "layout",
    "node",
    "notifications",
    "panel",
    "questions",
    "rules",
    "run",
    "secrets",
    "start",
    "steer",
    "team_secrets",
    "triggers",
    "workers",
]
