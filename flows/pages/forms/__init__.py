"""The inspector's forms, made from the catalogue: one typed field for each setting of each kind.

A form shows what an element is and reads what a person typed back into the difference, as the `set` of an edit. It
converts text to JSON values and no more: what a value may be is for the document to say, so nothing is validated twice.
"""

from flows.pages.forms.branches import edit_branches
from flows.pages.forms.fields import (
    Field,
    Section,
    edge_sections,
    flow_sections,
    node_sections,
    setting_field,
    swatches,
    written,
)
from flows.pages.forms.parsing import ABSENT, Reading, is_touched, marks, parsed, read, with_errors
from flows.pages.forms.position import POSITION_AND_SIZE, edit_position, position_section

__all__ = [
    "ABSENT",
    "POSITION_AND_SIZE",
    "Field",
    "Reading",
    "Section",
    "edge_sections",
    "edit_branches",
    "edit_position",
    "flow_sections",
    "is_touched",
    "marks",
    "node_sections",
    "parsed",
    "position_section",
    "read",
    "setting_field",
    "swatches",
    "with_errors",
    "written",
]
