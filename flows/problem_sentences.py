"""What people read about a flow's problems: a sentence for each code, and what a fix is called.

As `flows.sentences`, translated when it is asked for. Settings are called by their titles in the catalogue.
"""

from collections.abc import Mapping

from django.utils.formats import number_format
from django.utils.translation import gettext, override
from django.utils.translation import gettext_noop as _

from flows.document import KINDS, Rejected
from flows.expressions import ExpressionError, ExpressionReason
from flows.sentences import sentence
from flows.titles import setting_title
from flows.validation import Code, Fault, FaultReason, Problem, Report, stops_runs
from web.deferred_translation import Kept, kept


def encoded_report(report: Report, language: str | None = None) -> dict[str, object]:
    """Encode a report as the contract has it, in a language, or in that of the request."""
    if language is None:
        return _encoded_report(report)
    with override(language):
        return _encoded_report(report)


def encoded(problem: Problem) -> dict[str, object]:
    """Encode one problem."""
    item: dict[str, object] = {
        "severity": problem.severity,
        "stops_runs": stops_runs(problem.code),
        "code": str(problem.code),
        "message": message(problem),
        "path": problem.path,
    }
    for name, id in (("node", problem.node), ("edge", problem.edge)):
        if id is not None:
            item[name] = id
    if problem.fix is not None:
        item |= {"fix": problem.fix.encode(), "fix_title": fix_title(problem)}
    return item


def message(problem: Problem) -> str:
    """Say in one sentence what is wrong."""
    return gettext(SENTENCES[problem.code]).format_map(_Shown(problem))


def fix_title(problem: Problem) -> str:
    """Say what the fix does."""
    return gettext(FIXES[problem.code]).format_map(_Shown(problem))


class _Shown(dict[str, str]):
    """The values of a problem in words; what is not there is shown as nothing."""

    def __init__(self, problem: Problem) -> None:
        super().__init__({name: _shown(name, value) for name, value in problem.values.items()})

    def __missing__(self, key: str) -> str:
        return ""


def _encoded_report(report: Report) -> dict[str, object]:
    return {"items": [encoded(problem) for problem in report.items], "counts": dict(report.counts)}


def _shown(name: str, value: object) -> str:  # noqa: PLR0911
    match value:
        case Rejected():
            return sentence(value)
        case ExpressionError():
            return expression_sentence(value)
        case Fault():
            return fault_sentence(value)
        case bool() | None:
            return str(value)
        case int() | float():
            return str(number_format(value, force_grouping=True))
        case tuple():
            return ", ".join(f"“{one}”" if name == "names" else str(one) for one in value)
        case str() if name == "setting":
            return _setting_title(value)
        case _:
            return str(value)


def _setting_title(name: str) -> str:
    """A setting's title; its name where no kind has it."""
    return next((setting_title(kind.by_name[name]) for kind in KINDS.values() if name in kind.by_name), name)


def expression_sentence(error: ExpressionError) -> Kept:
    """Say what is wrong with an expression, and where."""
    return kept(EXPRESSIONS[error.reason]).format(said=error.said, line=error.line, column=error.column)


def fault_sentence(fault: Fault) -> str:
    """Say why a setting cannot be used as it is."""
    return gettext(FAULTS[fault.reason]).format_map({name: _shown(name, value) for name, value in fault.values.items()})


