"""The n8n node that is nearest to a node of ours: its type, its version, and parameters that the version knows."""

from collections.abc import Mapping

import orjson

from flows.document import KINDS, Node, ports_of
from flows.interchange.foreign_json import as_object, as_text
from flows.interchange.n8n.expressions import parameter_of
from flows.interchange.n8n.settings import STICKY_COLOURS, UNITS

Blank = tuple[str, float, dict[str, object]]
BASE = "n8n-nodes-base."
LANGCHAIN = "@n8n/n8n-nodes-langchain."
STICKY = f"{BASE}stickyNote"
_AUTHS = {"basic": "httpBasicAuth", "api_key": "httpHeaderAuth", "bearer": "httpBearerAuth"}
_OPTIONS: Mapping[str, object] = {"caseSensitive": True, "leftValue": "", "typeValidation": "loose", "version": 2}


def blank(node: Node, *, answers_webhook: bool) -> Blank:  # noqa: PLR0911
    """Return the nearest node; an output answers the flow's webhook if it has one."""
    settings = node.settings
    match node.kind:
        case "input":
            return f"{BASE}manualTrigger", 1, {}
        case "sensor":
            return _source(node)
        case "output":
            return _sink(settings, answers_webhook)
        case "api":
            return f"{BASE}httpRequest", 4.2, request_parameters(settings)
        case "decision":
            return f"{BASE}switch", 3.2, switch_parameters(ports_of(node).outputs)
        case "loop":
            return f"{BASE}splitInBatches", 3, {"batchSize": settings.get("batch_size", 1), "options": {}}
        case "skill":
            return f"{BASE}code", 2, _code(as_text(settings.get("code")))
        case "agent":
            return f"{LANGCHAIN}agent", 1.7, agent_parameters(settings)
        case "memory":
            held: dict[str, object] = {"operation": "get", "propertyName": "value", "options": {}}
            return f"{BASE}redis", 1, {**held, "key": node.label or "memory"}
        case "note":
            return STICKY, 1, sticky_parameters(node, as_text(settings.get("text")))
        case "group":
            return STICKY, 1, sticky_parameters(node, f"## {node.label}" if node.label else "")
        case _:
            return f"{BASE}set", 3.4, _assignments(settings)


def sticky_parameters(node: Node, text: str) -> dict[str, object]:
    """Return a sticky note's parameters; a colour that is none of n8n's seven is left at its default."""
    held: dict[str, object] = {"content": text, "height": round(node.height), "width": round(node.width)}
    if node.colour in STICKY_COLOURS and node.colour != KINDS["note"].colour:
        held["color"] = STICKY_COLOURS.index(node.colour) + 1
    return held


def request_parameters(settings: Mapping[str, object]) -> dict[str, object]:
    """Return the parameters of an HTTP request."""
    held: dict[str, object] = {"method": settings.get("method", "GET"), "url": _parameter(settings.get("url"))}
    if auth := _AUTHS.get(as_text(settings.get("auth"))):
        held |= {"authentication": "genericCredentialType", "genericAuthType": auth}
    for name, switch, list_name in (
        ("params", "sendQuery", "queryParameters"),
        ("headers", "sendHeaders", "headerParameters"),
    ):
        if pairs := as_object(settings.get(name)):
            values = [{"name": key, "value": _parameter(value)} for key, value in pairs.items()]
            held |= {switch: True, list_name: {"parameters": values}}
    if (body := settings.get("body")) is not None:
        held |= {"sendBody": True, "specifyBody": "json", "jsonBody": _json_parameter(body)}
    timeout = settings.get("timeout_ms")
    return {**held, "options": {"timeout": timeout} if timeout else {}}


def switch_parameters(ports: tuple[str, ...]) -> dict[str, object]:
    """Return a switch with a rule for each branch and an extra output for everything else."""
    rules = [switch_rule(port) for port in ports if port != "default"]
    return {"rules": {"values": rules}, "options": {"fallbackOutput": "extra"}}


