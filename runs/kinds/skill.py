"""The kind `skill`: code of the flow's people, run in a sandbox. It is called `run(**prev)`, or `run(input=prev)` where
what came in is no object; what it returns is the output. Nothing of it is ever run outside a sandbox. In the safe one
it may call tools (`runs.kinds.skill_tools`).
"""

from typing import Final

from flows import limits
from flows.expressions import Json
from runs.errors import TaskFailure
from runs.kinds.executor import Done, Work
from runs.kinds.skill_tools import SkillTools
from runs.kinds.texts import text_setting
from runs.sandbox import Ended, Program, has_full_python, run_full, run_safe
from runs.schemas import misfit
from web.deferred_translation import kept as _

SECONDS: Final = 30.0


def execute(work: Work) -> Done:
    """Run the code. Raises `TaskFailure`."""
    settings = work.step.settings
    if wrong := misfit(work.prev, settings.get("input_schema")):
        raise TaskFailure("invalid_input", wrong)
    value = _run(work)
    if wrong := misfit(value, settings.get("output_schema")):
        raise TaskFailure("invalid_output", wrong)
    return Done(value)


def _run(work: Work) -> Json:
    ended = Ended()
    work.on_cancel(ended.cancel)
    if work.cancelled.is_set():
        ended.cancel()
    if failure := ended.failure():
        raise failure
    tools = SkillTools(work, seconds=max(work.seconds_left(SECONDS), 0.001))
    program = _program(work, tools)
    match text_setting(work.step.settings, "runtime", "safe"):
        case "safe":
            return _run_safe(program, ended, tools)
        case "full":
            if not has_full_python():
                sentence = _("This worker cannot run full Python: it needs bubblewrap and an ordinary user.")
                raise TaskFailure("sandbox", sentence, is_retryable=True)
            return run_full(program, ended)
        case other:
            raise TaskFailure("invalid_input", _("There is no runtime “%(name)s”.") % {"name": other[:20]})


def _run_safe(program: Program, ended: Ended, tools: SkillTools) -> Json:
    try:
        result = run_safe(program, ended)
    except TaskFailure:
        if ended.failure() is not None:
            raise
        if tools.failure is None:
            tools.forget_error()
            raise
    else:
        if tools.failure is None or isinstance(tools.failure, TaskFailure):
            return result
    raise tools.failure  # whatever the code made of it: the task is another's, or the database is away


def _program(work: Work, tools: SkillTools) -> Program:
    code = text_setting(work.step.settings, "code")
    if not code:
        raise TaskFailure("skill_error", _("The skill has no code."))
    bounds = limits.current()
    return Program(
        code=code,
        prev=work.prev,
        seconds=max(work.seconds_left(SECONDS), 0.001),
        memory=bounds.skill_bytes,
        result_bytes=bounds.value_bytes,
        say=work.say,
        functions=tools.functions(),
    )
