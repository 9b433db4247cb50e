"""Agents and what they remember with."""

from dataclasses import replace

from flows.document.kinds.catalogue import (
    Kind,
    choice_setting,
    json_setting,
    long_setting,
    names_setting,
    share_setting,
    text_setting,
    whole_setting,
)
from flows.document.kinds.running import A_SCHEMA, executable

PROVIDERS = (
    ("test", "Built-in test model"),
    ("openai", "OpenAI"),
    ("anthropic", "Anthropic"),
    ("ollama", "Ollama"),
    ("huggingface", "Hugging Face"),
    ("custom", "Custom"),
)
"""What forms offer where the installation does not say which there are."""


AGENT = Kind(
    name="agent",
    title="Agent",
    group="Core",
    icon="bot",
    colour="#0ea5e9",
    width=144,
    height=80,
    settings=executable(
        long_setting(
            "prompt",
            "Prompt",
            "Prompt",
            language="template",
            example="Answer this message: {{ input.message }}",
            help="What it is asked. Empty: what the node before gives.",
        ),
        long_setting(
            "system_prompt",
            "System prompt",
            "Prompt",
            language="template",
            example="You answer customers. Be friendly and brief.",
            help="Who it is and how it answers.",
        ),
        text_setting(
            "provider",
            "Provider",
            "Model",
            offers=PROVIDERS,
            look="provider",
            help="Empty: the one of this installation.",
        ),
        text_setting("model", "Model", "Model", example="llama-3.1-8b", help="Empty: the one of the provider."),
        share_setting("temperature", "Temperature", "Model", 0.7, 0.1),
        whole_setting("max_tokens", "Max tokens", "Model", default=1024, low=1, high=10_000_000),
        choice_setting(
            "reasoning",
            "Reasoning",
            "simple",
            "Model",
            simple="Simple",
            chain_of_thought="Chain of thought",
            tree_of_thoughts="Tree of thoughts",
            react="ReAct",
        ),
        names_setting("tools", "Tools", "Tools", example="calendar", help="Tool servers that it may use."),
        json_setting(
            "output_schema",
            "Output schema",
            "Answer",
            language="schema",
            example=A_SCHEMA,
            help="A JSON Schema: the answer is then data, not text.",
            fold="more",
        ),
        whole_setting("max_retries", "Max retries", "Running", default=3, high=100, fold="more"),
        first_name="max_retries",
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
    settings=executable(
        choice_setting(
            "operation",
            "What it does",
            "get",
            "Memory",
            get="Read",
            put="Write",
            append="Add",
            search="Search",
            forget="Forget",
        ),
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
        text_setting(
            "key",
            "Key",
            "Memory",
            language="template",
            example="customer-{{ input.id }}",
            shown_when={"operation": ("get", "put", "append", "forget")},
        ),
        long_setting(
            "value",
            "Value",
            "Memory",
            language="condition",
            example="prev.answer",
            help="Empty: what the node before gives.",
            shown_when={"operation": ("put", "append", "search")},
        ),
        choice_setting(
            "scope", "Kept for", "flow", "Memory", flow="All runs of the flow", run="One run", person="One person"
        ),
        whole_setting(
            "limit",
            "Results",
            "Search",
            default=5,
            low=1,
            high=100,
            shown_when={"operation": ("search",)},
        ),
        share_setting("similarity", "Similarity", "Search", 0.8, 0.05, shown_when={"operation": ("search",)}),
        text_setting(
            "embedding_model",
            "Embedding model",
            "Search",
            example="nomic-embed-text",
            help="Empty: it finds by words.",
            fold="more",
            shown_when={"operation": ("put", "append", "search")},
        ),
        names_setting(
            "index_fields",
            "Indexed fields",
            "Search",
            example="title",
            fold="more",
            shown_when={"operation": ("put", "append", "search")},
        ),
        whole_setting(
            "turns",
            "Last turns",
            "Conversation",
            default=20,
            low=1,
            high=1_000,
            shown_when={"type": ("conversation",), "operation": ("get",)},
        ),
        whole_setting(
            "max_tokens",
            "Max tokens",
            "Conversation",
            default=4_000,
            low=1,
            high=10_000_000,
            shown_when={"type": ("conversation",), "operation": ("get",)},
        ),
        whole_setting("max_entries", "Max entries", "Memory", default=1000, high=1_000_000_000, fold="more"),
        replace(
            choice_setting(
                "backend", "Backend", "local", "Memory", local="Local", redis="Redis", postgres="PostgreSQL"
            ),
            fold="more",
        ),
    ),
)
