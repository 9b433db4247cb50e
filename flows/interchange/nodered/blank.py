"""The Node-RED node that is nearest to a node of ours, with the properties that the editor of Node-RED expects."""

from collections.abc import Mapping

from flows.document import Node, ports_of
from flows.interchange.foreign_json import as_object, as_text

_INJECT: Mapping[str, object] = {
    "props": [{"p": "payload"}, {"p": "topic", "vt": "str"}],
    "repeat": "",
    "crontab": "",
    "once": False,
    "onceDelay": 0.1,
    "topic": "",
    "payload": "",
    "payloadType": "date",
}
_DEBUG: Mapping[str, object] = {
    "active": True,
    "tosidebar": True,
    "console": False,
    "tostatus": False,
    "complete": "payload",
    "targetType": "msg",
    "statusVal": "",
    "statusType": "auto",
}


def blank(node: Node) -> tuple[str, dict[str, object]]:  # noqa: PLR0911
    """Return the type and properties of the nearest Node-RED node."""
    settings = node.settings
    match node.kind:
        case "input":
            return "inject", dict(_INJECT)
        case "sensor":
            return _source(settings)
        case "output":
            return _sink(settings)
        case "api":
            return "http request", _request(settings)
        case "decision":
            rules = switch_rules(ports_of(node).outputs)
            held = {"property": "payload", "propertyType": "msg", "rules": rules, "checkall": "true", "repair": False}
            return "switch", {**held, "outputs": len(rules)}
        case "transform" if settings.get("type", "template") == "template" and settings.get("transformation"):
            held = {"field": "payload", "fieldType": "msg", "format": "text", "syntax": "plain", "output": "str"}
            return "template", {**held, "template": as_text(settings["transformation"])}
        case "transform":
            return "change", {"rules": [], "action": "", "property": "", "from": "", "to": "", "reg": False}
        case "memory":
            rule = {"t": "set", "p": "memory", "pt": "flow", "to": "payload", "tot": "msg"}
            return "change", {"rules": [rule], "action": "", "property": "", "from": "", "to": "", "reg": False}
        case "note":
            return "comment", {}
        case _:
            return "function", _function(node)


def switch_rules(ports: tuple[str, ...]) -> list[dict[str, object]]:
    """Return a switch's rules, one for each port; `default` is everything else."""
    return [{"t": "else"} if port == "default" else {"t": "eq", "v": port, "vt": "str"} for port in ports]


def _source(settings: Mapping[str, object]) -> tuple[str, dict[str, object]]:
    endpoint = as_text(settings.get("endpoint"))
    match settings.get("source", "webhook"):
        case "webhook":
            return "http in", {"url": endpoint, "method": "post", "upload": False, "swaggerDoc": ""}
        case "pubsub":
            held = {"topic": endpoint, "qos": "2", "datatype": "auto-detect", "broker": "", "nl": False}
            return "mqtt in", {**held, "rap": True, "rh": 0, "inputs": 0}
        case "file":
            return "watch", {"files": endpoint or as_text(settings.get("pattern")), "recursive": ""}
        case "schedule" if cron := as_text(settings.get("cron")):
            return "inject", {**_INJECT, "crontab": cron}
        case _:
            interval = settings.get("interval_ms", 30_000)
            seconds = interval / 1000 if isinstance(interval, (int, float)) else 30
            return "inject", {**_INJECT, "repeat": f"{seconds:g}"}


def _sink(settings: Mapping[str, object]) -> tuple[str, dict[str, object]]:
    if settings.get("type") == "file":
        held = {"filename": as_text(settings.get("file_path")), "filenameType": "str", "appendNewline": True}
        return "file", {**held, "createDir": False, "overwriteFile": "false", "encoding": "none"}
    return "debug", dict(_DEBUG)


def _request(settings: Mapping[str, object]) -> dict[str, object]:
    headers = [
        {"keyType": "other", "keyValue": name, "valueType": "other", "valueValue": as_text(value)}
        for name, value in as_object(settings.get("headers")).items()
    ]
    auth = as_text(settings.get("auth"))
    return {
        "method": settings.get("method", "GET"),
        "ret": "txt",
        "paytoqs": "ignore",
        "url": as_text(settings.get("url")),
        "tls": "",
        "persist": False,
        "proxy": "",
        "insecureHTTPParser": False,
        "authType": auth if auth in ("basic", "bearer") else "",
        "senderr": False,
        "headers": headers,
    }


def _function(node: Node) -> dict[str, object]:
    """Return a function that hands on what comes in; code of ours is no JavaScript, so it stands there as a comment."""
    said = as_text(node.settings.get("code")) or as_text(node.settings.get("system_prompt"))
    lines = [f"// {line}" for line in said.splitlines()]
    outputs = len(ports_of(node).outputs)
    last = "return msg;" if outputs == 1 else "return [msg, null];"
    held = {"func": "\n".join([*lines, last]), "outputs": outputs, "timeout": 0, "noerr": 0}
    return {**held, "initialize": "", "finalize": "", "libs": []}
