"""The twelve kinds: titles, looks, ports and settings."""

from collections.abc import Mapping
from types import MappingProxyType

from flows.document.kinds.catalogue import (
    Kind,
    Setting,
    choice_setting,
    json_setting,
    long_setting,
    names_setting,
    share_setting,
    text_setting,
    whole_setting,
)

DAY_MS = 86_400_000
SCHEMA = "A JSON Schema."


AGENT = Kind(
    name="agent",
    title="Agent",
    group="Core",
    icon="bot",
    colour="#0ea5e9",
    width=144,
    height=80,
    settings=(
        choice_setting(
            "provider",
            "Provider",
            "openai",
            "Model",
            openai="OpenAI",
            anthropic="Anthropic",
            ollama="Ollama",
            huggingface="Hugging Face",
            custom="Custom",
        ),
        whole_setting("max_tokens", "Max tokens", "Model", default=1024, low=1, high=10_000_000),
        text_setting("model", "Model", "Model", "For example llama-3.1-8b"),
        share_setting("temperature", "Temperature", "Model", 0.7, 0.1),
        choice_setting(
            "reasoning",
            "Reasoning",
            "simple",
            "Model",
            chain_of_thought="Chain of thought",
            tree_of_thoughts="Tree of thoughts",
            react="ReAct",
            simple="Simple",
        ),
        whole_setting("max_retries", "Max retries", "Model", default=3, high=100),
        long_setting("system_prompt", "System prompt", "Prompt"),
    ),
)

SENSOR = Kind(
    name="sensor",
    title="Sensor",
    group="Core",
    icon="radio",
    colour="#22c55e",
    width=136,
    height=60,
    inputs=(),
    settings=(
        choice_setting(
            "source",
            "Source",
            "webhook",
            "Source",
            webhook="Webhook",
            polling="Polling",
            pubsub="Publish/subscribe",
            file="File",
            database="Database",
        ),
        text_setting("endpoint", "Endpoint", "Source", "A URL, topic, path or table."),
        whole_setting("interval_ms", "Interval (ms)", "Source", default=30_000, high=31 * DAY_MS),
        choice_setting("format", "Format", "json", "Events", json="JSON", xml="XML", text="Text", csv="CSV"),
        json_setting("filters", "Filters", "Events", "Only matching events continue."),
        whole_setting("queue_size", "Queue size", "Events", default=100, high=10_000_000),
    ),
)

SKILL = Kind(
    name="skill",
    title="Skill",
    group="Core",
    icon="zap",
    colour="#f59e0b",
    width=136,
    height=60,
    settings=(
        text_setting("name", "Name", "Skill"),
        long_setting("code", "Code", "Skill"),
        json_setting("input_schema", "Input schema", "Schemas", SCHEMA),
        json_setting("output_schema", "Output schema", "Schemas", SCHEMA),
        whole_setting("timeout_ms", "Timeout (ms)", "Error handling", default=30_000, high=DAY_MS),
        whole_setting("retry_count", "Retries", "Error handling", default=0, high=100),
        choice_setting(
            "on_error",
            "On error",
            "throw",
            "Error handling",
            throw="Stop",
            return_null="Return nothing",
            retry="Try again",
            **{"continue": "Continue"},
        ),
    ),
)

