"""The plan of a run and what follows from each end of a task. Pure: the document, expressions and Python alone.

`compile_plan` makes a plan of a version; `begin`, `ended`, `opened`, `turned` and `retried` say what follows, reading
only the slots that they touch.
"""

from flows.expressions import Json
from runs.plan.codec import COMPILER, decode_plan, encode_plan
from runs.plan.compile import Refused, compile_plan
from runs.plan.moves import begin, ended, opened, retried, turned
from runs.plan.names import (
    Reads,
    Result,
    iteration_keys,
    nodes_of,
    prev_of,
    reads_of,
    result_of_iteration,
    result_steps,
    spoiling_steps,
)
from runs.plan.plan import Plan
from runs.plan.reuse import downstream, result_key
from runs.plan.state import (
    DONE,
    FAILED,
    NEARLY,
    SKIPPED,
    Board,
    Closing,
    End,
    Key,
    Moves,
    Overlay,
    Scope,
    Slot,
    Turn,
    decode_ports,
    decode_scope,
    encode_ports,
    encode_scope,
    slot_state,
)
from runs.plan.steps import INLINE_KINDS, Ask, Step, Wire

__all__ = [
    "COMPILER",
    "DONE",
    "FAILED",
    "INLINE_KINDS",
    "NEARLY",
    "SKIPPED",
    "Ask",
    "Board",
    "Closing",
    "End",
    "Json",
    "Key",
    "Moves",
    "Overlay",
    "Plan",
    "Reads",
    "Refused",
    "Result",
    "Scope",
    "Slot",
    "Step",
    "Turn",
    "Wire",
    "begin",
    "compile_plan",
    "decode_plan",
    "decode_ports",
    "decode_scope",
    "downstream",
    "encode_plan",
    "encode_ports",
    "encode_scope",
    "ended",
    "iteration_keys",
    "nodes_of",
    "opened",
    "prev_of",
    "reads_of",
    "result_key",
    "result_of_iteration",
    "result_steps",
    "retried",
    "slot_state",
    "spoiling_steps",
    "turned",
]
