"""Which kind of ours a Node-RED node is, and which of its properties are settings of ours."""

import re
from collections.abc import Mapping

from flows.interchange.foreign_json import as_list, as_number, as_object, as_text, branch_names

_KINDS = {
    type: kind
    for kind, types in {
        "input": ["inject"],
        "sensor": ["http in", "websocket in", "mqtt in", "tcp in", "udp in", "serial in", "e-mail in", "twitter in",
                   "watch", "feedparse", "catch", "status", "complete", "rpi-gpio in", "amqp in", "kafka in"],
        "output": ["debug", "http response", "websocket out", "mqtt out", "tcp out", "udp out", "serial out", "e-mail",
                   "twitter out", "file", "play audio", "rpi-gpio out", "amqp out", "kafka out"],
        "api": ["http request", "tcp request", "serial request", "www-request", "graphql"],
        "decision": ["switch"],
        "skill": ["function", "exec", "daemon", "python3-function", "pythonshell", "unsafe-function", "link call"],
        "transform": ["change", "template", "range", "csv", "html", "json", "xml", "yaml", "split", "join", "sort",
                      "batch", "trigger", "delay", "rbe", "junction", "link in", "link out", "file in", "base64"],
        "note": ["comment"],
        "group": ["group"],
    }.items()
    for type in types
}  # fmt: skip
_STORES = (
    "mysql",
    "postgres",
    "mongo",
    "redis",
    "influx",
    "sqlite",
    "mssql",
    "cassandra",
    "dynamo",
    "firebase",
    "context",
)
_MODELS = ("openai", "chatgpt", "gpt", "llm", "ollama", "anthropic", "claude", "gemini", "watson-assistant", "bedrock")
_CALLS = ("request", "api", "rest", "soap", "fetch", "telegram", "slack", "discord", "twilio", "aws", "google")
_RULES = {
    "eq": "= {v}", "neq": "≠ {v}", "lt": "< {v}", "lte": "≤ {v}", "gt": "> {v}", "gte": "≥ {v}",
    "btwn": "{v} to {v2}", "cont": "contains {v}", "regex": "matches {v}", "true": "true", "false": "false",
    "null": "null", "nnull": "not null", "empty": "empty", "nempty": "not empty", "istype": "is {v}",
    "hask": "has {v}", "head": "first {v}", "tail": "last {v}", "index": "at {v} to {v2}", "jsonata_exp": "{v}",
}  # fmt: skip
_EVERY_UNIT = re.compile(r"\*/(\d{1,2}) (?:\*|0-23) \* \* \*")
_METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS")


def kind_of(raw: Mapping[str, object]) -> str:  # noqa: PLR0911
    """Return the kind that a node's type means, `transform` for an unknown one."""
    type = as_text(raw.get("type"))
    if type == "inject" and (as_number(raw.get("repeat")) or as_text(raw.get("crontab"))):
        return "sensor"
    if kind := _KINDS.get(type):
        return kind
    lowered = type.lower()
    if lowered.startswith("subflow:"):
        return "skill"
    for signs, kind in ((_MODELS, "agent"), (_STORES, "memory")):
        if any(sign in lowered for sign in signs):
            return kind
    if lowered.endswith((" in", "-in", " receiver", "trigger")):
        return "sensor"
    if lowered.endswith((" out", "-out", " sender")):
        return "output"
    return "api" if any(sign in lowered for sign in _CALLS) else "transform"


def is_known(raw: Mapping[str, object]) -> bool:
    """Tell whether a node's type means a kind."""
    return as_text(raw.get("type")) in _KINDS or kind_of(raw) != "transform"


def settings_of(kind: str, raw: Mapping[str, object]) -> dict[str, object]:  # noqa: PLR0911
    """Return the settings of ours that a node's properties say."""
    match kind, as_text(raw.get("type")):
        case "api", "http request":
            return _request(raw)
        case "sensor", type:
            return _source(type, raw)
        case "skill", _:
            return {"code": raw.get("func") or raw.get("code")}
        case "decision", _:
            return {"branches": output_names(raw)[:100]}
        case "transform", "template":
            text = as_text(raw.get("template"))
            return {} if _is_template(text) else {"type": "template", "transformation": text}
        case "output", "file":
            name = as_text(raw.get("filename"))
            return {"type": "file", "file_path": "" if _is_template(name) else name}
        case "note", _:
            return {"text": as_text(raw.get("info"))}
        case _:
            return {}


def output_names(raw: Mapping[str, object]) -> list[str]:
    """Name the outputs of a switch, one for each rule, without the one for everything else (`default`)."""
    return branch_names(_rule_name(rule) for rule in as_list(raw.get("rules")) if not _is_else(rule))


def output_ports(raw: Mapping[str, object]) -> list[str]:
    """Return the port of each output of a switch, from the first."""
    names = iter(output_names(raw))
    return ["default" if _is_else(rule) else next(names) for rule in as_list(raw.get("rules"))]


def _is_else(rule: object) -> bool:
    return as_text(as_object(rule).get("t")) == "else"


def _rule_name(rule: object) -> str:
    held = as_object(rule)
    type = as_text(held.get("t"))
    said = _RULES.get(type, type or "?")
    return said.replace("{v2}", as_text(held.get("v2"))).replace("{v}", as_text(held.get("v")))


def _request(raw: Mapping[str, object]) -> dict[str, object]:
    method, url = as_text(raw.get("method")).upper(), as_text(raw.get("url"))
    headers = {
        as_text(header.get("keyValue")) or as_text(header.get("keyType")): as_text(header.get("valueValue"))
        or as_text(header.get("valueType"))
        for header in map(as_object, as_list(raw.get("headers")))
        if as_text(header.get("valueType")) not in ("msg", "env", "jsonata") and "valueValue" in header
    }
    return {
        "method": method if method in _METHODS else None,
        "url": "" if _is_template(url) else url,
        "headers": {
            name: value for name, value in headers.items() if name and name != "other" and not _is_template(value)
        },
        "auth": {"basic": "basic", "bearer": "bearer"}.get(as_text(raw.get("authType"))),
        "timeout_ms": _milliseconds(raw.get("requestTimeout"), 1),
    }


def _source(type: str, raw: Mapping[str, object]) -> dict[str, object]:
    match type:
        case "inject":
            every = _milliseconds(raw.get("repeat"), 1000)
            cron = as_text(raw.get("crontab"))
            if match := _EVERY_UNIT.fullmatch(cron):
                every = int(match[1]) * 60_000
            elif len(cron.split()) == 5:
                return {"source": "schedule", "cron": cron}
            return {"source": "polling", "interval_ms": every}
        case "http in":
            return {"source": "webhook", "endpoint": as_text(raw.get("url"))}
        case "mqtt in" | "amqp in" | "kafka in" | "websocket in":
            return {"source": "pubsub", "endpoint": as_text(raw.get("topic"))}
        case "watch":
            return {"source": "file", "endpoint": as_text(raw.get("files"))}
        case _:
            return {}


def _milliseconds(value: object, unit: int) -> int | None:
    number = as_number(value)
    return round(number * unit) if number is not None and number > 0 else None


def _is_template(text: str) -> bool:
    """Tell whether braces in it would mean something to us."""
    return "{{" in text or "{%" in text or "{#" in text
