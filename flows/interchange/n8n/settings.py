"""Which settings of ours an n8n node's parameters say, where the meaning is sure."""

from collections.abc import Mapping

import orjson

from flows.interchange.foreign_json import as_list, as_number, as_object, as_text
from flows.interchange.n8n.expressions import condition_of, template_of
from flows.interchange.n8n.kinds import ports_by_output, short_type

STICKY_COLOURS = ("#eab308", "#f97316", "#ef4444", "#22c55e", "#0ea5e9", "#8b5cf6", "#94a3b8")
UNITS = {"seconds": 1_000, "minutes": 60_000, "hours": 3_600_000, "days": 86_400_000, "weeks": 604_800_000}
_PROVIDERS = {"openai": "openai", "anthropic": "anthropic", "ollama": "ollama", "huggingface": "huggingface"}
_METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS")
_SOURCES: Mapping[str, Mapping[str, tuple[str, ...]]] = {
    "api": {
        "url": ("url",),
        "params": ("queryParameters",),
        "headers": ("headerParameters",),
        "body": ("jsonBody", "bodyParameters"),
    },
    "decision": {"expression": ("conditions", "rules")},
    "agent": {"model": ("model", "modelName", "modelId")},
    "output": {"file_path": ("fileName",)},
}
"""The parameters that a setting is read from."""
_AUTHS = {"httpBasicAuth": "basic", "httpHeaderAuth": "api_key", "httpBearerAuth": "bearer", "httpQueryAuth": "api_key"}


def settings_of(  # noqa: PLR0911
    kind: str, type: str, version: float, parameters: Mapping[str, object]
) -> dict[str, object]:
    """Return settings; what cannot be said for sure is left out."""
    match kind:
        case "api" if short_type(type) in ("httprequest", "httprequesttool", "toolhttprequest"):
            return _request(parameters)
        case "sensor":
            return _source(short_type(type), parameters)
        case "decision":
            ports = ports_by_output(type, version, parameters)
            expression = condition_of(parameters) if short_type(type) == "if" else None
            return {"branches": [port for port in ports if port != "default"], "expression": expression}
        case "loop":
            return {"batch_size": _whole(parameters.get("batchSize"))}
        case "skill":
            return {"code": code_of(parameters)}
        case "agent":
            return _model(short_type(type), parameters)
        case "memory":
            return _memory(short_type(type), parameters)
        case "note":
            return {"text": as_text(parameters.get("content"))}
        case "output" if short_type(type) == "readwritefile":
            return {"type": "file", "file_path": template_of(parameters.get("fileName"))}
        case _:
            return {}


def untranslated(kind: str, settings: Mapping[str, object], parameters: Mapping[str, object]) -> list[str]:
    """Return the settings that the parameters say in a way that `settings_of` could not read."""
    sources = _SOURCES.get(kind, {})
    return [
        name
        for name, wanted in sources.items()
        if settings.get(name) is None and name in settings and any(parameters.get(one) for one in wanted)
    ]


def code_of(parameters: Mapping[str, object]) -> str:
    """Return the code of a node that runs some."""
    names = ("jsCode", "pythonCode", "functionCode", "command")
    return next((code for name in names if (code := as_text(parameters.get(name)))), "")


def sticky_colour(value: object) -> str:
    """Return the colour of a sticky note: its number from 1 to 7, or a colour that is written out."""
    number = as_number(value)
    if number is not None and number in range(1, 8):
        return STICKY_COLOURS[int(number) - 1]
    return as_text(value) if isinstance(value, str) else ""


def _request(parameters: Mapping[str, object]) -> dict[str, object]:
    method = as_text(parameters.get("method") or parameters.get("requestMethod")).upper()
    body: object = None
    if parameters.get("sendBody") is True or "jsonBody" in parameters:
        body = _json(template_of(parameters.get("jsonBody"))) or _pairs(parameters.get("bodyParameters"))
    return {
        "method": method if method in _METHODS else None,
        "url": template_of(parameters.get("url")),
        "params": _pairs(parameters.get("queryParameters")),
        "headers": _pairs(parameters.get("headerParameters")),
        "body": body,
        "auth": _AUTHS.get(as_text(parameters.get("genericAuthType"))),
        "timeout_ms": _whole(as_object(parameters.get("options")).get("timeout")),
    }


