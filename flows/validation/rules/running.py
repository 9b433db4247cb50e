"""The settings that runs need, as far as their type does not say it: schedules, labels, addresses, questions, forms."""

import re
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from functools import lru_cache
from pathlib import PurePosixPath
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from cronsim import CronSim, CronSimError

from flows.document import KINDS, Document, EditNode, Node, applies
from flows.validation.faults import Fault, FaultReason
from flows.validation.installation import Installation
from flows.validation.problem import Code, Problem, of_node
from flows.validation.scene import is_active

LABEL = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.:/-]{0,63}")
ADDRESS = re.compile(r"[^@\s]+@[^@\s]+")
_URLS = {"api": ("url",), "output": ("webhook_url",), "sensor": ("endpoint",)}
_FORMS = {"input": "fields"}


def schedule_can_be_read(node: Node, _: Installation) -> Iterator[Problem]:
    """A sensor's schedule is one of cron, in a time zone that there is."""
    if node.kind != "sensor" or node.settings.get("source") != "schedule" or not is_active(node):
        return
    cron, zone = node.settings.get("cron"), node.settings.get("time_zone")
    if isinstance(cron, str) and cron.strip() and (said := why_no_cron(cron)):
        yield _unfit(node, "cron", Fault(FaultReason.NO_SCHEDULE, {"said": said}))
    if isinstance(zone, str) and zone.strip() and not is_time_zone(zone):
        fix = EditNode(node.id, {"settings": {"time_zone": None}})
        yield _unfit(node, "time_zone", Fault(FaultReason.NO_TIME_ZONE, {"zone": zone[:60]}), fix)


def labels_are_ones(node: Node, _: Installation) -> Iterator[Problem]:
    """What a worker must have is a label that one can have."""
    for label in _names(node.settings.get("runs_on")) if is_active(node) else ():
        if not LABEL.fullmatch(label):
            rest = [one for one in _names(node.settings.get("runs_on")) if LABEL.fullmatch(one)]
            fix = EditNode(node.id, {"settings": {"runs_on": rest or None}})
            yield _unfit(node, "runs_on", Fault(FaultReason.NO_LABEL, {"label": label}), fix)
            return


def addresses_are_ones(node: Node, _: Installation) -> Iterator[Problem]:
    """A URL is one of the web, as far as it is not worked out from a template."""
    for name in _URLS.get(node.kind, ()) if is_active(node) else ():
        value = node.settings.get(name)
        is_meant = applies(KINDS[node.kind], KINDS[node.kind].by_name[name], node.settings)
        is_meant = is_meant and (node.kind != "sensor" or node.settings.get("source") == "polling")
        if is_meant and isinstance(value, str) and value.strip() and not _may_be_url(value.strip()):
            yield _unfit(node, name, Fault(FaultReason.NO_URL))


def paths_stay_in_their_folder(node: Node, _: Installation) -> Iterator[Problem]:
    """Files lie below the folder for files."""
    name = {"output": "file_path", "sensor": "pattern"}.get(node.kind)
    if name is None or not is_active(node):
        return
    value, setting = node.settings.get(name), KINDS[node.kind].by_name[name]
    if isinstance(value, str) and applies(KINDS[node.kind], setting, node.settings) and not _is_below(value.strip()):
        yield _unfit(node, name, Fault(FaultReason.NO_RELATIVE_PATH))


def question_can_be_asked(node: Node, _: Installation) -> Iterator[Problem]:
    """What people are asked first is a question, to somebody, with a form that is one."""
    value = node.settings.get("ask_first")
    if value is not None and is_active(node) and (fault := why_no_question(value)):
        fix = EditNode(node.id, {"settings": {"ask_first": None}})
        yield _unfit(node, "ask_first", fault, fix)


def fields_are_ones(node: Node, _: Installation) -> Iterator[Problem]:
    """The fields of a form have names, each its own."""
    name = _FORMS.get(node.kind)
    if name is None or not is_active(node) or node.settings.get("type", "form") != "form":
        return
    if (value := node.settings.get(name)) is not None and (fault := why_no_form(value)):
        yield _unfit(node, name, fault)


