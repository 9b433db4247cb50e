"""What decides, repeats and reshapes."""

from dataclasses import replace

from flows.document.kinds.catalogue import (
    Kind,
    choice_setting,
    json_setting,
    long_setting,
    names_setting,
    text_setting,
    whole_setting,
)
from flows.document.kinds.running import A_SCHEMA, executable

SCHEMA = "A JSON Schema."
FORMATS = (("json", "JSON"), ("text", "Text"), ("lines", "Lines"), ("csv", "CSV"))


DECISION = Kind(
    name="decision",
    title="Decision",
    group="Logic",
    icon="split",
    colour="#ef4444",
    width=120,
    height=80,
    outputs=("default",),
    default_output="default",
    settings=executable(
        long_setting(
            "expression",
            "Expression",
            "Condition",
            language="condition",
            spoken=("language", {"jsonpath": "jsonpath"}),
            example="prev.amount > 100",
            help="True, false, or the name of a branch.",
        ),
        text_setting(
            "language",
            "Condition language",
            "Condition",
            default="expression",
            offers=(("expression", "Expression"), ("jsonpath", "JSONPath")),
            fold="more",
        ),
        names_setting(
            "branches",
            "Branches",
            "Branches",
            example="true",
            help="Each branch is an output. Anything else goes to the default output.",
            makes_ports=True,
        ),
        text_setting("default_branch", "Default branch", "Branches", look="branch"),
        is_inline=True,
    ),
)


LOOP = Kind(
    name="loop",
    title="Loop",
    group="Logic",
    icon="repeat",
    colour="#8b5cf6",
    width=120,
    height=60,
    outputs=("each", "out"),
    settings=executable(
        choice_setting(
            "type",
            "Type",
            "for_each",
            "Loop",
            for_each="For each",
            times="Number of times",
            **{"while": "While"},
            until="Until",
        ),
        text_setting(
            "iterate_over",
            "Iterate over",
            "Loop",
            language="condition",
            example="prev.items",
            help="A list, a number of times, or what must be true. Empty: what the node before gives.",
            shown_when={"type": ("for_each", "times", "while")},
        ),
        text_setting(
            "break_condition",
            "Break condition",
            "Loop",
            language="condition",
            example="prev.done",
            help="Asked after each iteration; prev is what it gave.",
            shown_when={"type": ("while", "until")},
        ),
        whole_setting(
            "max_iterations",
            "Max iterations",
            "Loop",
            default=100,
            high=1_000_000_000,
            shown_when={"type": ("times", "while", "until")},
        ),
        whole_setting(
            "batch_size",
            "Batch size",
            "Loop",
            default=1,
            low=1,
            high=1_000_000,
            shown_when={"type": ("for_each",)},
        ),
        replace(
            choice_setting(
                "on_error",
                "On error",
                "throw",
                "Error handling",
                throw="Stop",
                **{"continue": "Continue", "break": "Exit loop"},
                stop="Stop",
                null="Return nothing",
                go_on="Continue",
                retry="Try again",
            ),
            retired=frozenset({"stop", "null", "go_on", "retry"}),
        ),
        is_inline=True,
    ),
)


TRANSFORM = Kind(
    name="transform",
    title="Transform",
    group="Logic",
    icon="shuffle",
    colour="#14b8a6",
    width=136,
    height=60,
    settings=executable(
        choice_setting(
            "type", "Type", "template", "Transform", template="Template", expression="Expression", jsonpath="JSONPath"
        ),
        long_setting(
            "transformation",
            "Transformation",
            "Transform",
            language="template",
            spoken=("type", {"expression": "condition", "jsonpath": "jsonpath"}),
            example="{{ prev.name }} ordered {{ prev.count }}",
        ),
        text_setting("input_format", "Input format", "Formats", offers=FORMATS, fold="more"),
        text_setting("output_format", "Output format", "Formats", offers=FORMATS, fold="more"),
        json_setting(
            "validation_schema",
            "Validation schema",
            "Formats",
            language="schema",
            example=A_SCHEMA,
            help=SCHEMA,
            fold="more",
        ),
        is_inline=True,
    ),
)
