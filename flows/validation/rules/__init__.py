"""Every rule, by what it reads: that says when it is judged again.

A rule of one node reads the node; a near rule also its edges and the nodes at their other ends; a wide rule the whole
flow, and names what of it matters: `structure` (edges, and which nodes there are), `texts`, `labels` or `places`.
Nearly all say labels, so a new label has them say it anew; what hangs together how is then known already.
"""

from collections.abc import Callable, Iterator, Mapping
from typing import Literal, TypeAlias

from flows.document import Document, Node
from flows.validation.installation import Installation
from flows.validation.problem import Problem
from flows.validation.rules import compatibility, graph, hints, installation, references, running, schema
from flows.validation.scene import Scene

Aspect: TypeAlias = Literal["structure", "texts", "labels", "places"]
NodeRule: TypeAlias = Callable[[Node, Installation], Iterator[Problem]]
NearRule: TypeAlias = Callable[[Node, Document], Iterator[Problem]]
WideRule: TypeAlias = Callable[[Scene], Iterator[Problem]]

NODE_RULES: tuple[NodeRule, ...] = (
    schema.settings_fit,
    schema.settings_are_there,
    schema.expressions_parse,
    schema.schemas_are_ones,
    schema.default_branch_exists,
    running.schedule_can_be_read,
    running.labels_are_ones,
    running.addresses_are_ones,
    running.paths_stay_in_their_folder,
    running.question_can_be_asked,
    running.fields_are_ones,
    references.names_exist,
    installation.agent_can_ask,
    installation.tools_are_there,
    installation.worker_is_there,
    installation.secret_exists,
    installation.language_is_offered,
    installation.source_is_offered,
    installation.files_have_a_folder,
    hints.node_has_a_name,
    hints.transform_transforms,
    hints.call_is_tried_again,
)
NEAR_RULES: tuple[NearRule, ...] = (
    graph.branches_lead_somewhere,
    graph.decision_has_a_default,
    graph.loop_has_a_body,
    running.enough_comes_in,
    compatibility.output_fits_input,
    hints.memory_is_used,
)
WIDE_RULES: Mapping[WideRule, frozenset[Aspect]] = {
    graph.no_cycles: frozenset({"structure", "labels"}),
    graph.bodies_do_not_leak: frozenset({"structure", "labels"}),
    graph.loops_do_not_cross: frozenset({"structure", "labels"}),
    graph.loops_are_not_too_deep: frozenset({"structure", "labels"}),
    graph.something_starts: frozenset({"structure", "labels"}),
    graph.everything_is_reached: frozenset({"structure", "labels"}),
    graph.results_go_somewhere: frozenset({"structure", "labels"}),
    references.nodes_are_upstream: frozenset({"structure", "texts", "labels"}),
    references.items_are_in_loops: frozenset({"structure", "texts", "labels"}),
    hints.labels_differ: frozenset({"structure", "labels"}),
    hints.nodes_do_not_overlap: frozenset({"places", "labels"}),
}