def _pairs(value: object) -> dict[str, object] | None:
    """Return the names and values of a list of parameters, or None if one of them is not sure."""
    found: dict[str, object] = {}
    for item in map(as_object, as_list(as_object(value).get("parameters"))):
        said = template_of(item.get("value"))
        if said is None:
            return None
        if (name := as_text(item.get("name"))) and "value" in item:
            found[name] = said
    return found


def _json(text: str | None) -> object:
    if not text:
        return None
    try:
        return orjson.loads(text)
    except orjson.JSONDecodeError:
        return None if "{{" in text else text


def _source(type: str, parameters: Mapping[str, object]) -> dict[str, object]:
    if type == "webhook":
        return {"source": "webhook", "endpoint": as_text(parameters.get("path"))}
    if type == "scheduletrigger" and (cron := _cron(parameters)):
        return {"source": "schedule", "cron": cron}
    if type in ("scheduletrigger", "cron", "interval"):
        return {"source": "polling", "interval_ms": _interval(type, parameters)}
    for source, signs in (
        ("pubsub", ("mqtt", "kafka", "rabbitmq", "amqp", "redis", "sns")),
        ("file", ("file", "drive", "dropbox", "s3")),
        ("database", ("postgres", "mysql", "mongo", "supabase")),
    ):
        if any(sign in type for sign in signs):
            return {"source": source, "endpoint": template_of(parameters.get("topic") or parameters.get("path"))}
    is_polled = "pollTimes" in parameters or type in ("emailreadimap", "rssfeedreadtrigger")
    return {"source": "polling" if is_polled else "webhook"}


def _cron(parameters: Mapping[str, object]) -> str:
    """Return the schedule of a trigger that has one and no other, in five fields."""
    entries = as_list(as_object(parameters.get("rule")).get("interval"))
    entry = as_object(entries[0]) if len(entries) == 1 else {}
    cron = as_text(entry.get("expression")) if entry.get("field") == "cronExpression" else ""
    return cron if len(cron.split()) == 5 else ""


def _interval(type: str, parameters: Mapping[str, object]) -> int | None:
    if type == "interval":
        unit, every = as_text(parameters.get("unit")) or "seconds", as_number(parameters.get("interval"))
        return round(every * UNITS[unit]) if every and unit in UNITS else None
    entries = as_list(as_object(parameters.get("rule")).get("interval"))
    if len(entries) != 1:
        return None
    entry = as_object(entries[0])
    field = as_text(entry.get("field")) or "days"
    every = as_number(entry.get(f"{field}Interval", 1))
    return round(every * UNITS[field]) if field in UNITS and every and every > 0 else None


def _model(type: str, parameters: Mapping[str, object]) -> dict[str, object]:
    options = as_object(parameters.get("options"))
    model = parameters.get("model") or parameters.get("modelName") or parameters.get("modelId")
    if isinstance(model, dict):
        model = model.get("value")
    is_model = type.startswith("lm") or model
    return {
        "provider": next((name for sign, name in _PROVIDERS.items() if sign in type), None) if is_model else None,
        "model": template_of(model),
        "temperature": as_number(options.get("temperature")),
        "max_tokens": _whole(
            options.get("maxTokens") or options.get("maxTokensToSample") or options.get("maxOutputTokens")
        ),
        "prompt": template_of(parameters.get("text")) if parameters.get("promptType") == "define" else None,
        "system_prompt": template_of(options.get("systemMessage")),
    }


def _memory(type: str, parameters: Mapping[str, object]) -> dict[str, object]:
    kind = "vector_store" if type.startswith("vectorstore") else "conversation" if type.startswith("memory") else None
    backend = next((name for name in ("redis", "postgres") if name in type), None)
    return {"type": kind, "backend": backend}


def _whole(value: object) -> int | None:
    number = as_number(value)
    return int(number) if number is not None and number == int(number) else None