def enough_comes_in(node: Node, document: Document) -> Iterator[Problem]:
    """A node does not wait for more inputs than there are edges to it."""
    join = node.settings.get("join")
    if type(join) is not int or not is_active(node):
        return
    count = sum(edge.target == node.id for edge in document.edges_of(node.id))
    if count < join:
        fix = EditNode(node.id, {"settings": {"join": count if count > 1 else None}})
        yield _unfit(node, "join", Fault(FaultReason.TOO_FEW_INPUTS, {"wanted": join, "count": count}), fix)


def why_no_cron(text: str) -> str:
    """Say in English what is wrong with a schedule; nothing if it is one that comes true."""
    return _why_no_cron(text.strip()) if len(text) <= 200 else "too long"


@lru_cache(maxsize=256)
def _why_no_cron(text: str) -> str:
    if len(text.split()) != 5:
        return "five fields: minute, hour, day of the month, month, day of the week"
    try:
        next(CronSim(text, datetime(2024, 1, 1, tzinfo=UTC)))
    except CronSimError as error:
        return str(error)
    except StopIteration:
        return "that never comes"
    return ""


@lru_cache(maxsize=256)
def is_time_zone(name: str) -> bool:
    """Tell whether there is a time zone of this name."""
    try:
        ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        return False
    return True


def why_no_question(value: object) -> Fault | None:
    """Say what is wrong with `ask_first`, or None."""
    if not isinstance(value, Mapping):
        return Fault(FaultReason.NO_QUESTION)
    question, who, wait = value.get("question"), value.get("who", "editors"), value.get("timeout_ms")
    if not isinstance(question, str) or not question.strip():
        return Fault(FaultReason.NO_QUESTION)
    if who != "editors":
        if not isinstance(who, (list, tuple)) or not who:
            return Fault(FaultReason.NOBODY_ASKED)
        for one in who:
            if not isinstance(one, str) or not ADDRESS.fullmatch(one):
                return Fault(FaultReason.NOT_AN_ADDRESS, {"address": str(one)[:100]})
    if wait is not None and (type(wait) is not int or wait <= 0):
        return Fault(FaultReason.NO_DURATION)
    return why_no_form(value["form"]) if value.get("form") is not None else None


def why_no_form(value: object) -> Fault | None:
    """Say what is wrong with the fields of a form, or None."""
    if isinstance(value, Mapping):
        entries = [{**one, "name": name} if isinstance(one, Mapping) else {"name": name} for name, one in value.items()]
    elif isinstance(value, (list, tuple)):
        entries = [{"name": one} if isinstance(one, str) else one for one in value]
    else:
        return Fault(FaultReason.NOT_A_FORM)
    seen: set[str] = set()
    for entry in entries:
        name = entry.get("name") if isinstance(entry, Mapping) else None
        if not isinstance(entry, Mapping) or not isinstance(name, str) or not name.strip():
            return Fault(FaultReason.NAMELESS_FIELD)
        if name in seen:
            return Fault(FaultReason.TWIN_FIELDS, {"name": name[:60]})
        seen.add(name)
    return None


def _unfit(node: Node, setting: str, fault: Fault, fix: EditNode | None = None) -> Problem:
    return of_node(Code.BAD_SETTING, node.id, "settings", setting, fix=fix, setting=setting, why=fault)


def _names(value: object) -> list[str]:
    return [one for one in value if isinstance(one, str)] if isinstance(value, (list, tuple)) else []


def _may_be_url(text: str) -> bool:
    if "{{" in text or "{%" in text:
        before = text.partition("{")[0].lower()
        return not before or before.startswith(("http://", "https://")) or "https://".startswith(before)
    try:
        parts = urlsplit(text)
        port_fits = parts.port is None or parts.port > 0
    except ValueError:
        return False
    return parts.scheme in ("http", "https") and bool(parts.hostname) and port_fits and not re.search(r"\s", text)


def _is_below(text: str) -> bool:
    path = PurePosixPath(text.replace("\\", "/"))
    return not path.is_absolute() and ".." not in path.parts
