"""What is told of a flow: problems, as values.

The core names the code and the values; the sentence is made where it is read (`flows.problem_sentences`). `Code` is the
one list of what can be told, with the severity of each: an error can never run; a warning depends on the installation
or will probably disappoint; a hint is style. A run refuses to start while a problem with `stops_runs` is there: every
error, and the warnings about the installation.
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum, auto
from typing import Literal, TypeAlias

from flows.document import Operation

Severity: TypeAlias = Literal["error", "warning", "hint"]
SEVERITIES: tuple[Severity, ...] = ("error", "warning", "hint")


class Code(StrEnum):
    """Everything that can be told, stable for programs."""

    # Schema: what an element holds.
    INVALID_NODE = auto()
    INVALID_EDGE = auto()
    UNKNOWN_KIND = auto()
    UNKNOWN_SETTING = auto()
    BAD_SETTING = auto()
    MISSING_SETTING = auto()
    BAD_EXPRESSION = auto()
    BAD_SCHEMA = auto()
    UNKNOWN_DEFAULT_BRANCH = auto()

    # Graph: how elements hold together.
    DUPLICATE_ID = auto()
    DUPLICATE_EDGE = auto()
    DANGLING_EDGE = auto()
    UNKNOWN_PORT = auto()
    SELF_LOOP = auto()
    MISSING_PARENT = auto()
    NOT_A_GROUP = auto()
    GROUP_IN_ITSELF = auto()
    TOO_MANY_ELEMENTS = auto()
    NESTED_TOO_DEEP = auto()
    CYCLE = auto()
    LEAKING_LOOP_BODY = auto()
    LOOPS_CROSS = auto()
    LOOPS_TOO_DEEP = auto()
    NOTHING_STARTS = auto()
    UNREACHABLE = auto()
    DEAD_END = auto()
    BRANCH_NOWHERE = auto()
    NO_DEFAULT_BRANCH = auto()
    LOOP_WITHOUT_BODY = auto()
    ONLY_SENSORS = auto()

    # References: what a text mentions.
    UNKNOWN_NODE = auto()
    NOT_UPSTREAM = auto()
    UNKNOWN_NAME = auto()
    OUTSIDE_LOOP = auto()
    INSIDE_LOOP = auto()

    # The installation.
    UNKNOWN_PROVIDER = auto()
    UNKNOWN_MODEL = auto()
    UNKNOWN_SECRET = auto()
    UNKNOWN_DATABASE = auto()
    UNKNOWN_TOOL_SERVER = auto()
    NO_FILES_FOLDER = auto()
    LANGUAGE_NOT_OFFERED = auto()
    SOURCE_NOT_OFFERED = auto()
    NO_WORKER = auto()

    # Compatibility: what goes from one node to the next.
    INCOMPATIBLE = auto()

    # Hints.
    UNNAMED = auto()
    TWIN_LABELS = auto()
    PASSES_ON = auto()
    NO_RETRY = auto()
    UNUSED_MEMORY = auto()
    OVERLAPPING = auto()


_INSTALLATION = frozenset(
    {
        Code.UNKNOWN_PROVIDER,
        Code.UNKNOWN_MODEL,
        Code.UNKNOWN_SECRET,
        Code.UNKNOWN_DATABASE,
        Code.UNKNOWN_TOOL_SERVER,
        Code.NO_FILES_FOLDER,
        Code.LANGUAGE_NOT_OFFERED,
        Code.SOURCE_NOT_OFFERED,
    }
)
_DISAPPOINTING = frozenset(
    {
        Code.UNREACHABLE,
        Code.DEAD_END,
        Code.BRANCH_NOWHERE,
        Code.NO_DEFAULT_BRANCH,
        Code.LOOP_WITHOUT_BODY,
        Code.ONLY_SENSORS,
        Code.INCOMPATIBLE,
        Code.NO_WORKER,
    }
)
_STYLE = frozenset(
    {
        Code.UNNAMED,
        Code.TWIN_LABELS,
        Code.PASSES_ON,
        Code.NO_RETRY,
        Code.UNUSED_MEMORY,
        Code.OVERLAPPING,
    }
)


def severity_of(code: Code) -> Severity:
    """Return how bad a problem is."""
    if code in _STYLE:
        return "hint"
    return "warning" if code in _INSTALLATION or code in _DISAPPOINTING else "error"


def stops_runs(code: Code) -> bool:
    """Tell whether a run refuses to start because of it."""
    return severity_of(code) == "error" or code in _INSTALLATION


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """One thing to tell: about a node, an edge, or (neither) the flow.

    `path` is a JSON Pointer into `{nodes: {id: …}, edges: {id: …}}`; `fix` is an operation that removes the problem.
    """

    code: Code
    path: str
    node: str | None = None
    edge: str | None = None
    values: Mapping[str, object] = field(default_factory=dict)
    fix: Operation | None = None

    @property
    def severity(self) -> Severity:
        """How bad it is."""
        return severity_of(self.code)


@dataclass(frozen=True, slots=True)
class Report:
    """The problems of a flow in their order, as many as may be told, and how many there are of each severity."""

    items: tuple[Problem, ...]
    counts: Mapping[Severity, int]

    @property
    def stops_runs(self) -> bool:
        """Whether a run would refuse to start; sound for a shortened report, since errors come first."""
        return any(stops_runs(problem.code) for problem in self.items)


def report_of(problems: Iterable[Problem], most: int) -> Report:
    """Order problems: by severity, those that stop runs first, then by place and code; and keep the first `most`."""
    found = sorted(problems, key=_order)
    counted = Counter(problem.severity for problem in found)
    return Report(tuple(found[:most]), {severity: counted[severity] for severity in SEVERITIES})


def pointer(*names: str) -> str:
    """Return the JSON Pointer (RFC 6901) to a place."""
    return "".join(f"/{name.replace('~', '~0').replace('/', '~1')}" for name in names)


def of_node(code: Code, node: str, *names: str, fix: Operation | None = None, **values: object) -> Problem:
    """Make a problem of a node, at one of its properties if `names` lead there."""
    return Problem(code=code, path=pointer("nodes", node, *names), node=node, values=values, fix=fix)


def of_edge(code: Code, edge: str, *names: str, fix: Operation | None = None, **values: object) -> Problem:
    """Make a problem of an edge."""
    return Problem(code=code, path=pointer("edges", edge, *names), edge=edge, values=values, fix=fix)


def _order(problem: Problem) -> tuple[int, bool, str, str, str]:
    values = "\0".join(f"{name}={value}" for name, value in sorted(problem.values.items()))
    return SEVERITIES.index(problem.severity), not stops_runs(problem.code), problem.path, problem.code, values
