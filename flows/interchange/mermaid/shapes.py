"""Mermaid's shapes: the brackets that draw them, their names, and the kinds they mean."""

from collections.abc import Mapping

from flows.interchange.drawing import ENDPOINT

BRACKETS: tuple[tuple[str, Mapping[str, str]], ...] = (
    ("(((", {")))": "dbl-circ"}),
    ("((", {"))": "circle"}),
    ("([", {"])": "stadium"}),
    ("(-", {"-)": "ellipse", ")": "rounded"}),
    ("(", {")": "rounded"}),
    ("[[", {"]]": "fr-rect"}),
    ("[(", {")]": "cyl"}),
    ("[/", {"/]": "lean-r", "\\]": "trap-b", "]": "rect"}),
    ("[\\", {"\\]": "lean-l", "/]": "trap-t", "]": "rect"}),
    ("[", {"]": "rect"}),
    ("{{", {"}}": "hex"}),
    ("{", {"}": "diamond"}),
    (">", {"]": "odd"}),
)
"""What opens a shape, longest first, and what may close it. A plain close of another opening is a slip of the pen."""

SLIPS = frozenset((("(-", ")"), ("[/", "]"), ("[\\", "]")))
"""Openings and closes that Mermaid itself refuses: the second character of the opening belongs to the text."""

_MEANING = {
    "decision": "diamond decision diam question",
    "memory": "cyl database db cylinder h-cyl das horizontal-cylinder lin-cyl disk lined-cylinder bow-rect stored-data "
    "win-pane internal-storage",
    "skill": "fr-rect subproc subprocess subroutine framed-rectangle",
    "loop": "notch-pent loop-limit notched-pentagon",
    "note": "brace comment brace-l brace-r braces text",
    ENDPOINT: "stadium terminal pill lean-r in-out lean-right lean-l out-in lean-left sm-circ start small-circle "
    "fr-circ stop framed-circle dbl-circ double-circle sl-rect manual-input sloped-rectangle curv-trap display "
    "curved-trapezoid",
    "transform": "rect proc process rectangle rounded event circle circ odd hex hexagon prepare trap-b priority "
    "trapezoid trapezoid-bottom trap-t manual inv-trapezoid trapezoid-top notch-rect card notched-rectangle lin-rect "
    "lined-rectangle lined-process lin-proc shaded-process fork join hourglass collate bolt com-link lightning-bolt "
    "doc document delay half-rounded-rectangle div-rect div-proc divided-process divided-rectangle tri extract "
    "triangle f-circ junction filled-circle lin-doc lined-document flip-tri manual-file flipped-triangle docs "
    "documents st-doc stacked-document st-rect procs processes stacked-rectangle flag paper-tape cross-circ summary "
    "crossed-circle tag-doc tagged-document tag-rect tagged-process tagged-rectangle tag-proc ellipse bang cloud "
    "cloud-rect",
}
KINDS_OF_SHAPES: Mapping[str, str] = {name: kind for kind, names in _MEANING.items() for name in names.split()}

OWN: Mapping[str, str] = {
    "agent": "rounded",
    "sensor": "dbl-circ",
    "skill": "fr-rect",
    "memory": "cyl",
    "decision": "diamond",
    "loop": "hex",
    "transform": "rect",
    "input": "lean-r",
    "output": "lean-l",
    "api": "odd",
    "note": "rect",
}
"""The shape that each kind is written as, beside its class."""

PLAIN = frozenset(("rect", "rounded", "diamond", "cyl", "fr-rect"))
"""Shapes that say no more than the kind they become."""
