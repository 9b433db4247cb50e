"""Calls of other services over HTTP."""

from dataclasses import replace

from flows.document.kinds.catalogue import Kind, choice_setting, json_setting, text_setting, whole_setting
from flows.document.kinds.running import DAY_MS, ON_ERROR, executable

API = Kind(
    name="api",
    title="API call",
    group="Input and output",
    icon="globe",
    colour="#f97316",
    width=120,
    height=60,
    settings=executable(
        choice_setting(
            "method",
            "Method",
            "GET",
            "Request",
            **{name: name for name in ("GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS")},
        ),
        text_setting(
            "url", "URL", "Request", language="template", example="https://api.example.org/orders/{{ input.id }}"
        ),
        json_setting("params", "Parameters", "Request", language="template", look="pairs"),
        json_setting("headers", "Headers", "Request", language="template", look="pairs"),
        json_setting(
            "body",
            "Body",
            "Request",
            language="template",
            example='{"name": "{{ input.name }}"}',
            shown_when={"method": ("POST", "PUT", "PATCH", "DELETE")},
        ),
        text_setting(
            "next_page",
            "Next page",
            "Request",
            language="condition",
            example="prev.body.next",
            help="The address of the next page, or nothing; prev is the answer. Empty: one page.",
            fold="more",
        ),
        whole_setting("max_pages", "Max pages", "Request", default=10, low=1, high=1_000, fold="more"),
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
        text_setting(
            "username",
            "Username",
            "Authentication",
            language="template",
            example="helix",
            help="The secret is the password. Empty: the secret holds both, name:password.",
            shown_when={"auth": ("basic",)},
        ),
        text_setting(
            "secret",
            "Secret",
            "Authentication",
            example="SHOP_TOKEN",
            help="The secret's name. Its value is never stored in the flow.",
            shown_when={"auth": ("bearer", "api_key", "basic")},
        ),
        text_setting(
            "key_name",
            "Key’s name",
            "Authentication",
            default="X-API-Key",
            example="X-API-Key",
            shown_when={"auth": ("api_key",)},
        ),
        replace(
            choice_setting("key_in", "Key’s place", "header", "Authentication", header="Header", query="URL"),
            shown_when={"auth": ("api_key",)},
        ),
        whole_setting("timeout_ms", "Timeout (ms)", "Error handling", default=30_000, high=DAY_MS),
        whole_setting("retry_attempts", "Retries", "Error handling", default=0, high=100),
        replace(ON_ERROR, section="Error handling", fold=""),
        first_name="retry_attempts",
    ),
)