MEMORY = Kind(
    name="memory",
    title="Memory",
    group="Core",
    icon="database",
    colour="#ec4899",
    width=136,
    height=60,
    settings=(
        choice_setting(
            "type",
            "Type",
            "key_value",
            "Memory",
            vector_store="Vector store",
            key_value="Key-value",
            conversation="Conversation",
            session="Session",
        ),
        choice_setting("backend", "Backend", "local", "Memory", local="Local", redis="Redis", postgres="PostgreSQL"),
        whole_setting("max_entries", "Max entries", "Memory", default=1000, high=1_000_000_000),
        text_setting("embedding_model", "Embedding model", "Search"),
        share_setting("similarity", "Similarity", "Search", 0.8, 0.05),
        names_setting("index_fields", "Indexed fields", "Search"),
    ),
)

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
    settings=(
        text_setting("language", "Condition language", "Condition"),
        long_setting("expression", "Expression", "Condition"),
        names_setting(
            "branches",
            "Branches",
            "Branches",
            "Each branch is an output. Anything else goes to the default output.",
            makes_ports=True,
        ),
        text_setting("default_branch", "Default branch", "Branches"),
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
    settings=(
        choice_setting(
            "type",
            "Type",
            "for_each",
            "Loop",
            for_each="For each",
            until="Until",
            times="Number of times",
            **{"while": "While"},
        ),
        text_setting("iterate_over", "Iterate over", "Loop"),
        whole_setting("max_iterations", "Max iterations", "Loop", default=100, high=1_000_000_000),
        text_setting("break_condition", "Break condition", "Loop"),
        whole_setting("batch_size", "Batch size", "Loop", default=1, low=1, high=1_000_000),
        choice_setting(
            "on_error",
            "On error",
            "throw",
            "Error handling",
            throw="Stop",
            **{"continue": "Continue", "break": "Exit loop"},
        ),
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
    settings=(
        choice_setting(
            "type", "Type", "template", "Transform", template="Template", expression="Expression", jsonpath="JSONPath"
        ),
        long_setting("transformation", "Transformation", "Transform"),
        text_setting("input_format", "Input format", "Formats"),
        text_setting("output_format", "Output format", "Formats"),
        json_setting("validation_schema", "Validation schema", "Formats", SCHEMA),
    ),
)

INPUT = Kind(
    name="input",
    title="Input",
    group="Input and output",
    icon="log-in",
    colour="#6366f1",
    width=120,
    height=60,
    inputs=(),
    settings=(
        choice_setting("type", "Type", "form", "Input", form="Form", text="Text", file="File", json="JSON"),
        json_setting("fields", "Fields", "Input"),
        json_setting("validation_rules", "Validation rules", "Input"),
        json_setting("default_values", "Default values", "Input"),
    ),
)

OUTPUT = Kind(
    name="output",
    title="Output",
    group="Input and output",
    icon="log-out",
    colour="#06b6d4",
    width=120,
    height=60,
    outputs=(),
    settings=(
        choice_setting(
            "type", "Type", "structured", "Output", structured="Structured", text="Text", file="File", stream="Stream"
        ),
        long_setting("format_template", "Format template", "Output"),
        json_setting("destinations", "Destinations", "Destination"),
        text_setting("file_path", "File path", "Destination"),
        text_setting("webhook_url", "Webhook URL", "Destination"),
    ),
)

API = Kind(
    name="api",
    title="API call",
    group="Input and output",
    icon="globe",
    colour="#f97316",
    width=120,
    height=60,
    settings=(
        choice_setting(
            "method",
            "Method",
            "GET",
            "Request",
            **{name: name for name in ("GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS")},
        ),
        text_setting("url", "URL", "Request"),
        json_setting("params", "Parameters", "Request"),
        json_setting("headers", "Headers", "Request"),
        json_setting("body", "Body", "Request"),
        choice_setting(
            "auth",
            "Authentication",
            "none",
            "Authentication",
            none="None",
            bearer="Bearer token",
            api_key="API key",
            basic="Username and password",
        ),
        text_setting("secret", "Secret", "Authentication", "The secret's name. Its value is never stored in the flow."),
        whole_setting("timeout_ms", "Timeout (ms)", "Error handling", default=30_000, high=DAY_MS),
        whole_setting("retry_attempts", "Retries", "Error handling", default=0, high=100),
    ),
)

NOTE = Kind(
    name="note",
    title="Note",
    group="Canvas",
    icon="sticky-note",
    colour="#eab308",
    width=176,
    height=80,
    inputs=(),
    outputs=(),
    settings=(long_setting("text", "Text", "Note", "Markdown."),),
)

GROUP = Kind(
    name="group",
    title="Group",
    group="Canvas",
    icon="frame",
    colour="#94a3b8",
    width=320,
    height=200,
    inputs=(),
    outputs=(),
    settings=(Setting(name="collapsed", title="Collapsed", type="boolean", default=False, section="Group"),),
)

KINDS: Mapping[str, Kind] = MappingProxyType(
    {
        kind.name: kind
        for kind in (AGENT, SENSOR, SKILL, MEMORY, DECISION, LOOP, TRANSFORM, INPUT, OUTPUT, API, NOTE, GROUP)
    }
)