FAULTS: Mapping[FaultReason, str] = {
    FaultReason.NO_SCHEDULE: _("This is no schedule: {said}."),
    FaultReason.NO_TIME_ZONE: _("There is no time zone “{zone}”."),
    FaultReason.NO_LABEL: _("“{label}” is no label: letters, digits and _ . : / - are."),
    FaultReason.NO_URL: _("A web address begins with http:// or https://."),
    FaultReason.NO_QUESTION: _("The question is missing."),
    FaultReason.NOBODY_ASKED: _("Nobody is asked."),
    FaultReason.NOT_AN_ADDRESS: _("“{address}” is no e-mail address."),
    FaultReason.NO_DURATION: _("The time to answer is a number of milliseconds."),
    FaultReason.NOT_A_FORM: _("A form is a list of fields."),
    FaultReason.NAMELESS_FIELD: _("A field has no name."),
    FaultReason.TWIN_FIELDS: _("Two fields are called “{name}”."),
    FaultReason.TOO_FEW_INPUTS: _("It waits for {wanted} inputs, but only {count} come in."),
    FaultReason.NO_RELATIVE_PATH: _("A path lies below the folder for files: no “..” and no “/” at its beginning."),
}
EXPRESSIONS: Mapping[ExpressionReason, str] = {
    ExpressionReason.SYNTAX: _("line {line}, column {column}: {said}"),
    ExpressionReason.TOO_LONG: _("too long: {said}"),
    ExpressionReason.STATEMENT: _("line {line}, column {column}: “{said}” is not allowed here"),
    ExpressionReason.RESERVED: _("line {line}, column {column}: “{said}” is the name of something else"),
    ExpressionReason.UNDEFINED: _("line {line}, column {column}: there is no {said}"),
    ExpressionReason.UNKNOWN_FILTER: _("line {line}, column {column}: there is no filter “{said}”"),
    ExpressionReason.UNKNOWN_TEST: _("line {line}, column {column}: there is no test “{said}”"),
    ExpressionReason.FAILED: _("line {line}, column {column}: {said}"),
    ExpressionReason.TOO_MUCH_WORK: _("this takes too long"),
    ExpressionReason.NOT_JSON: _("the result is not JSON"),
}
SENTENCES: Mapping[Code, str] = {
    Code.INVALID_NODE: _("This node cannot be read. {why}"),
    Code.INVALID_EDGE: _("This connection cannot be read. {why}"),
    Code.UNKNOWN_KIND: _("This node cannot be read. {why}"),
    Code.UNKNOWN_SETTING: _("There is no setting {setting}."),
    Code.BAD_SETTING: _("{setting} does not fit. {why}"),
    Code.MISSING_SETTING: _("{setting} is missing."),
    Code.BAD_EXPRESSION: _("{setting} cannot be read: {why}"),
    Code.BAD_SCHEMA: _("{setting} is not a JSON Schema: {why}"),
    Code.UNKNOWN_DEFAULT_BRANCH: _("The default branch “{branch}” is not one of the branches."),
    Code.DUPLICATE_ID: _("The id {id} is used twice."),
    Code.DUPLICATE_EDGE: _("“{source}” and “{target}” are already connected this way."),
    Code.DANGLING_EDGE: _("This connection ends at {id}, which does not exist."),
    Code.UNKNOWN_PORT: _("This connection ends at a port that does not exist. {why}"),
    Code.SELF_LOOP: _("A node cannot connect to itself."),
    Code.MISSING_PARENT: _("The group {parent} does not exist."),
    Code.NOT_A_GROUP: _("Node {parent} is not a group."),
    Code.GROUP_IN_ITSELF: _("Node {id} cannot be inside itself."),
    Code.TOO_MANY_ELEMENTS: _("More than {most} {what}: the rest was not read."),
    Code.NESTED_TOO_DEEP: _("At most {most} groups can be inside each other."),
    Code.CYCLE: _("These nodes go round in a circle: {names}. Use a loop instead."),
    Code.LEAKING_LOOP_BODY: _("“{label}” is inside the loop “{loop}” and also follows “{source}”, which is outside."),
    Code.LOOPS_CROSS: _("The loops “{label}” and “{other}” are inside each other."),
    Code.LOOPS_TOO_DEEP: _("“{label}” is inside too many loops: at most {most} can be inside each other."),
    Code.NOTHING_STARTS: _("Nothing can start this flow: every node waits for another."),
    Code.UNREACHABLE: _("“{label}” is never reached."),
    Code.DEAD_END: _("What “{label}” makes goes nowhere."),
    Code.BRANCH_NOWHERE: _("The branch “{branch}” of “{label}” leads nowhere."),
    Code.NO_DEFAULT_BRANCH: _("“{label}” has no default branch: what fits no branch is dropped."),
    Code.LOOP_WITHOUT_BODY: _("The loop “{label}” repeats nothing: connect its output “each”."),
    Code.ONLY_SENSORS: _("This flow starts only when “{label}” notices something."),
    Code.UNKNOWN_NODE: _("{setting} mentions the node {id}, which does not exist."),
    Code.NOT_UPSTREAM: _("{setting} mentions “{label}”, which does not run before this node."),
    Code.UNKNOWN_NAME: _("{setting} uses the unknown name {name}. There are {names}."),
    Code.OUTSIDE_LOOP: _("{setting} uses {name}, which only nodes in a loop have."),
    Code.INSIDE_LOOP: _("{setting} mentions “{label}”, which is inside the loop “{loop}”. Use what the loop gives."),
    Code.UNKNOWN_PROVIDER: _("The provider {provider} is not set up."),
    Code.UNKNOWN_MODEL: _("The model {model} is not offered."),
    Code.UNKNOWN_SECRET: _("There is no secret “{secret}”."),
    Code.UNKNOWN_DATABASE: _("There is no database “{database}”."),
    Code.UNKNOWN_TOOL_SERVER: _("There is no tool server “{server}”."),
    Code.NO_WORKER: _("No worker has the label “{label}” now: “{name}” would wait for one."),
    Code.NO_FILES_FOLDER: _("There is no folder for files."),
    Code.LANGUAGE_NOT_OFFERED: _("The condition language “{language}” is not offered: use an expression or JSONPath."),
    Code.SOURCE_NOT_OFFERED: _("The source “{source}” is not offered."),
    Code.INCOMPATIBLE: _("“{source}” gives {given}, but “{label}” takes {wanted}."),
    Code.UNNAMED: _("This node has no name."),
    Code.TWIN_LABELS: _("Another node is also called “{label}”."),
    Code.PASSES_ON: _("“{label}” changes nothing: its input goes on as it is."),
    Code.NO_RETRY: _("“{label}” is not tried again when the call fails."),
    Code.UNUSED_MEMORY: _("The memory “{label}” is not connected."),
    Code.OVERLAPPING: _("“{label}” covers “{other}”."),
}
FIXES: Mapping[Code, str] = {
    Code.UNKNOWN_TOOL_SERVER: _("Do without it"),
    Code.LANGUAGE_NOT_OFFERED: _("Use an expression"),
    Code.UNKNOWN_SETTING: _("Remove the setting"),
    Code.BAD_SETTING: _("Reset the setting"),
    Code.BAD_SCHEMA: _("Remove the schema"),
    Code.UNKNOWN_DEFAULT_BRANCH: _("Clear the default branch"),
    Code.DUPLICATE_EDGE: _("Remove the connection"),
    Code.DANGLING_EDGE: _("Remove the connection"),
    Code.UNKNOWN_PORT: _("Remove the connection"),
    Code.SELF_LOOP: _("Remove the connection"),
    Code.MISSING_PARENT: _("Take it out of the group"),
    Code.NOT_A_GROUP: _("Take it out of the group"),
    Code.GROUP_IN_ITSELF: _("Take it out of the group"),
    Code.NESTED_TOO_DEEP: _("Take it out of the group"),
    Code.CYCLE: _("Remove the last connection"),
    Code.LEAKING_LOOP_BODY: _("Remove the connection from “{source}”"),
    Code.LOOPS_CROSS: _("Remove the connection to “{label}”"),
    Code.BRANCH_NOWHERE: _("Remove the branch"),
    Code.NO_DEFAULT_BRANCH: _("Use “{branch}”"),
    Code.UNNAMED: _("Call it “{kind}”"),
    Code.TWIN_LABELS: _("Number it"),
    Code.NO_RETRY: _("Try {count} times"),
    Code.UNUSED_MEMORY: _("Delete it"),
    Code.OVERLAPPING: _("Move it below"),
}
