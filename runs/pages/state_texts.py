"""States in words and icons, alike on every page, and the texts that scripts of runs say. Never a colour alone."""

from django.utils.translation import gettext as _
from django.utils.translation import pgettext

ICONS = {
    "waiting": "clock",
    "ready": "clock",
    "queued": "clock",
    "running": "loader-circle",
    "backing_off": "rotate-ccw",
    "asking": "circle-question-mark",
    "paused": "pause",
    "done": "check",
    "done_with_failures": "triangle-alert",
    "failed": "x",
    "skipped": "chevrons-right",
    "cancelled": "square",
}


def states() -> dict[str, str]:
    """Return what each state of a run or task is called."""
    return {
        "waiting": pgettext("state", "Waiting"),
        "ready": pgettext("state", "Ready"),
        "queued": pgettext("state", "Queued"),
        "running": pgettext("state", "Running"),
        "backing_off": pgettext("state", "Trying again soon"),
        "asking": pgettext("state", "Needs an answer"),
        "paused": pgettext("state", "Paused"),
        "done": pgettext("state", "Done"),
        "done_with_failures": pgettext("state", "Done with failures"),
        "failed": pgettext("state", "Failed"),
        "skipped": pgettext("state", "Skipped"),
        "cancelled": pgettext("state", "Stopped"),
        "timed_out": pgettext("state", "Timed out"),
        "lost": pgettext("state", "Worker lost"),
        "fenced": pgettext("state", "Came too late"),
    }


def task_word(state: str, *, is_over: bool) -> str:
    """Return what the state of a task is called; what still waits in a run that is over was not reached."""
    return _("Not reached") if is_over and state == "waiting" else states()[state]


def healths() -> dict[str, str]:
    """Return what the health of a worker's machine is called."""
    return {
        "healthy": pgettext("health", "Good"),
        "degraded": pgettext("health", "Busy"),
        "unhealthy": pgettext("health", "Overloaded"),
    }


def triggers() -> dict[str, str]:
    """Return what started a run, where no person did."""
    return {
        "again": _("Again"),
        "api": _("Program"),
        "manual": _("By hand"),
        "schedule": _("Schedule"),
        "webhook": _("Webhook"),
        "polling": _("Polling"),
        "file": _("File"),
        "database": _("Database"),
    }


def seconds(milliseconds: float) -> str:
    """Say how long something took."""
    if milliseconds < 95:
        return _("%(count)d ms") % {"count": max(0, round(milliseconds))}
    if milliseconds < 59_950:
        return _("%(count).1f s") % {"count": max(0.0, milliseconds) / 1000}
    minutes, rest = divmod(round(milliseconds / 1000), 60)
    if minutes < 60:
        return _("%(minutes)d min %(seconds)d s") % {"minutes": minutes, "seconds": rest}
    return _("%(hours)d h %(minutes)d min") % {"hours": minutes // 60, "minutes": minutes % 60}


def finished(done: int, total: int) -> str:
    """Say how many tasks of a run have ended."""
    return _("%(done)d of %(total)d") % {"done": done, "total": total}


def texts() -> dict[str, str]:
    """Return every text that scripts of runs say, by its name."""
    return {
        **{f"state_{name}": word for name, word in states().items()},
        "of": _("{done} of {total}"),
        "spoken": _("{label}: {state}"),
        "run_spoken": _("Run: {state}"),
        "node_state": _("Run: {state}"),
        "attempt": _("try {count}"),
        "done_in": _("Done, {time}"),
        "seconds": _("{count} s"),
        "minutes": _("{count} min"),
        "hours": _("{count} h"),
        "started": _("Run started"),
        "failed_call": _("That did not work"),
        "needs_connection": _("You are offline. This needs a connection."),
    }
