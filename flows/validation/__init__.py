"""What is wrong with a flow, layer by layer: schema, graph, references, installation, compatibility, hints.

Pure: the document, the expressions, networkx and JSON Schema. One rule is one function in `rules`, with its code and,
where there is one, the operation that fixes it. `Validator` follows a flow that changes; `judge` looks once; `read`
takes what the document would refuse. Sentences are made at the edge.
"""

from flows.validation.faults import Fault, FaultReason
from flows.validation.installation import UNKNOWN, Installation
from flows.validation.problem import SEVERITIES, Code, Problem, Report, Severity, report_of, severity_of, stops_runs
from flows.validation.reading import judge_values
from flows.validation.validator import Validator, judge

__all__ = [
    "SEVERITIES",
    "UNKNOWN",
    "Code",
    "Fault",
    "FaultReason",
    "Installation",
    "Problem",
    "Report",
    "Severity",
    "Validator",
    "judge",
    "judge_values",
    "report_of",
    "severity_of",
    "stops_runs",
]
