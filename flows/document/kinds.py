"""The twelve kinds: titles, looks, ports and settings."""

from collections.abc import Mapping
from types import MappingProxyType

from flows.document.catalogue import Kind, Setting, SettingType

DAY_MS = 86_400_000
SCHEMA = "A JSON Schema."


def _choice(name: str, title: str, default: str, section: str, /, **choices: str) -> Setting:
    return Setting(
        name=name, title=title, type="choice", default=default, choices=tuple(choices.items()), section=section
    )


def _text(name: str, title: str, section: str, help: str = "", type: SettingType = "text") -> Setting:
    return Setting(name=name, title=title, type=type, default="", section=section, help=help)


def _long(name: str, title: str, section: str, help: str = "") -> Setting:
    return _text(name, title, section, help, "long_text")


def _json(name: str, title: str, section: str, help: str = "") -> Setting:
    return Setting(name=name, title=title, type="json", section=section, help=help)


def _names(name: str, title: str, section: str, help: str = "") -> Setting:
    return Setting(name=name, title=title, type="names", default=(), maximum=100, section=section, help=help)


def _whole(name: str, title: str, section: str, default: int | None, low: int, high: int, help: str = "") -> Setting:
    return Setting(
        name=name,
        title=title,
        type="integer",
        default=default,
        minimum=low,
        maximum=high,
        step=1,
        section=section,
        help=help,
    )


def _share(name: str, title: str, section: str, default: float, step: float) -> Setting:
    return Setting(
        name=name, title=title, type="number", default=default, minimum=0, maximum=1, step=step, section=section
    )


