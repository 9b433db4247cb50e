"""Skills: code in a sandbox."""

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
from flows.document.kinds.running import A_SCHEMA, DAY_MS, executable

SCHEMA = "A JSON Schema."


SKILL = Kind(
    name="skill",
    title="Skill",
    group="Core",
    icon="zap",
    colour="#f59e0b",
    width=136,
    height=60,
    settings=executable(
        text_setting("name", "Name", "Skill", example="price_with_tax"),
        long_setting(
            "code",
            "Code",
            "Skill",
            language="python",
            example='def run(price, count):\n    return {"total": price * count}',
            help="Python. Called with what the node before gives.",
        ),
        choice_setting("runtime", "Runtime", "safe", "Skill", safe="Safe subset", full="Full Python"),
        names_setting("tools", "Tools", "Skill", example="calendar", help="Tool servers that it may use.", fold="more"),
        json_setting(
            "input_schema", "Input schema", "Schemas", language="schema", example=A_SCHEMA, help=SCHEMA, fold="more"
        ),
        json_setting(
            "output_schema", "Output schema", "Schemas", language="schema", example=A_SCHEMA, help=SCHEMA, fold="more"
        ),
        whole_setting("timeout_ms", "Timeout (ms)", "Error handling", default=30_000, high=DAY_MS),
        whole_setting("retry_count", "Retries", "Error handling", default=0, high=100),
        replace(
            choice_setting(
                "on_error",
                "On error",
                "throw",
                "Error handling",
                throw="Stop",
                return_null="Return nothing",
                retry="Try again",
                **{"continue": "Continue"},
                stop="Stop",
                null="Return nothing",
                go_on="Continue",
            ),
            retired=frozenset({"stop", "null", "go_on"}),
        ),
        first_name="retry_count",
    ),
)
