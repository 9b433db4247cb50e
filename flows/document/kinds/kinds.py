"""The twelve kinds, in the palette's order.

An example shows what belongs into an empty field; words in it are translated, code is not.
"""

from collections.abc import Mapping
from types import MappingProxyType

from flows.document.kinds.calls import API
from flows.document.kinds.canvas import GROUP, NOTE
from flows.document.kinds.catalogue import Kind
from flows.document.kinds.code import SKILL
from flows.document.kinds.events import SENSOR
from flows.document.kinds.inputs import INPUT, OUTPUT
from flows.document.kinds.logic import DECISION, LOOP, TRANSFORM
from flows.document.kinds.models import AGENT, MEMORY

KINDS: Mapping[str, Kind] = MappingProxyType(
    {
        kind.name: kind
        for kind in (AGENT, SENSOR, SKILL, MEMORY, DECISION, LOOP, TRANSFORM, INPUT, OUTPUT, API, NOTE, GROUP)
    }
)