AGENT = Kind(
    name="agent",
    title="Agent",
    group="Core",
    icon="bot",
    colour="#0ea5e9",
    width=144,
    height=80,
    settings=(
        _choice(
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
        _whole("max_tokens", "Max tokens", "Model", 1024, 1, 10_000_000),
        _text("model", "Model", "Model", "The model's name at its provider."),
        _share("temperature", "Temperature", "Model", 0.7, 0.1),
        _choice(
            "reasoning",
            "Reasoning",
            "simple",
            "Model",
            chain_of_thought="Chain of thought",
            tree_of_thoughts="Tree of thoughts",
            react="ReAct",
            simple="Simple",
        ),
        _whole("max_retries", "Max retries", "Model", 3, 0, 100),
        _long("system_prompt", "System prompt", "Prompt"),
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
        _choice(
            "source",
            "Source",
            "webhook",
            "Source",
            webhook="Webhook",
            polling="Polling",
            pubsub="Publish and subscribe",
            file="File",
            database="Database",
        ),
        _text("endpoint", "Endpoint", "Source", "A URL, topic, path or table, as the source needs."),
        _whole("interval_ms", "Interval (ms)", "Source", 30_000, 0, 31 * DAY_MS),
        _choice("format", "Format", "json", "Events", json="JSON", xml="XML", text="Text", csv="CSV"),
        _json("filters", "Filters", "Events", "Only what matches goes on."),
        _whole("queue_size", "Queue size", "Events", 100, 0, 10_000_000),
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
        _text("name", "Name", "Skill"),
        _long("code", "Code", "Skill"),
        _json("input_schema", "Input schema", "Schemas", SCHEMA),
        _json("output_schema", "Output schema", "Schemas", SCHEMA),
        _whole("timeout_ms", "Timeout (ms)", "Failure", 30_000, 0, DAY_MS),
        _whole("retry_count", "Retries", "Failure", 0, 0, 100),
        _choice(
            "on_error",
            "On error",
            "throw",
            "Failure",
            throw="Stop",
            return_null="Return nothing",
            retry="Try again",
            **{"continue": "Go on"},
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
        _choice(
            "type",
            "Type",
            "key_value",
            "Memory",
            vector_store="Vector store",
            key_value="Key and value",
            conversation="Conversation",
            session="Session",
        ),
        _choice("backend", "Backend", "local", "Memory", local="Local", redis="Redis", postgres="PostgreSQL"),
        _whole("max_entries", "Max entries", "Memory", 1000, 0, 1_000_000_000),
        _text("embedding_model", "Embedding model", "Search"),
        _share("similarity", "Similarity", "Search", 0.8, 0.05),
        _names("index_fields", "Indexed fields", "Search"),
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
        _text("language", "Condition language", "Condition"),
        _long("expression", "Expression", "Condition"),
        _names("branches", "Branches", "Branches", "Each branch is an output; what fits none leaves by default."),
        _text("default_branch", "Default branch", "Branches"),
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
        _choice(
            "type",
            "Type",
            "for_each",
            "Loop",
            for_each="For each",
            until="Until",
            times="Times",
            **{"while": "While"},
        ),
        _text("iterate_over", "Iterate over", "Loop"),
        _whole("max_iterations", "Max iterations", "Loop", 100, 0, 1_000_000_000),
        _text("break_condition", "Break condition", "Loop"),
        _whole("batch_size", "Batch size", "Loop", 1, 1, 1_000_000),
        _choice(
            "on_error",
            "On error",
            "throw",
            "Failure",
            throw="Stop",
            **{"continue": "Go on", "break": "Leave the loop"},
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
        _choice(
            "type", "Type", "template", "Transform", template="Template", expression="Expression", jsonpath="JSONPath"
        ),
        _long("transformation", "Transformation", "Transform"),
        _text("input_format", "Input format", "Formats"),
        _text("output_format", "Output format", "Formats"),
        _json("validation_schema", "Validation schema", "Formats", SCHEMA),
    ),
)

INPUT = Kind(
    name="input",
    title="Input",
    group="In and out",
    icon="log-in",
    colour="#6366f1",
    width=120,
    height=60,
    inputs=(),
    settings=(
        _choice("type", "Type", "form", "Input", form="Form", text="Text", file="File", json="JSON"),
        _json("fields", "Fields", "Input"),
        _json("validation_rules", "Validation rules", "Input"),
        _json("default_values", "Default values", "Input"),
    ),
)

OUTPUT = Kind(
    name="output",
    title="Output",
    group="In and out",
    icon="log-out",
    colour="#06b6d4",
    width=120,
    height=60,
    outputs=(),
    settings=(
        _choice(
            "type", "Type", "structured", "Output", structured="Structured", text="Text", file="File", stream="Stream"
        ),
        _long("format_template", "Format template", "Output"),
        _json("destinations", "Destinations", "Destination"),
        _text("file_path", "File path", "Destination"),
        _text("webhook_url", "Webhook URL", "Destination"),
    ),
)

API = Kind(
    name="api",
    title="API call",
    group="In and out",
    icon="globe",
    colour="#f97316",
    width=120,
    height=60,
    settings=(
        _choice(
            "method",
            "Method",
            "GET",
            "Request",
            **{name: name for name in ("GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS")},
        ),
        _text("url", "URL", "Request"),
        _json("params", "Parameters", "Request"),
        _json("headers", "Headers", "Request"),
        _json("body", "Body", "Request"),
        _choice(
            "auth",
            "Authentication",
            "none",
            "Authentication",
            none="None",
            bearer="Bearer token",
            api_key="API key",
            basic="Name and password",
        ),
        _text("secret", "Secret", "Authentication", "The secret's name. Its value never enters the flow."),
        _whole("timeout_ms", "Timeout (ms)", "Failure", 30_000, 0, DAY_MS),
        _whole("retry_attempts", "Retries", "Failure", 0, 0, 100),
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
    settings=(_long("text", "Text", "Note", "Markdown."),),
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
    settings=(
        Setting(name="collapsed", title="Collapsed", type="boolean", default=False, section="Group"),
    ),
)

KINDS: Mapping[str, Kind] = MappingProxyType(
    {
        kind.name: kind
        for kind in (AGENT, SENSOR, SKILL, MEMORY, DECISION, LOOP, TRANSFORM, INPUT, OUTPUT, API, NOTE, GROUP)
    }
)