def switch_rule(name: str) -> dict[str, object]:
    """Return the rule that a branch of this name is taken if the input's `branch` is the name."""
    operator = {"type": "string", "operation": "equals", "name": "filter.operator.equals"}
    condition = {"leftValue": "={{ $json.branch }}", "rightValue": name, "operator": operator}
    conditions = {"options": dict(_OPTIONS), "conditions": [condition], "combinator": "and"}
    return {"conditions": conditions, "renameOutput": True, "outputKey": name}


def agent_parameters(settings: Mapping[str, object]) -> dict[str, object]:
    """Return the parameters of an agent, which in n8n gets its model from a node of its own."""
    options = {"systemMessage": _parameter(settings.get("system_prompt"))} if settings.get("system_prompt") else {}
    prompt = _parameter(settings.get("prompt")) or "={{ $json.chatInput || JSON.stringify($json) }}"
    return {"promptType": "define", "text": prompt, "options": options}


def schedule_parameters(milliseconds: float) -> dict[str, object]:
    """Return a schedule's rule in the largest unit that divides the interval."""
    unit = next((unit for unit in ("days", "hours", "minutes") if milliseconds % UNITS[unit] == 0), "seconds")
    every = max(1, round(milliseconds / UNITS[unit]))
    return {"rule": {"interval": [{"field": unit, f"{unit}Interval": every}]}}


def _source(node: Node) -> Blank:
    endpoint = as_text(node.settings.get("endpoint"))
    match node.settings.get("source", "webhook"):
        case "webhook":
            return f"{BASE}webhook", 2, {"httpMethod": "POST", "path": endpoint.strip("/") or node.id, "options": {}}
        case "pubsub":
            return f"{BASE}mqttTrigger", 1, {"topics": endpoint, "options": {}}
        case "file":
            place = endpoint or as_text(node.settings.get("pattern"))
            return f"{BASE}localFileTrigger", 1, {"triggerOn": "folder", "path": place, "events": ["add"]}
        case "schedule" if cron := as_text(node.settings.get("cron")):
            rule = {"interval": [{"field": "cronExpression", "expression": cron}]}
            return f"{BASE}scheduleTrigger", 1.2, {"rule": rule}
        case _:
            interval = node.settings.get("interval_ms", 30_000)
            return f"{BASE}scheduleTrigger", 1.2, schedule_parameters(interval if isinstance(interval, int) else 30_000)


def _sink(settings: Mapping[str, object], answers_webhook: bool) -> Blank:
    if url := as_text(settings.get("webhook_url")):
        return f"{BASE}httpRequest", 4.2, {"method": "POST", "url": _parameter(url), "options": {}}
    if settings.get("type") == "file":
        name = _parameter(settings.get("file_path"))
        return f"{BASE}readWriteFile", 1, {"operation": "write", "fileName": name, "options": {}}
    if answers_webhook:
        return f"{BASE}respondToWebhook", 1.1, {"options": {}}
    return f"{BASE}noOp", 1, {}


def _code(code: str) -> dict[str, object]:
    return {"language": "python", "pythonCode": code} if code else {"jsCode": "return $input.all();"}


def _assignments(settings: Mapping[str, object]) -> dict[str, object]:
    text = as_text(settings.get("transformation"))
    if not text or settings.get("type", "template") != "template":
        return {"assignments": {"assignments": []}, "includeOtherFields": True, "options": {}}
    one = {"id": "output", "name": "output", "value": _parameter(text), "type": "string"}
    return {"assignments": {"assignments": [one]}, "options": {}}


def _parameter(value: object) -> str:
    """Return a template as a parameter; one that cannot be translated stays as it is, as a literal."""
    text = as_text(value)
    translated = parameter_of(text)
    return text if translated is None else translated


def _json_parameter(value: object) -> str:
    return _parameter(value) if isinstance(value, str) else _parameter(orjson.dumps(value).decode())
