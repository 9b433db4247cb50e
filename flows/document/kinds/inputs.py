"""Where a run begins and what it leaves."""

from flows.document.kinds.catalogue import Kind, choice_setting, json_setting, long_setting, text_setting
from flows.document.kinds.running import executable

INPUT = Kind(
    name="input",
    title="Input",
    group="Input and output",
    icon="log-in",
    colour="#6366f1",
    width=120,
    height=60,
    inputs=(),
    settings=executable(
        choice_setting("type", "Type", "form", "Input", form="Form", text="Text", file="File", json="JSON"),
        json_setting("fields", "Fields", "Input", look="fields", shown_when={"type": ("form",)}),
        json_setting(
            "default_values",
            "Default values",
            "Input",
            look="pairs",
            fold="more",
            shown_when={"type": ("form", "text", "json")},
        ),
        json_setting(
            "validation_rules",
            "Validation rules",
            "Input",
            language="schema",
            example='{"amount": {"type": "number", "minimum": 1}}',
            help="A JSON Schema, of the whole or by field.",
            fold="more",
            shown_when={"type": ("form", "text", "json")},
        ),
        is_inline=True,
        has_inputs=False,
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
    settings=executable(
        choice_setting(
            "type", "Type", "structured", "Output", structured="Structured", text="Text", file="File", stream="Stream"
        ),
        long_setting(
            "format_template",
            "Format template",
            "Output",
            language="template",
            example="Dear {{ input.name }},\n{{ prev }}",
            help="Empty: what the node before gives.",
        ),
        text_setting(
            "file_path",
            "File path",
            "Destination",
            language="template",
            example="reports/{{ run.id }}.txt",
            help="Below the folder for files.",
        ),
        json_setting("destinations", "Destinations", "Destination", language="template", look="destinations"),
        text_setting(
            "webhook_url",
            "Webhook URL",
            "Destination",
            language="template",
            example="https://example.org/hooks/orders",
            help="The value is posted there.",
        ),
        is_inline=True,
    ),
)
