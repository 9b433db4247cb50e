"""The settings that every kind which runs has: when it starts, where, how often it is tried, what a failure means.

Names that a kind had before keep their meaning: `retries` is the new name of `retry_count`, `retry_attempts` and
`max_retries`, and counts instead of them where both are set; `stop`, `null` and `go_on` are the new names of `throw`,
`return_null` and `continue`. Forms show the name that a kind had first. What does nothing for a kind, such as labels of
workers for one that is executed where the run is settled, is taken and shown only where it is set.
"""

from collections.abc import Iterable
from dataclasses import replace

from flows.document.kinds.catalogue import (
    Setting,
    choice_setting,
    json_setting,
    names_setting,
    whole_setting,
)

RUNNING = "Running"
DAY_MS = 86_400_000
A_SCHEMA = '{"type": "object", "properties": {"total": {"type": "number"}}}'

ON_ERROR = replace(
    choice_setting(
        "on_error", "On error", "stop", RUNNING, stop="Stop", null="Return nothing", go_on="Continue", retry="Try again"
    ),
    fold="more",
)
RETRIES = whole_setting(
    "retries",
    "Retries",
    RUNNING,
    default=0,
    high=100,
    fold="more",
    help="How often it is tried again after a failure.",
)
TIMEOUT = whole_setting(
    "timeout_ms",
    "Timeout (ms)",
    RUNNING,
    default=None,
    low=1,
    high=DAY_MS,
    fold="more",
    example="60000",
    help="Empty: none of its own.",
)
_JOIN = Setting(
    name="join",
    title="Starts",
    type="choice",
    default="arrived",
    choices=(
        ("arrived", "When all that comes has come"),
        ("every", "When every input gave a value"),
        ("any", "With the first input"),
    ),
    minimum=1,
    maximum=1_000,
    section=RUNNING,
    fold="more",
)
_CRITICALITY = replace(
    choice_setting(
        "criticality",
        "If it fails",
        "normal",
        RUNNING,
        critical="The run pauses",
        normal="The run fails",
        optional="The run goes on",
    ),
    fold="more",
)
_RUNS_ON = names_setting(
    "runs_on", "Runs on", RUNNING, fold="more", example="gpu", help="Labels that a worker must have."
)
_REUSE = Setting(
    name="reuse",
    title="Reuse equal results",
    type="boolean",
    default=True,
    section=RUNNING,
    fold="more",
    help="When a run starts again from a node, a result that would be the same is taken over.",
)
_ASK_FIRST = json_setting(
    "ask_first",
    "Ask first",
    RUNNING,
    look="ask",
    fold="more",
    help="People are asked before it runs. “No” skips what follows.",
)
_ALL = (_JOIN, _CRITICALITY, ON_ERROR, RETRIES, TIMEOUT, _RUNS_ON, _REUSE, _ASK_FIRST)
_OF_WORKERS = {"retries", "timeout_ms", "runs_on"}


def executable(
    *settings: Setting, is_inline: bool = False, has_inputs: bool = True, first_name: str = ""
) -> tuple[Setting, ...]:
    """Return a kind's settings with those that every kind which runs has.

    `first_name` is what the kind has always called its retries.
    """
    own = {setting.name for setting in settings}
    hidden = (_OF_WORKERS if is_inline else set()) | ({"join"} if not has_inputs else set())
    hidden |= {"retries"} if first_name else set()
    return (*settings, *_hidden((one for one in _ALL if one.name not in own), hidden))


def _hidden(settings: Iterable[Setting], names: set[str]) -> Iterable[Setting]:
    return (replace(one, fold="kept") if one.name in names else one for one in settings)
